using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

public sealed class WakingScenario : ClaudeStage
{
    [Fact]
    public async Task An_idle_session_at_a_terminal_is_woken_by_what_comes_late()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "script(1) is not installed: it gives the client its terminal");
        await using var relay = await StartRelayAsync();
        var plugin = Folder("plugin");
        await RelayAsync("connect", "claude-code", "--plugin", plugin);
        await using var model = await ClientApi.StartAsync(_ => new ClientReply.Says("thank you"));
        using var client = Client(model, await TokenAsync("project")).Open(Project, "--plugin-dir", plugin);
        try
        {
            await EventuallyAsync("agents", "state = 'idle'");

            Assert.True(Home.TrySay("@project: the tests may be deleted"));
            await Eventually.ThatAsync(Limit, () => model.Turns.Count == 1, () => "the session was not woken", CancellationToken);

            Assert.Contains("the tests may be deleted", model.Turns[0].Everything, StringComparison.Ordinal);
            await EventuallyAsync("dispatches", "state = 'consumed'");
        }
        finally
        {
            client.Kill(entireProcessTree: true);
        }
    }
}
