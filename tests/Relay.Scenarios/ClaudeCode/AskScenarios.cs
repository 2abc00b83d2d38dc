using Relay.Loopback;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

public sealed class AskScenarios : ClaudeStage
{
    private const string Allowed = "mcp__relay__ask_advisor,mcp__relay__check_replies,mcp__plugin_relay_relay__ask_advisor";

    [Fact]
    public async Task A_session_asks_and_goes_on_with_the_reply()
    {
        Api.Enqueue(ScriptedReply.Text("Use the queue."));
        await using var relay = await StartRelayAsync();
        await ConnectAsync();
        await using var model = await ClientApi.StartAsync(turn => turn.Number switch
        {
            1 => new ClientReply.Uses(turn.ToolNamed("ask_advisor"), Question("Queue or poll?")),
            _ => new ClientReply.Says("heard: " + turn.News),
        });

        var run = await Client(model).RunAsync(Project, "do the work", "--allowedTools", Allowed);

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Contains("Relay is connected: this session is project;", model.Turns[0].Everything, StringComparison.Ordinal);
        Assert.Contains("Use the queue.", run.Result, StringComparison.Ordinal);
        Assert.Equal("[project] Queue or poll?", Said(Assert.Single(Api.Requests)));
        await ConsumedAsync(1);
    }

    [Fact]
    public async Task The_same_call_once_more_is_one_message_and_the_same_answer()
    {
        Api.Enqueue(ScriptedReply.Text("Use the queue."));
        await using var relay = await StartRelayAsync();
        await ConnectAsync();
        await using var model = await ClientApi.StartAsync(turn => turn.Number switch
        {
            <= 2 => new ClientReply.Uses(turn.ToolNamed("ask_advisor"), Question("Queue or poll?"), "toolu_the_same"),
            _ => new ClientReply.Says("heard: " + turn.News),
        });

        var run = await Client(model).RunAsync(Project, "do the work", "--allowedTools", Allowed);

        Assert.Equal(3, model.Turns.Count);
        Assert.Contains("Use the queue.", model.Turns[1].News, StringComparison.Ordinal);
        Assert.Contains("Use the queue.", run.Result, StringComparison.Ordinal);
        Assert.Single(Api.Requests);
    }

    [Fact]
    public async Task As_a_plugin_it_works_the_same()
    {
        Api.Enqueue(ScriptedReply.Text("Use the queue."));
        await using var relay = await StartRelayAsync();
        var plugin = Folder("plugin");
        await RelayAsync("connect", "claude-code", "--plugin", plugin);
        await using var model = await ClientApi.StartAsync(turn => turn.Number switch
        {
            1 => new ClientReply.Uses(turn.ToolNamed("ask_advisor"), Question("Queue or poll?")),
            _ => new ClientReply.Says("heard: " + turn.News),
        });
        var client = Client(model, await TokenAsync("project"));

        var validation = await client.RunAsync(Project, ["plugin", "validate", plugin]);
        var run = await client.RunAsync(Project, "do the work", "--plugin-dir", plugin, "--allowedTools", Allowed);

        Assert.True(validation.ExitCode == 0, validation.ToString());
        Assert.Equal("mcp__plugin_relay_relay__ask_advisor", model.Turns[0].ToolNamed("ask_advisor"));
        Assert.Contains("Use the queue.", run.Result, StringComparison.Ordinal);
        Assert.Contains("relay:relay", model.Turns[0].Everything, StringComparison.Ordinal); // The skill is offered.
    }

    [Fact]
    public async Task A_kill_of_the_relay_during_a_call_loses_nothing_and_breaks_no_session()
    {
        Api.Enqueue(ScriptedReply.StallAfter(1), ScriptedReply.Text("Use the queue."));
        var relay = await StartRelayAsync();
        await ConnectAsync();
        await using var model = await ClientApi.StartAsync(turn => turn.Number switch
        {
            <= 2 => new ClientReply.Uses(turn.ToolNamed("ask_advisor"), Question("Queue or poll?")),
            _ => new ClientReply.Says("heard: " + turn.News),
        });

        await ShortenTimeoutAsync();
        var running = Client(model).RunAsync(Project, "do the work", "--allowedTools", Allowed);
        await (await Api.WaitForRequestsAsync(1, Limit)).Silent.WaitAsync(Limit, CancellationToken);
        await relay.KillAsync();
        await using var next = await StartRelayAsync();
        var run = await running;

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Contains("Use the queue.", model.Turns[^1].Everything, StringComparison.Ordinal);
        Assert.Equal(1, await CountAsync("messages"));
        await ConsumedAsync(1);
    }

    /// <summary>The client takes minutes to notice that the connection of a call was closed, or its whole timeout where it has one. The
    /// test must not take that long.</summary>
    private async Task ShortenTimeoutAsync()
    {
        var file = Path.Combine(Project, ".mcp.json");
        var text = await File.ReadAllTextAsync(file, CancellationToken);
        Assert.DoesNotContain("timeout", text, StringComparison.Ordinal);
        text = text.Replace("\"alwaysLoad\": true", "\"alwaysLoad\": true, \"timeout\": 20000", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, text, CancellationToken);
    }

    [Fact]
    public async Task Without_a_relay_or_with_a_wrong_token_the_session_is_told_and_works()
    {
        await using (await StartRelayAsync())
        {
            await ConnectAsync();
            await using var refused = await ClientApi.StartAsync(_ => new ClientReply.Says("done"));
            await RelayAsync("tokens", "--revoke", "project");
            var revoked = await Client(refused).RunAsync(Project, "do the work");
            var file = Path.Combine(Project, ".claude", "settings.local.json");
            var settings = await File.ReadAllTextAsync(file, CancellationToken);
            await File.WriteAllTextAsync(file, settings.Replace("\"project.", "\"other.", StringComparison.Ordinal), CancellationToken);
            var wrong = await Client(refused).RunAsync(Project, "do the work");

            Assert.Equal(("done", "done"), (revoked.Result, wrong.Result));
            Assert.Contains("Relay is not connected: this token was revoked", refused.Turns[0].Everything, StringComparison.Ordinal);
            Assert.Contains("Relay is not connected: the token is wrong", refused.Turns[1].Everything, StringComparison.Ordinal);
        }
        await using var model = await ClientApi.StartAsync(_ => new ClientReply.Says("done"));

        var alone = await Client(model).RunAsync(Project, "do the work");

        Assert.Equal("done", alone.Result);
        Assert.Contains("Relay is not connected: nothing answers at", model.Turns[0].Everything, StringComparison.Ordinal);
    }
}
