using Microsoft.Extensions.Time.Testing;
using Relay.Agents;
using Relay.Loopback;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

/// <summary>The limits at which a session stops although the advisor could still answer it.</summary>
public sealed class StopLimitTests
{
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
        await relay.HandedAsync(1);

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
        await relay.HandedAsync(4);
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
    public async Task A_message_over_an_envelopes_limit_is_not_sent_and_the_session_is_told()
    {
        await using var relay = await RunningRelay.StartAsync("max_envelope_bytes: 1024\n");
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };

        var released = await claude.StopAsync(new string('x', 1025));

        Assert.Contains("max_envelope_bytes allows 1024", (string?)released["systemMessage"], StringComparison.Ordinal);
        Assert.Equal(0, await relay.MessagesAsync());
    }
}
