using Relay.Agents;
using Relay.Loopback;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

/// <summary>What a session is told when it wants to stop.</summary>
public sealed class StopHookTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_ask_mode_a_stop_sends_nothing_and_goes_on_only_with_what_waits()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        Assert.Empty(await claude.StopAsync("I am done."));
        await relay.SayToAsync("shop", "Run the tests as well.");

        Assert.Equal("[operator JC]\nRun the tests as well.", ClaudeSession.GoesOnWith(await claude.StopAsync("Really done.")));
        await relay.HandedAsync(1);

        Assert.Empty(await claude.StopAsync("Really done."));
        Assert.Equal(0, await relay.MessagesAsync());
        Assert.Empty(relay.Api.Requests);
    }

    [Fact]
    public async Task In_relay_mode_the_session_goes_on_with_the_advisors_replies_until_one_says_done()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(
            ScriptedReply.Text("Now the tests."), ScriptedReply.Text("Now the docs."), ScriptedReply.Text("[DONE] Well done."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        await claude.HookAsync("UserPromptSubmit");

        Assert.Equal("Now the tests.", ClaudeSession.GoesOnWith(await claude.StopAsync("Finished.")));
        Assert.Equal("Now the docs.", ClaudeSession.GoesOnWith(await claude.StopAsync("Finished."))); // The same words in a later round.
        var last = await claude.StopAsync("All of it.");

        Assert.Null(ClaudeSession.GoesOnWith(last));
        Assert.Equal("Relay: Well done.", (string?)last["systemMessage"]);
        await relay.HandedAsync(3);
        Assert.Equal(3, await relay.MessagesAsync());
        Assert.Equal(AgentState.Idle, (await relay.AgentAsync(claude)).State);
        Assert.Null(await claude.ContextAsync("UserPromptSubmit"));
    }

    [Fact]
    public async Task The_hook_is_held_while_the_advisor_thinks()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Go on."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };

        var stop = claude.StopAsync("Finished.");
        await relay.BecomesAsync(claude, AgentState.Held);
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        Assert.False(stop.IsCompleted);
        relay.Api.ReleaseStalled();

        Assert.Equal("Go on.", ClaudeSession.GoesOnWith(await stop));
        Assert.Equal(AgentState.Active, (await relay.AgentAsync(claude)).State);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" \n")]
    public async Task A_stop_without_words_is_not_relayed(string? said)
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };

        Assert.Empty(await claude.HookAsync("Stop", new { last_assistant_message = said }));

        Assert.Equal(0, await relay.MessagesAsync());
    }

    [Fact]
    public async Task The_end_of_a_subagent_is_not_relayed_and_takes_no_reply()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        await claude.HookAsync("UserPromptSubmit");
        await relay.SayToAsync("shop", "For the session itself.");

        Assert.Empty(await claude.HookAsync("SubagentStop", new { last_assistant_message = "Found it." }));
        Assert.Empty(await claude.HookAsync("PostToolUse", new { agent_id = "sub-1", tool_name = "Read" }));
        Assert.Empty(await claude.HookAsync("Stop", new { agent_id = "sub-1", last_assistant_message = "Found it." }));

        Assert.Equal(0, await relay.MessagesAsync());
        Assert.EndsWith("For the session itself.", await claude.ContextAsync("PostToolUse"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UserPromptSubmit")]
    [InlineData("SessionStart")]
    [InlineData("PostToolUse")]
    [InlineData("Stop")]
    public async Task An_escalation_lets_the_session_stop_with_a_note_and_the_reply_comes_later_once(string opportunity)
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Delete it?"), ScriptedReply.Text("Keep it."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };

        var released = await claude.StopAsync("May I delete it?");
        Assert.Null(ClaudeSession.GoesOnWith(released));
        Assert.Contains("asked the operator (question #1)", (string?)released["systemMessage"], StringComparison.Ordinal);
        await relay.AnswerAsync("keep it");
        await relay.RepliesWaitAsync(1);

        var answer = opportunity == "Stop"
            ? ClaudeSession.GoesOnWith(await claude.StopAsync("Still here."))
            : await claude.ContextAsync(opportunity);
        Assert.EndsWith("Keep it.", answer, StringComparison.Ordinal);
        await relay.HandedAsync(1);
        Assert.DoesNotContain("Keep it.", await claude.ContextAsync("UserPromptSubmit") ?? "", StringComparison.Ordinal);
        Assert.Equal(1, await relay.MessagesAsync());
    }

    [Fact]
    public async Task The_same_stop_told_twice_at_once_is_one_message_and_one_of_them_goes_on()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Once."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };

        var stops = new[] { claude.StopAsync("Finished."), claude.StopAsync("Finished.") };
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        await Until.TrueAsync(
            () => relay.Logs.GetSnapshot().Count(record => record.Message.StartsWith("Hook Stop", StringComparison.Ordinal)) == 2,
            "both stops");
        relay.Api.ReleaseStalled();

        var answers = await Task.WhenAll(stops);
        Assert.Single(answers, answer => ClaudeSession.GoesOnWith(answer) == "Once.");
        Assert.Single(answers, answer => answer.Count == 0);
        Assert.Equal(1, await relay.MessagesAsync());
        Assert.Equal(AgentState.Active, (await relay.AgentAsync(claude)).State);
    }

    [Fact]
    public async Task A_stop_whose_connection_dropped_leaves_the_reply_to_the_waiter()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Late."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var stop = claude.StopAsync("Finished.", leave.Token);
        await relay.BecomesAsync(claude, AgentState.Held);
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;

        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stop);
        await relay.BecomesAsync(claude, AgentState.Idle);
        relay.Api.ReleaseStalled();

        Assert.Equal("Late.", (await claude.WaitAsync()).Text);
        Assert.Empty(relay.Errors());
    }

    [Fact]
    public async Task Done_beside_another_reply_does_not_swallow_it()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        await claude.HookAsync("UserPromptSubmit");
        await relay.SayToAsync("shop", "[DONE]");
        await relay.SayToAsync("shop", "And one more thing.");

        Assert.Contains("And one more thing.", ClaudeSession.GoesOnWith(await claude.StopAsync("Finished.")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restart_during_a_hold_takes_seconds_and_the_reply_comes_at_the_next_hook()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Never heard."), ScriptedReply.Text("After all."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        var stop = claude.StopAsync("Finished.");
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        await relay.BecomesAsync(claude, AgentState.Held);

        await relay.ReplaceDaemonAsync();

        Assert.Contains("not answered yet", (string?)(await stop)["systemMessage"], StringComparison.Ordinal);
        await relay.RepliesWaitAsync(1);
        Assert.EndsWith("After all.", await claude.ContextAsync("UserPromptSubmit"), StringComparison.Ordinal);
        Assert.Equal(1, await relay.MessagesAsync());
    }
}
