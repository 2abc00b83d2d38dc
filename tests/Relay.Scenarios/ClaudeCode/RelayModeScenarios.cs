using Relay.Loopback;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

public sealed class RelayModeScenarios : ClaudeStage
{
    [Fact]
    public async Task Three_rounds_with_the_advisor_end_when_it_says_done()
    {
        Api.Enqueue(
            ScriptedReply.Text("Write the test first."),
            ScriptedReply.Text("Now the code."),
            ScriptedReply.Text("[DONE] Well made."));
        await using var relay = await StartRelayAsync();
        await ConnectAsync("--mode", "relay");
        await using var model = await ClientApi.StartAsync(turn => new ClientReply.Says($"report {turn.Number}"));

        var run = await Client(model).RunAsync(Project, "build it");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(["[project] report 1", "[project] report 2", "[project] report 3"], Api.Requests.Select(Said));
        Assert.Equal(3, model.Turns.Count);
        Assert.Contains("Write the test first.", model.Turns[1].News, StringComparison.Ordinal);
        Assert.Contains("Now the code.", model.Turns[2].News, StringComparison.Ordinal);
        Assert.Equal("report 3", run.Result);
        await ConsumedAsync(3);
    }

    /// <summary>The client's own limit is 8. The settings that connect writes raise it above the relay's limit.</summary>
    [Fact]
    public async Task More_rounds_than_the_clients_own_limit_are_possible()
    {
        Api.Enqueue(Enumerable.Range(1, 11).Select(round => ScriptedReply.Text($"go on {round}")).Append(ScriptedReply.Text("[DONE]")));
        await using var relay = await StartRelayAsync();
        await ConnectAsync("--mode", "relay");
        await using var model = await ClientApi.StartAsync(turn => new ClientReply.Says($"report {turn.Number}"));

        var run = await Client(model).RunAsync(Project, "build it");

        Assert.Equal("report 12", run.Result);
        Assert.Equal(12, Api.Requests.Count);
    }

    [Fact]
    public async Task An_answer_of_the_operator_after_the_session_stopped_arrives_with_its_next_prompt_once()
    {
        Api.Enqueue(
            ScriptedReply.Text("Go on."),
            ScriptedReply.Text("[NEEDS-JC] Left or right?"),
            ScriptedReply.Text("The operator wants left."),
            ScriptedReply.Text("[DONE]"),
            ScriptedReply.Text("[DONE]"));
        await using var relay = await StartRelayAsync();
        await ConnectAsync("--mode", "relay");
        await using var model = await ClientApi.StartAsync(turn => new ClientReply.Says($"report {turn.Number}"));
        var client = Client(model);

        var first = await client.RunAsync(Project, "build it");
        await PagedAsync("[NEEDS-JC]");
        Assert.True(Home.TrySay("left"));
        await EventuallyAsync("dispatches", "state = 'ready' AND content LIKE '%wants left%'");
        var second = await client.RunAsync(Project, "anything new?", "--resume", first.Session);

        Assert.Equal("report 2", first.Result);
        Assert.Equal(first.Session, second.Session);
        Assert.Contains("The operator wants left.", model.Turns[2].News, StringComparison.Ordinal);
        await ConsumedAsync(1, "content LIKE '%wants left%'");
        Assert.Equal(1, Occurrences(model.Turns[^1].Everything, "The operator wants left."));
    }

    [Fact]
    public async Task A_kill_of_the_relay_during_a_held_hook_loses_nothing_and_breaks_no_session()
    {
        Api.Enqueue(ScriptedReply.StallAfter(1), ScriptedReply.Text("The reply after all."), ScriptedReply.Text("[DONE]"));
        var relay = await StartRelayAsync();
        await ConnectAsync("--mode", "relay");
        await using var model = await ClientApi.StartAsync(turn => new ClientReply.Says($"report {turn.Number}"));
        var client = Client(model);

        var running = client.RunAsync(Project, "build it");
        await (await Api.WaitForRequestsAsync(1, Limit)).Silent.WaitAsync(Limit, CancellationToken);
        await relay.KillAsync();
        var first = await running;
        await using var next = await StartRelayAsync();
        await EventuallyAsync("dispatches", "state = 'ready'");
        await client.RunAsync(Project, "anything new?", "--resume", first.Session);

        Assert.True(first.ExitCode == 0, first.ToString());
        Assert.Equal("report 1", first.Result);
        Assert.Contains("The reply after all.", model.Turns[1].News, StringComparison.Ordinal);
        Assert.Equal(1, await CountAsync("entries", "role = 'user' AND content LIKE '%report 1%'"));
    }

    private static int Occurrences(string text, string part) => text.Split(part).Length - 1;
}
