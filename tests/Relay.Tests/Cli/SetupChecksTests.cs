using System.Net;
using System.Net.Sockets;
using Relay.Loopback;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>What doctor says of the settings themselves, and how it says it.</summary>
public sealed class SetupChecksTests : IAsyncLifetime
{
    private LoopbackMessagesApi _api = null!;
    private LoopbackNtfy _ntfy = null!;

    public async ValueTask InitializeAsync()
    {
        _api = await LoopbackMessagesApi.StartAsync();
        _ntfy = await LoopbackNtfy.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _ntfy.DisposeAsync();
    }

    [Fact]
    public async Task Each_fault_is_told_once_on_a_line_of_its_own()
    {
        await using var faulty = new CliHome("modle: x\n", SqlDialect.Sqlite.Name);
        await using var keyless = new CliHome("listen: 127.0.0.1:0\n", SqlDialect.Sqlite.Name);
        keyless.Environment["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:9";
        await keyless.StartAsync();

        var settings = await faulty.RunAsync("doctor");
        var key = await keyless.RunAsync("doctor");

        Assert.Equal(78, settings.Exit);
        Assert.Single((settings.Output + settings.Error).Split('\n'), line => line.Contains("config.yaml:1", StringComparison.Ordinal));
        Assert.Single(
            (key.Output + key.Error).Split('\n'), line => line.Contains("ANTHROPIC_API_KEY is not set", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_found_before_the_start()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        await using var relay = new CliHome($"advisor: simulated\nlisten: {other.LocalEndpoint}\n", SqlDialect.Sqlite.Name);

        var ran = await relay.RunAsync("doctor");

        Assert.Equal(1, ran.Exit);
        Assert.Matches(@"FAULT\s+listen\s+127\.0\.0\.1:\d+ is taken by another program", ran.Output);
    }

    [Theory]
    [InlineData("listen: 0.0.0.0:0\nbehind: proxy", "listen", "warning")]
    [InlineData("listen: 127.0.0.1:0", "listen", "ok")]
    [InlineData("listen: localhost:0", "listen", "ok")]
    [InlineData("listen: '[::]:0'\nbehind: proxy", "listen", "warning")]
    [InlineData("model: nobodys-model", "price", "warning")]
    [InlineData("model: nobodys-model\nbudget: {per_day_usd: 1}", "price", "fault")]
    [InlineData("model: claude-opus-5-5", "price", "ok")]
    [InlineData("model: claude-opus-5-5", "model", "skipped")]
    public async Task What_most_would_not_want_is_said(string config, string check, string state)
    {
        var port = config.StartsWith("listen", StringComparison.Ordinal) ? "" : "listen: 127.0.0.1:0\n";
        await using var relay = new CliHome($"{port}{config}\n", SqlDialect.Sqlite.Name);
        relay.Environment["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:9";

        Assert.Equal(state, State(await relay.RunAsync("doctor", "--json"), check));
    }

    [Theory]
    [InlineData("claude-opus-5-5", "ok")]
    [InlineData("claude-sonnet-5-5", "ok")]
    [InlineData("claude-opsu-5-5", "fault")]
    public async Task A_model_that_the_api_does_not_list_is_a_fault_with_the_nearest_one(string model, string state)
    {
        await using var api = await LoopbackMessagesApi.StartAsync(
            new() { ListedModels = ["claude-opus-5-5", "claude-sonnet-5-5-20260901"] });
        await using var relay = new CliHome($"listen: 127.0.0.1:0\nmodel: {model}\n", SqlDialect.Sqlite.Name);
        relay.Environment["ANTHROPIC_API_KEY"] = "key";
        relay.Environment["ANTHROPIC_BASE_URL"] = api.Address.ToString();

        var ran = await relay.RunAsync("doctor", "--json");

        Assert.Equal(state, State(ran, "model"));
        if (state == "fault")
            Assert.Contains("perhaps to claude-opus-5-5", ran.Output);
    }

    [Fact]
    public async Task A_rejected_envelope_is_told_with_its_reason_and_is_no_fault()
    {
        await using var relay = await SoundAsync();
        Directory.CreateDirectory(relay.Home.Rejected);
        await File.WriteAllTextAsync(Path.Combine(relay.Home.Rejected, "bad.json"), "[]", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(relay.Home.Rejected, "bad.reason.txt"), "this is an array\n", TestContext.Current.CancellationToken);

        var ran = await relay.RunAsync("doctor");

        Assert.Equal(0, ran.Exit);
        Assert.Contains("1 envelope, the newest bad.json: this is an array", ran.Output);
        Assert.EndsWith("no fault found, 1 warning\n", ran.Output);
    }

    [Fact]
    public async Task What_is_known_of_a_daemon_that_is_not_well_is_told_and_not_where_to_look()
    {
        await using var relay = await SoundAsync();
        _api.Enqueue(ScriptedReply.LowCredit());
        await relay.StartAsync();
        await relay.RunAsync("send", "--session", "s1", "Hello");
        await Until.TrueAsync(
            async () => (await relay.RunAsync("status", "--json")).Json.GetProperty("state").GetString() == "error", "the hold");
        var reason = (await relay.RunAsync("status", "--json")).Json.GetProperty("state_reason").GetString()!;

        var ran = await relay.RunAsync("doctor");

        Assert.Contains(reason, ran.Output);
        Assert.DoesNotContain("relay.log", ran.Output);
    }

    /// <summary>A home in which nothing is amiss.</summary>
    private async Task<CliHome> SoundAsync()
    {
        var relay = new CliHome("listen: 127.0.0.1:0\n", SqlDialect.Sqlite.Name);
        relay.Environment["ANTHROPIC_API_KEY"] = "key";
        relay.Environment["ANTHROPIC_BASE_URL"] = _api.Address.ToString();
        relay.Environment["NTFY_SERVER"] = _ntfy.Address.ToString();
        await relay.RunAsync("init");
        return relay;
    }

    private static string? State(Ran ran, string check) => ran.Json.GetProperty("checks").EnumerateArray()
        .First(each => each.GetProperty("check").GetString() == check)
        .GetProperty("state").GetString();
}
