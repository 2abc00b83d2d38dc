using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Operator;
using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Costs;

/// <summary>What is reserved is told apart from what is spent, it is a bound that holds, and the operator's word goes past it.</summary>
public sealed class ReservationTests
{
    /// <summary>An output of a thousand tokens costs 0.02.</summary>
    private const string Small = "system_prompt: Advise.\nmax_tokens: 1000\ncache_ttl: off\n";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_only_a_call_under_way_has_reserved_is_waited_for_without_a_hold_and_without_a_page()
    {
        await using var relay = await TempRelay.CreateAsync(Small + Sessions(2) + "budget: {per_day_usd: 0.03}");
        var first = new TaskCompletionSource<AdvisorOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        relay.Advisor.Enqueue((_, _) => first.Task);
        await relay.AcceptAsync("s0", "one");
        var loop = relay.Get<AdvisorLoop>();
        await relay.RunAsync<AdvisorLoop>();
        await Until.TrueAsync(() => relay.Advisor.Calls.Count == 1, "the first call");

        var second = await relay.AcceptAsync("s1", "two");
        await loop.RunAsync(new("c1"), CancellationToken);
        await loop.RunAsync(new("c1"), CancellationToken);

        var message = await relay.MessageAsync(second);
        Assert.Equal(MessageState.Deferred, message.State);
        Assert.Contains("calls under way", message.Reason, StringComparison.Ordinal);
        Assert.Empty(await relay.PagesAsync());
        Assert.Equal("running", (await relay.StatusAsync()).State);
        Assert.Single(await relay.EventsAsync(second));

        first.SetResult(Cheap("ok"));
        await Until.TrueAsync(
            async () => await relay.CountAsync("SELECT COUNT(*) FROM calls WHERE state = 'started'") == 0, "the first call's end");
        Assert.Equal(relay.Clock.GetUtcNow(), (await relay.MessageAsync(second)).DueAt); // At once, not when the wait is over.
        await loop.RunAsync(new("c1"), CancellationToken);
        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(second)).State);
        await loop.StopAsync(CancellationToken);
    }

    [Fact]
    public async Task A_wait_for_calls_under_way_ends_with_the_relay_that_made_them()
    {
        await using var relay = await TempRelay.CreateAsync(Small + Sessions(2) + "budget: {per_day_usd: 0.03}");
        await relay.AcceptAsync("s0", "one");
        await relay.ClaimAsync("c0");
        var second = await relay.AcceptAsync("s1", "two");
        await relay.TakeTurnsAsync();
        Assert.Contains("calls under way", (await relay.MessageAsync(second)).Reason, StringComparison.Ordinal);

        await relay.RestartAsync();

        Assert.Equal(relay.Clock.GetUtcNow(), (await relay.MessageAsync(second)).DueAt);
        await relay.Get<AdvisorLoop>().RunAsync(new("c1"), CancellationToken);
        Assert.Equal(HoldCause.Budget, (await relay.MessageAsync(second)).Cause);
        Assert.Contains("perhaps", (await relay.MessageAsync(second)).Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("under way", (await relay.MessageAsync(second)).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.7)]
    public async Task No_call_leaves_over_a_cap_however_dense_the_text(double tokensPerByte)
    {
        await using var relay = await TempRelay.CreateAsync(Small + Sessions(3) + "budget: {per_day_usd: 3.8}");
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        for (var call = 0; call < 20; call++)
            relay.Advisor.Enqueue(async (asked, _) =>
            {
                await goOn.Task;
                return Used(new TokenUsage((long)(asked.PromptBytes() * tokensPerByte), 1_000, 0, 0, 0));
            });
        for (var number = 0; number < 3; number++)
            await relay.AcceptAsync($"s{number}", new string('~', 490_000)); // At a token a byte 1.98 USD.

        await relay.RunAsync<AdvisorLoop>();
        await Until.TrueAsync(
            async () => await relay.CountAsync("SELECT COUNT(*) FROM messages WHERE state = 'accepted'") == 0,
            "all to have asked for leave");
        goOn.SetResult();
        await Until.TrueAsync(
            async () => await relay.CountAsync("SELECT COUNT(*) FROM calls WHERE state = 'started'") == 0, "the calls to end");
        await relay.Get<AdvisorLoop>().StopAsync(CancellationToken);

        Assert.InRange(await relay.CountAsync("SELECT CAST(SUM(cost_nano) AS BIGINT) FROM calls"), 1, 3_800_000_000);
    }

    [Fact]
    public async Task A_backend_that_takes_more_than_the_bound_is_said_and_reserved_for_by_what_it_took()
    {
        await using var relay = await TempRelay.CreateAsync(Small);
        for (var turn = 0; turn < 3; turn++)
        {
            relay.Advisor.Enqueue((asked, _) => Task.FromResult<AdvisorOutcome>(
                Used(new TokenUsage(asked.PromptBytes() * 3 / 2, 1_500, 0, 0, 0))));
            await relay.AcceptAsync("session-1", new string('~', 50_000));
            await relay.TakeTurnsAsync();
            if (turn == 1)
                await relay.RestartAsync();
        }

        var calls = await relay.ReadAsync(
            "SELECT reserved_nano, cost_nano, note FROM calls ORDER BY prompt_bytes",
            row => (row.Number(), row.Number(), row.TextOrNull()));
        Assert.True(calls[0].Item1 < calls[0].Item2);
        Assert.Equal("cost more than was reserved", calls[0].Item3);
        Assert.All(calls.Skip(1), call => Assert.True(call.Item1 >= call.Item2, $"{call}"));
        var page = Assert.Single(await relay.PagesAsync());
        Assert.Contains("1.5 tokens for a byte", page.Body, StringComparison.Ordinal);
        Assert.Contains(relay.Logs.GetSnapshot(), record => record.Message.Contains("1.5 tokens for a byte", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Usage_of_zeros_is_unknown_and_counts_at_its_worst()
    {
        await using var relay = await TempRelay.CreateAsync(Small + "budget: {per_day_usd: 0.05}");
        for (var turn = 0; turn < 5; turn++)
        {
            relay.Advisor.Enqueue(Used(TokenUsage.None));
            await relay.AcceptAsync("session-1", "next");
            await relay.TakeTurnsAsync();
        }

        Assert.Equal(2, relay.Advisor.Calls.Count);
        Assert.Equal(2, (await relay.StatusAsync()).CallsOfUnknownCost);
        Assert.Equal("budget", (await relay.StatusAsync()).State);
    }

    [Fact]
    public async Task The_page_says_what_is_spent_and_likely_and_at_worst_and_one_word_makes_this_call()
    {
        await using var relay = await TempRelay.CreateAsync(Small + "budget: {per_day_usd: 0.05}");
        await SpendAsync(relay, cheap: 8); // The last one finds 0.0288 spent.

        var held = Assert.Single(await relay.ReadAsync(reading => MessageStore.HeldAsync(reading, CancellationToken)));
        Assert.Equal(HoldCause.Budget, held.Cause);
        Assert.Matches(
            @"budget\.per_day_usd is 0\.05 USD: 0\.0\d+ of 0\.05 spent; the next call is likely 0\.00\d+, at worst 0\.02\d+", held.Reason);
        var page = Assert.Single(await relay.PagesAsync());
        Assert.Contains($"relay retry {held.Id}", page.Body, StringComparison.Ordinal);
        Assert.Contains("--until-spent", page.Body, StringComparison.Ordinal);

        Assert.True(await relay.Get<Holds>().RetryAsync(held, CancellationToken));
        relay.Advisor.Enqueue(new AdvisorOutcome.Deferred("HTTP 529", RetryAfter: null)); // It was not made yet.
        await relay.TakeTurnsAsync();
        relay.Clock.Advance(TimeSpan.FromSeconds(10));
        await relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(held.Id)).State);
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM pages WHERE cleared_at IS NULL")); // Nothing is held any more.
        var next = await relay.AcceptAsync("session-1", "next");
        await relay.TakeTurnsAsync();
        Assert.Equal(HoldCause.Budget, (await relay.MessageAsync(next)).Cause);
    }

    [Fact]
    public async Task The_word_to_go_on_holds_until_the_cap_is_really_spent()
    {
        await using var relay = await TempRelay.CreateAsync(Small + "budget: {per_day_usd: 0.05}");
        await SpendAsync(relay, cheap: 10);

        Assert.Equal(1, await relay.Get<Holds>().SpendAsync(CancellationToken));
        await SpendAsync(relay, cheap: 40);

        Assert.Equal("budget", (await relay.StatusAsync()).State);
        Assert.InRange(await relay.CountAsync("SELECT CAST(SUM(cost_nano) AS BIGINT) FROM calls"), 49_000_000, 75_000_000);
        relay.Clock.Advance(TimeSpan.FromDays(1));
        await SpendAsync(relay, cheap: 40);
        Assert.InRange( // A new day, and the word was for the old one.
            await relay.CountAsync("SELECT CAST(SUM(cost_nano) AS BIGINT) FROM calls WHERE started_at >= " + Today(relay)), 1, 50_000_000);
    }

    [Fact]
    public async Task Likely_passes_the_cap_by_at_most_the_worst_of_one_call_however_many_ask_at_once()
    {
        await using var relay = await TempRelay.CreateAsync(Small + Sessions(8) + "budget: {per_day_usd: 0.05, reserve: likely}");
        for (var number = 0; number < 8; number++)
            await relay.AcceptAsync($"s{number}", "all at once");
        for (var call = 0; call < 8; call++)
            relay.Advisor.Enqueue(Used(new TokenUsage(100, 1_000, 0, 0, 0)));

        for (var round = 0; round < 8; round++)
            await relay.TakeTurnsAsync();

        var spent = await relay.CountAsync("SELECT CAST(SUM(cost_nano) AS BIGINT) FROM calls");
        Assert.InRange(spent, 50_000_001, 72_000_000); // With worst it would have been two calls of 0.0204.
    }

    [Fact]
    public async Task A_success_beside_it_does_not_clear_the_page_of_a_budget_that_still_holds()
    {
        await using var relay = await TempRelay.CreateAsync(Small + Sessions(2) + "budget: {per_day_usd: 0.05}");
        var large = await relay.AcceptAsync("s0", new string('~', 10_000));
        await relay.TakeTurnsAsync();
        Assert.Equal(HoldCause.Budget, (await relay.MessageAsync(large)).Cause);

        var small = await relay.AcceptAsync("s1", "small");
        await relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(small)).State);
        Assert.Equal(1, await relay.CountAsync("SELECT COUNT(*) FROM pages WHERE cleared_at IS NULL"));
        Assert.Equal(MessageState.Held, (await relay.MessageAsync(large)).State);
    }

    [Fact]
    public async Task Near_a_cap_the_count_of_the_api_decides()
    {
        await using var relay = await TempRelay.CreateAsync(Small + "budget: {per_day_usd: 0.05}");
        relay.Advisor.Count = call => call.PromptBytes() / 4;

        var id = await relay.AcceptAsync("session-1", new string('~', 10_000)); // By its bytes 0.06, counted 0.03.
        await relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(id)).State);
        Assert.InRange(await relay.CountAsync("SELECT reserved_nano FROM calls"), 30_000_000, 32_000_000);
    }

    /// <summary>So many messages, each answered for about half a hundredth of the cap.</summary>
    private static async Task SpendAsync(TempRelay relay, int cheap)
    {
        for (var turn = 0; turn < cheap; turn++)
        {
            relay.Advisor.Forget();
            relay.Advisor.Enqueue(Cheap("ok"));
            await relay.AcceptAsync("session-1", "next");
            await relay.TakeTurnsAsync();
        }
        relay.Advisor.Forget();
    }

    private static long Today(TempRelay relay) => new DateTimeOffset(relay.Clock.GetUtcNow().Date, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private static AdvisorOutcome.Replied Cheap(string text) =>
        new(text, "end_turn") { Usage = new TokenUsage(500, 100, 0, 0, 0) }; // 0.004 USD.

    private static AdvisorOutcome.Replied Used(TokenUsage usage) => new("ok", "end_turn") { Usage = usage };

    private static string Sessions(int count)
    {
        var lines = Enumerable.Range(0, count).Select(number => $"  - {{session_id: s{number}, conversation: c{number}}}\n");
        return "sessions:\n" + string.Concat(lines);
    }
}
