using System.Net;
using System.Text.Json.Nodes;
using Relay.Agents;
using Relay.Loopback;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

/// <summary>Stops over HTTP as the real client has told of them: a turn that failed, and a stop that is told twice.</summary>
public sealed class RecordedStopTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_turn_that_failed_leaves_its_session_idle_and_only_the_next_ones_report_is_sent()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("[DONE]"));
        var recorded = Recording.Of("turn-failed");
        var claude = new ClaudeSession(relay, (string)recorded[0]["session_id"]!) { Mode = "relay" };
        var states = new List<AgentState>();

        foreach (var hook in recorded)
        {
            var (status, answer) = await claude.PostAsync(hook.ToJsonString(), Token);
            Assert.Equal(HttpStatusCode.OK, status);
            states.Add((await relay.AgentAsync(claude)).State);
            if (Recording.NameOf(hook) != "StopFailure")
                continue;
            Assert.Empty(answer);
            Assert.Equal(0, await relay.MessagesAsync());
        }

        Assert.Equal([AgentState.Idle, AgentState.Active, AgentState.Idle, AgentState.Active, AgentState.Idle], states);
        Assert.Equal("[shop] report 9", relay.Api.Requests.Single().LastUserText.Split('\n')[0]);
    }

    [Theory]
    [InlineData("plan")]
    [InlineData("turn-failed")]
    public async Task A_stop_that_is_told_twice_is_one_message_and_its_session_goes_on_once(string name)
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Go on with the store."));
        var (claude, stop) = await StoppedAsync(relay, name);

        var first = claude.PostAsync(stop, Token);
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        var told = (await relay.AgentAsync(claude)).LastSeenAt;
        var second = claude.PostAsync(stop, Token);
        await Until.TrueAsync(async () => (await relay.AgentAsync(claude)).LastSeenAt > told, "the second report");
        relay.Api.ReleaseStalled();
        JsonObject[] answers = [(await first).Body, (await second).Body];

        Assert.Equal("Go on with the store.", Assert.Single(answers.Select(ClaudeSession.GoesOnWith), text => text is not null));
        Assert.Equal((1, 1), ((int)await relay.MessagesAsync(), relay.Api.Requests.Count));
    }

    [Fact]
    public async Task One_that_is_told_anew_after_its_hook_was_cut_off_is_answered_by_the_same_message()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Go on with the store."));
        var (claude, stop) = await StoppedAsync(relay, "plan");
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var first = claude.PostAsync(stop, cut.Token);
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        await cut.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await relay.BecomesAsync(claude, AgentState.Idle);

        var again = claude.PostAsync(stop, Token);
        await relay.BecomesAsync(claude, AgentState.Held);
        relay.Api.ReleaseStalled();

        Assert.Equal("Go on with the store.", ClaudeSession.GoesOnWith((await again).Body));
        Assert.Equal((1, 1), ((int)await relay.MessagesAsync(), relay.Api.Requests.Count));
    }

    /// <summary>A session before its last Stop, and that as it was recorded.</summary>
    private static async Task<(ClaudeSession Claude, string Stop)> StoppedAsync(RunningRelay relay, string name)
    {
        var recorded = Recording.Of(name);
        var claude = new ClaudeSession(relay, (string)recorded[0]["session_id"]!) { Mode = "relay" };
        foreach (var hook in recorded.Where(each => Recording.NameOf(each) is "SessionStart" or "UserPromptSubmit"))
            await claude.PostAsync(hook.ToJsonString(), Token);
        return (claude, recorded.Last(each => Recording.NameOf(each) == "Stop").ToJsonString());
    }
}
