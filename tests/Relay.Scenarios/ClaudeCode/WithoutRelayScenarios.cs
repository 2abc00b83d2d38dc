using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

/// <summary>What the client shows its user where there is no relay, or none any more.</summary>
public sealed class WithoutRelayScenarios : ClaudeStage
{
    [Fact]
    public async Task A_relay_that_goes_down_while_a_session_is_open_is_told_once_and_holds_nothing_up()
    {
        var relay = await StartRelayAsync();
        await using var model = await ClientApi.StartAsync(turn => new ClientReply.Says($"answer {turn.Number}"));
        var client = Client(model);
        client.Seed(Project);
        await ConnectAsync();

        await using var terminal = await Tmux.StartAsync(Project, client.Environment, ClientProgram());
        await terminal.SeesAsync("❯");
        await terminal.TypeAsync("first prompt");
        await terminal.SeesAsync("answer 1");
        await relay.KillAsync();
        await terminal.TypeAsync("second prompt");
        await terminal.SeesAsync("answer 2");
        await terminal.TypeAsync("third prompt");
        await terminal.SeesAsync("answer 3");
        var screen = Flat(await terminal.ScreenAsync());
        await relay.DisposeAsync();

        Assert.Equal(1, screen.Split("Relay does not answer any more").Length - 1);
        Assert.Contains("To start it: relay run --home", screen, StringComparison.Ordinal);
        foreach (var fault in (string[])["hook failed", "hook problem", "hook error"])
            Assert.DoesNotContain(fault, screen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_colleague_who_runs_no_relay_reads_of_no_hook_that_failed()
    {
        await using var model = await ClientApi.StartAsync(turn => new ClientReply.Says($"answer {turn.Number}"));
        var client = Client(model);
        client.Seed(Project);
        await using (await StartRelayAsync())
            await ConnectAsync("--shared", "--mode", "relay", "--permissions");
        File.Delete(Path.Combine(Project, ".claude", "settings.local.json"));
        File.Delete(Path.Combine(Project, ".mcp.json"));
        var settings = Path.Combine(Project, ".claude", "settings.json");
        var text = await File.ReadAllTextAsync(settings, CancellationToken);
        await File.WriteAllTextAsync(
            settings, text.Replace(RelayProcess.Program(), "/nowhere/relay", StringComparison.Ordinal), CancellationToken);

        await using var terminal = await Tmux.StartAsync(Project, client.Environment, ClientProgram());
        await terminal.SeesAsync("❯");
        await terminal.TypeAsync("first prompt");
        await terminal.SeesAsync("answer 1");
        await terminal.TypeAsync("second prompt");
        await terminal.SeesAsync("answer 2");
        var screen = Flat(await terminal.ScreenAsync());

        Assert.Contains("/nowhere/relay", await File.ReadAllTextAsync(settings, CancellationToken), StringComparison.Ordinal);
        foreach (var fault in (string[])["hook failed", "hook problem", "hook error", "Relay"])
            Assert.DoesNotContain(fault, screen, StringComparison.Ordinal);
    }

    private static string Flat(string screen) => string.Join(' ', screen.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
}
