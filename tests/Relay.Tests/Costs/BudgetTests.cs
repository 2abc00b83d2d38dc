using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Operator;
using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Costs;

/// <summary>Before a call is made, the most that it can cost is checked against the budget.</summary>
public sealed class BudgetTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task At_the_cap_no_call_leaves_and_the_operator_is_paged_once()
    {
        await using var relay = await TempRelay.CreateAsync("budget: {per_day_usd: 0.0001}");
        var id = await relay.AcceptAsync("session-1", "one");
        await relay.AcceptAsync("session-1", "two");

        await relay.TakeTurnsAsync();
        relay.Clock.Advance(TimeSpan.FromHours(1));
        await relay.TakeTurnsAsync();

        Assert.Empty(relay.Advisor.Calls);
        var message = await relay.MessageAsync(id);
        Assert.Equal((MessageState.Held, HoldCause.Budget), (message.State, message.Cause));
        Assert.Contains("per_day_usd", message.Reason, StringComparison.Ordinal);
        Assert.Equal("budget", (await relay.StatusAsync()).State);
        Assert.Contains("budget", Assert.Single(await relay.PagesAsync()).Title, StringComparison.Ordinal);
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM entries"));
    }

    [Fact]
    public async Task What_a_call_perhaps_cost_whose_end_nobody_saw_is_told_as_that()
    {
        await using var relay = await TempRelay.CreateAsync("system_prompt: Advise.\nmax_tokens: 1000\nbudget: {per_day_usd: 0.03}");
        relay.Advisor.Enqueue(new AdvisorOutcome.Deferred("The connection was closed.", RetryAfter: null) { PerhapsPaid = true });
        var id = await relay.AcceptAsync("session-1", "one");
        await relay.TakeTurnsAsync();
        relay.Clock.Advance(TimeSpan.FromMinutes(10));
        await relay.TakeTurnsAsync();

        var message = await relay.MessageAsync(id);
        Assert.Equal((MessageState.Held, HoldCause.Budget), (message.State, message.Cause));
        Assert.Matches(@"0\.02\d* of 0\.03 spent \(0\.02\d* of it perhaps, for calls whose end or usage was not seen\)", message.Reason);
    }

    [Fact]
    public async Task Retrying_all_leaves_what_the_budget_holds_and_says_so()
    {
        await using var relay = await TempRelay.CreateAsync("budget: {per_day_usd: 0.0001}");
        await relay.AcceptAsync("session-1", "one");
        await relay.TakeTurnsAsync();
        var events = await relay.CountAsync("SELECT COUNT(*) FROM message_events");

        var retried = await relay.Get<Holds>().RetryAllAsync(CancellationToken);

        Assert.Equal(new Retried(Released: 0, HeldForBudget: 1), retried);
        Assert.Equal(events, await relay.CountAsync("SELECT COUNT(*) FROM message_events"));
    }

    [Fact]
    public async Task The_work_goes_on_the_next_day()
    {
        // One call costs at most a little over 0.02.
        await using var relay = await TempRelay.CreateAsync("system_prompt: Advise.\nmax_tokens: 1000\nbudget: {per_day_usd: 0.03}");
        relay.Advisor.Enqueue(new AdvisorOutcome.Replied("ok", "end_turn") { Usage = new TokenUsage(50, 900, 0, 0, 0) });
        await relay.AcceptAsync("session-1", "one");
        await relay.TakeTurnsAsync();
        var second = await relay.AcceptAsync("session-1", "two");
        await relay.TakeTurnsAsync();
        Assert.Single(relay.Advisor.Calls);
        Assert.Equal(new DateTimeOffset(2026, 8, 2, 0, 0, 0, TimeSpan.Zero), (await relay.MessageAsync(second)).DueAt);

        relay.Clock.SetUtcNow(new DateTimeOffset(2026, 8, 2, 0, 0, 1, TimeSpan.Zero));
        await relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(second)).State);
    }

    [Fact]
    public async Task A_months_cap_holds_until_the_month_is_over()
    {
        await using var relay = await TempRelay.CreateAsync("budget: {per_month_usd: 0.01, per_day_usd: 1000}");
        var id = await relay.AcceptAsync("session-1", "one");

        await relay.TakeTurnsAsync();

        Assert.Equal(new DateTimeOffset(2026, 9, 1, 0, 0, 0, TimeSpan.Zero), (await relay.MessageAsync(id)).DueAt);
    }

    [Fact]
    public async Task A_raised_cap_lets_the_work_go_on_at_once()
    {
        await using var relay = await TempRelay.CreateAsync("budget: {per_day_usd: 0.0001}");
        var id = await relay.AcceptAsync("session-1", "one");
        await relay.TakeTurnsAsync();
        await File.WriteAllTextAsync(relay.Home.ConfigFile, "budget: {per_day_usd: 10}", CancellationToken);

        await relay.FollowSettingsAsync();
        await relay.RunAsync<HoldRelease>();
        await relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(id)).State);
        Assert.Equal("running", (await relay.StatusAsync()).State);
    }

    [Fact]
    public async Task A_model_without_a_price_is_refused_under_a_cap()
    {
        await using var relay = await TempRelay.CreateAsync("model: claude-of-tomorrow\nbudget: {per_month_usd: 1000000}");
        var id = await relay.AcceptAsync("session-1", "one");

        await relay.TakeTurnsAsync();

        Assert.Empty(relay.Advisor.Calls);
        Assert.Contains("price of claude-of-tomorrow is not known", (await relay.MessageAsync(id)).Reason, StringComparison.Ordinal);
        Assert.Null((await relay.MessageAsync(id)).DueAt);
        Assert.Equal(HoldCause.Price, (await relay.MessageAsync(id)).Cause);
        var page = Assert.Single(await relay.PagesAsync());
        Assert.Contains("price", page.Title, StringComparison.Ordinal);
        Assert.DoesNotContain("day", page.Body, StringComparison.Ordinal); // No day's end mends it.
        Assert.Equal("error", (await relay.StatusAsync()).State);
        await relay.ConfigureAsync("budget: {per_day_usd: null}");
        await relay.RunAsync<HoldRelease>();
        await relay.TakeTurnsAsync();
        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(id)).State);
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM pages WHERE cleared_at IS NULL"));
    }

    [Fact]
    public async Task The_reservation_is_an_upper_bound_whatever_the_text_is()
    {
        await using var relay = await TempRelay.CreateAsync("cache_ttl: 1h");
        var texts = new[] { "Plain words, as people write them. ", "汉字与假名のまじる文。", "{\"a\":[1,2,3]}\n", "0123456789abcdef" };
        for (var turn = 0; turn < 8; turn++)
        {
            relay.Advisor.Enqueue((call, _) => Task.FromResult<AdvisorOutcome>(new AdvisorOutcome.Replied("ok", "end_turn")
            {
                // From the fifth turn on, a byte has more tokens, as if the model had changed.
                Usage = new TokenUsage(0, call.MaxTokens, 0, (long)(call.PromptBytes() * (turn < 4 ? 0.22 : 0.30)), 0),
            }));
            await relay.AcceptAsync("session-1", string.Concat(Enumerable.Repeat(texts[turn % 4], 50 << turn)));
            await relay.TakeTurnsAsync();
        }

        Assert.All(
            await relay.ReadAsync("SELECT reserved_nano, cost_nano FROM calls", row => (Reserved: row.Number(), Cost: row.Number())),
            call => Assert.InRange(call.Cost, 1, call.Reserved));
    }

    [Fact]
    public async Task What_is_added_to_a_measured_conversation_is_taken_for_a_token_a_byte()
    {
        await using var relay = await TempRelay.CreateAsync("cache_ttl: off\nmax_tokens: 1");
        relay.Advisor.Enqueue((call, _) => Task.FromResult<AdvisorOutcome>(
            new AdvisorOutcome.Replied("ok", "end_turn") { Usage = new TokenUsage(call.PromptBytes() / 5, 1, 0, 0, 0) }));
        await relay.AcceptAsync("session-1", string.Concat(Enumerable.Repeat("Plain words. ", 100)));
        await relay.TakeTurnsAsync();

        await relay.AcceptAsync("session-1", new string('~', 1_000_000)); // Base64, logs, numbers, some scripts come to it.
        await relay.TakeTurnsAsync();

        var reserved = await relay.CountAsync("SELECT MAX(reserved_nano) FROM calls");
        Assert.True(reserved >= 1_000_000L * 4_000, $"{reserved}");
    }

    [Fact]
    public async Task Conversations_that_ask_at_once_cannot_overshoot_the_cap_together()
    {
        var sessions = string.Concat(Enumerable.Range(0, 10).Select(number => $"  - {{session_id: s{number}, conversation: c{number}}}\n"));
        await using var relay = await TempRelay.CreateAsync($"max_tokens: 1000\nbudget: {{per_day_usd: 0.1}}\nsessions:\n{sessions}");
        var goOn = new TaskCompletionSource<AdvisorOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        for (var call = 0; call < 10; call++)
            relay.Advisor.Enqueue((_, _) => goOn.Task);
        for (var number = 0; number < 10; number++)
            await relay.AcceptAsync($"s{number}", "all at once");

        await relay.RunAsync<AdvisorLoop>();
        await Until.TrueAsync(
            async () => await relay.CountAsync("SELECT COUNT(*) FROM messages WHERE state = 'asking'") == relay.Advisor.Calls.Count
                && await relay.CountAsync("SELECT COUNT(*) FROM messages WHERE state = 'accepted'") == 0,
            "every conversation to have asked for leave");

        Assert.InRange(relay.Advisor.Calls.Count, 1, 4); // Each may cost 0.02 and a little.
        Assert.True(await relay.CountAsync("SELECT CAST(SUM(reserved_nano) AS BIGINT) FROM calls") <= 100_000_000);
        goOn.SetResult(new AdvisorOutcome.Replied("ok", "end_turn") { Usage = new TokenUsage(100, 1000, 0, 0, 0) });
        await Until.TrueAsync(
            async () => await relay.CountAsync("SELECT COUNT(*) FROM calls WHERE state = 'started'") == 0, "the calls to end");
        await relay.Get<AdvisorLoop>().StopAsync(CancellationToken); // Its runs go on beside the test.
        Assert.True(await relay.CountAsync("SELECT CAST(SUM(cost_nano) AS BIGINT) FROM calls") <= 100_000_000);
    }

    [Fact]
    public async Task A_lost_call_and_one_of_unknown_cost_count_at_their_worst()
    {
        await using var relay = await TempRelay.CreateAsync("system_prompt: Advise.\nmax_tokens: 1000\nbudget: {per_day_usd: 0.05}");
        relay.Advisor.Enqueue(new AdvisorOutcome.Deferred("cut", RetryAfter: null) { PerhapsPaid = true });
        await relay.AcceptAsync("session-1", "one");
        await relay.TakeTurnsAsync();
        relay.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull(await relay.ClaimAsync());
        await relay.RestartAsync();

        await relay.TakeTurnsAsync();

        Assert.Single(relay.Advisor.Calls); // Twice a little over 0.02 may be spent already.
        Assert.Equal("budget", (await relay.StatusAsync()).State);
    }

    [Fact]
    public async Task A_summary_asks_for_leave_too()
    {
        await using var relay = await TempRelay.CreateAsync(
            "history_char_cap: 1000\nkeep_recent_turns: 1\nmax_tokens: 1000\nbudget: {per_day_usd: 0.045}");
        relay.Advisor.Reply(new string('x', 1_000), new string('x', 1_000));
        await relay.AcceptAsync("session-1", "one");
        await relay.AcceptAsync("session-1", "two");
        relay.Advisor.Enqueue(new AdvisorOutcome.Replied("The summary.", "end_turn") { Usage = new TokenUsage(1_000, 1_000, 0, 0, 0) });

        await relay.TakeTurnsAsync();
        await relay.AcceptAsync("session-1", "three");
        await relay.TakeTurnsAsync();

        Assert.True(await relay.CountAsync("SELECT CAST(SUM(COALESCE(cost_nano, reserved_nano)) AS BIGINT) FROM calls") <= 45_000_000);
    }
}
