using Microsoft.Extensions.Time.Testing;
using Relay.Agents;
using Relay.Loopback;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

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

        Assert.Equal("Run the tests as well.", ClaudeSession.GoesOnWith(await claude.StopAsync("Really done.")));
        await relay.ConsumedAsync(1);

        Assert.Empty(await claude.StopAsync("Really done."));
        Assert.Equal(0, await relay.MessagesAsync());
        Assert.Empty(relay.Api.Requests);
    }

    [Fact]
    public async Task In_relay_mode_the_session_goes_on_with_the_advisors_replies_until_one_says_done()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.Text("Now the tests."), ScriptedReply.Text("Now the docs."), ScriptedReply.Text("[DONE] Well done."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        await claude.HookAsync("UserPromptSubmit");

        Assert.Equal("Now the tests.", ClaudeSession.GoesOnWith(await claude.StopAsync("Finished.")));
        Assert.Equal("Now the docs.", ClaudeSession.GoesOnWith(await claude.StopAsync("Finished."))); // The same words, a later round.
        var last = await claude.StopAsync("All of it.");

        Assert.Null(ClaudeSession.GoesOnWith(last));
        Assert.Equal("Relay: Well done.", (string?)last["systemMessage"]);
        await relay.ConsumedAsync(3);
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

        var answer = opportunity == "Stop" ? ClaudeSession.GoesOnWith(await claude.StopAsync("Still here.")) : await claude.ContextAsync(opportunity);
        Assert.EndsWith("Keep it.", answer, StringComparison.Ordinal);
        await relay.ConsumedAsync(1);
        Assert.DoesNotContain("Keep it.", await claude.ContextAsync("UserPromptSubmit") ?? "", StringComparison.Ordinal);
        Assert.Equal(1, await relay.MessagesAsync());
    }

    [Fact]
    public async Task A_hold_ends_at_its_limit_and_the_same_words_at_a_later_stop_are_a_new_message()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync(clock: clock);
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Late."), ScriptedReply.Text("And again."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay", Headers = { ["X-Relay-Hold"] = "1" } };

        var released = await clock.RunUntilAsync(claude.StopAsync("Finished."), TimeSpan.FromMilliseconds(50));
        Assert.Contains("not answered yet", (string?)released["systemMessage"], StringComparison.Ordinal);
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        relay.Api.ReleaseStalled();
        await relay.RepliesWaitAsync(1);
        Assert.EndsWith("Late.", await claude.ContextAsync("PostToolUse"), StringComparison.Ordinal);
        await relay.ConsumedAsync(1);

        Assert.Equal("And again.", ClaudeSession.GoesOnWith(await claude.StopAsync("Finished.")));
        Assert.Equal(2, await relay.MessagesAsync());
    }

    [Fact]
    public async Task After_so_many_rounds_without_a_human_the_session_stops_until_the_next_prompt()
    {
        await using var relay = await RunningRelay.StartAsync("agents: {max_rounds: 2}\n");
        relay.Api.Always(ScriptedReply.Text("More."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        await claude.HookAsync("UserPromptSubmit");
        for (var round = 1; round <= 2; round++)
            Assert.Equal("More.", ClaudeSession.GoesOnWith(await claude.StopAsync($"Round {round}.")));

        var released = await claude.StopAsync("Round 3.");
        Assert.Contains("2 rounds with the advisor without a human", (string?)released["systemMessage"], StringComparison.Ordinal);
        Assert.Equal(2, await relay.MessagesAsync());

        await claude.HookAsync("UserPromptSubmit");
        Assert.Equal("More.", ClaudeSession.GoesOnWith(await claude.StopAsync("Round 3.")));
    }

    [Fact]
    public async Task A_reply_the_operator_had_a_hand_in_starts_the_rounds_again()
    {
        await using var relay = await RunningRelay.StartAsync("agents: {max_rounds: 1}\n");
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Which?"), ScriptedReply.Text("The left one."), ScriptedReply.Text("Go on."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        await claude.StopAsync("Which?");
        await relay.AnswerAsync("left");
        await relay.RepliesWaitAsync(1);

        Assert.Equal("The left one.", (await claude.WaitAsync()).Text);

        Assert.Equal("Go on.", ClaudeSession.GoesOnWith(await claude.StopAsync("I took the left one.")));
    }

    [Fact]
    public async Task At_the_clients_cap_of_blocks_the_message_goes_and_its_reply_comes_by_the_waiter()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("More."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay", Headers = { ["X-Relay-Block-Cap"] = "2" } };
        for (var round = 1; round <= 2; round++)
            Assert.Equal("More.", ClaudeSession.GoesOnWith(await claude.StopAsync($"Round {round}.")));

        var released = await claude.StopAsync("Round 3.");

        Assert.Null(ClaudeSession.GoesOnWith(released));
        Assert.Contains("continued so often", (string?)released["systemMessage"], StringComparison.Ordinal);
        Assert.Equal("More.", (await claude.WaitAsync()).Text);
        Assert.Equal("More.", ClaudeSession.GoesOnWith(await claude.StopAsync("Round 4."))); // A new turn: the client counts from 0.
        await relay.ConsumedAsync(4);
    }

    [Fact]
    public async Task Without_the_header_the_cap_is_the_clients_own_of_eight()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("More."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        for (var round = 1; round <= 8; round++)
            Assert.NotNull(ClaudeSession.GoesOnWith(await claude.StopAsync($"Round {round}.")));

        Assert.Null(ClaudeSession.GoesOnWith(await claude.StopAsync("Round 9.")));
        await relay.RepliesWaitAsync(1);
    }

    [Fact]
    public async Task A_spent_budget_lets_the_session_stop_with_a_note()
    {
        await using var relay = await RunningRelay.StartAsync("budget: {per_day_usd: 0.0001}\n");
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };

        var released = await claude.StopAsync("Finished.");

        Assert.Contains("held: budget.per_day_usd is 0.0001 USD", (string?)released["systemMessage"], StringComparison.Ordinal);
        Assert.Equal(AgentState.Idle, (await relay.AgentAsync(claude)).State);
    }

    [Fact]
    public async Task The_same_stop_told_twice_at_once_is_one_message_and_one_of_them_goes_on()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Once."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };

        var stops = new[] { claude.StopAsync("Finished."), claude.StopAsync("Finished.") };
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        await Until.TrueAsync(() => relay.Logs.GetSnapshot().Count(record => record.Message.StartsWith("Hook Stop", StringComparison.Ordinal)) == 2, "both stops");
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
    public async Task A_message_over_an_envelopes_limit_is_not_sent_and_the_session_is_told()
    {
        await using var relay = await RunningRelay.StartAsync("max_envelope_bytes: 1024\n");
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };

        var released = await claude.StopAsync(new string('x', 1025));

        Assert.Contains("max_envelope_bytes allows 1024", (string?)released["systemMessage"], StringComparison.Ordinal);
        Assert.Equal(0, await relay.MessagesAsync());
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
