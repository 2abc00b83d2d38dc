using Xunit;

namespace Relay.Tests.Cli;

/// <summary>While a relay runs, a command needs only its address and token: what somebody is doing to config.yaml does not
/// stop it.</summary>
public sealed class BrokenConfigTests : IAsyncDisposable
{
    private readonly CliHome _relay = new();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("model: [")]
    [InlineData("modle: x\n")]
    [InlineData("store: postgres\nmax_envelope_bytes: 64\naccept_unknown_sessions: false\nmodle: x\n")]
    public async Task Commands_speak_to_a_running_relay_whatever_config_yaml_says(string? broken)
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("session-1");
        if (broken is null)
            File.Delete(_relay.Home.ConfigFile);
        else
            await File.WriteAllTextAsync(_relay.Home.ConfigFile, broken, TestContext.Current.CancellationToken);

        var ran = new List<(string Command, Ran Ran)>();
        foreach (var command in (string[][])[
            ["status", "--json"], ["questions", "--json"], ["answer", "1", "yes, please do"], ["send", "--session", "new", "a text"],
            ["ask", "--session", "session-2", "a question"], ["sessions"], ["log"], ["costs"], ["retry"], ["topic"]])
            ran.Add((command[0], await _relay.RunAsync(command)));

        Assert.All(ran, each => Assert.True(each.Ran.Exit == 0, $"{each.Command}: {each.Ran.Error}"));
        Assert.True(ran[0].Ran.Json.GetProperty("running").GetBoolean());
        Assert.Equal(1, ran[1].Ran.Json.GetArrayLength());
    }

    [Fact]
    public async Task Status_and_doctor_show_the_fault()
    {
        await _relay.StartAsync();
        await File.WriteAllTextAsync(_relay.Home.ConfigFile, "modle: x\n", TestContext.Current.CancellationToken);

        var status = await _relay.RunAsync("status");
        var doctor = await _relay.RunAsync("doctor");

        Assert.Equal(0, status.Exit);
        Assert.Contains("config.yaml:1: modle: unknown key", status.Error, StringComparison.Ordinal);
        Assert.Equal(78, doctor.Exit);
        Assert.Contains("config.yaml:1: modle: unknown key", doctor.Output, StringComparison.Ordinal);
        Assert.Contains("daemon", doctor.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_relay_the_fault_is_the_answer()
    {
        await _relay.StartAsync();
        await _relay.StopAsync();
        await File.WriteAllTextAsync(_relay.Home.ConfigFile, "modle: x\n", TestContext.Current.CancellationToken);

        Assert.Equal(78, (await _relay.RunAsync("status")).Exit);
    }
}
