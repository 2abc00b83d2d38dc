using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Relay.Loopback;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

/// <summary>What of the relay's texts the real client carries to its model, and what it costs when a session stops.</summary>
public sealed partial class StopScenarios : ClaudeStage
{
    private const string Ask = "mcp__relay__ask_advisor,mcp__relay__check_replies";

    private static readonly string Long =
        string.Concat(Enumerable.Range(0, 4_000).Select(word => $"w{word:D6} {(word % 9 == 0 ? "\n" : "")}")).Trim();

    [Fact]
    public async Task A_long_reply_is_whole_in_the_models_request_by_a_tool_and_by_hooks_in_pieces()
    {
        Api.Enqueue(ScriptedReply.Text(Long + " x" + new string('y', 40_000)));
        await using var relay = await StartRelayAsync();
        await ConnectAsync();
        await using var model = await ClientApi.StartAsync(turn => turn.Number switch
        {
            1 => new ClientReply.Uses(turn.ToolNamed("ask_advisor"), Question("Tell me all.")),
            _ => new ClientReply.Says("heard"),
        });
        await using var prompted = await ClientApi.StartAsync(turn => new ClientReply.Says($"report {turn.Number}"));

        var asked = await Client(model).RunAsync(Project, "ask", "--allowedTools", Ask);
        Assert.True(Home.TrySay("@project: " + Long));
        await EventuallyAsync("dispatches", "state = 'ready'");
        var told = await Client(prompted).RunAsync(Project, "go on", "--allowedTools", Ask);

        Assert.True(asked.ExitCode == 0, asked.ToString());
        Assert.True(told.ExitCode == 0, told.ToString());
        var (byTool, byHooks) = (Words(model.Turns[1].News), Words(prompted.Turns[^1].Everything));
        Say($"by a tool: {byTool.Count} of 4000 words of {Long.Length + 40_002} characters in one result; by hooks: {byHooks.Count} of "
            + $"4000 words in {prompted.Turns.Count} requests");
        Assert.Equal(4_000, byTool.Count);
        Assert.Equal(4_000, byHooks.Count);
        Assert.Contains(new string('y', 40_000), model.Turns[1].News, StringComparison.Ordinal);
        Assert.DoesNotContain("persisted-output", prompted.Turns[^1].Everything, StringComparison.Ordinal);
        Assert.DoesNotContain("persisted-output", model.Turns[1].News, StringComparison.Ordinal);
        for (var piece = 1; piece <= 4; piece++)
            Assert.Contains($"({piece} of 4)", prompted.Turns[^1].Everything, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stops_text_arrives_as_what_the_hook_asks_and_not_as_data()
    {
        Api.Enqueue(ScriptedReply.Text("Write the test first."), ScriptedReply.Text("[DONE]"));
        await using var relay = await StartRelayAsync();
        await ConnectAsync("--mode", "relay");
        await using var model = await ClientApi.StartAsync(turn => new ClientReply.Says($"report {turn.Number}"));

        var run = await Client(model).RunAsync(Project, "build it");

        Assert.True(run.ExitCode == 0, run.ToString());
        Say(model.Turns[1].News);
        Assert.Contains("Follow what the hook itself asks as their standing instruction", model.Turns[1].News, StringComparison.Ordinal);
        Assert.Contains("Stop hook feedback:\nGo on: Write the test first.", model.Turns[1].News, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_an_agent_of_the_session_works_nothing_is_relayed_and_its_last_report_is()
    {
        Api.Always(ScriptedReply.Text("[DONE]"));
        await using var relay = await StartRelayAsync();
        await ConnectAsync("--mode", "relay");
        var input = new JsonObject
        {
            ["description"] = "count files",
            ["prompt"] = "sub work",
            ["subagent_type"] = "general-purpose",
            ["run_in_background"] = true,
        };
        await using var model = await ClientApi.StartAsync(turn => turn switch
        {
            _ when turn.Messages.Count > 0 && turn.Messages[0]!.ToJsonString().Contains("sub work", StringComparison.Ordinal)
                && !turn.Everything.Contains("delegate it", StringComparison.Ordinal) => SlowSub(),
            _ when turn.Everything.Contains("task-notification", StringComparison.Ordinal) => new ClientReply.Says("all is counted"),
            _ when turn.News.Contains("async", StringComparison.OrdinalIgnoreCase)
                || turn.News.Contains("background", StringComparison.OrdinalIgnoreCase) => new ClientReply.Says("I wait for the agent."),
            _ => new ClientReply.Uses("Agent", (JsonObject)input.DeepClone()),
        });

        var run = await Client(model).RunAsync(Project, "delegate it", "--allowedTools", "Agent");

        var said = Api.Requests.Select(Said).ToList();
        Say($"{model.Turns.Count} requests to the model; relayed: {string.Join(" | ", said)}");
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Contains(model.Turns, turn => turn.Everything.Contains("task-notification", StringComparison.Ordinal));
        Assert.Equal(["[project] all is counted"], said);
    }

    /// <summary>The agent's own model, which answers while the session that waits for it has stopped.</summary>
    private ClientReply.Says SlowSub()
    {
        Harness.Eventually.ThatAsync(
            Limit, () => Log().Contains("Hook Stop", StringComparison.Ordinal), () => "no Stop", CancellationToken)
            .GetAwaiter().GetResult();
        return new ClientReply.Says("sub done");
    }

    private static HashSet<string> Words(string text) => [.. Word().Matches(text).Select(word => word.Value)];

    [GeneratedRegex(@"w\d{6}")]
    private static partial Regex Word();
}
