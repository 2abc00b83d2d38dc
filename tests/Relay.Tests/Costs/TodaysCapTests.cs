using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Operator;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Costs;

public sealed class SqliteTodaysCapTests() : TodaysCapTests(SqlDialect.Sqlite.Name);

public sealed class PostgresTodaysCapTests() : TodaysCapTests(SqlDialect.Postgres.Name);

/// <summary>What the operator says of today holds for today, and never lets more be spent than the words say.</summary>
public abstract class TodaysCapTests(string kind)
{
    /// <summary>One call costs at most a little over 0.02, and 0.0182 as it is answered here.</summary>
    private const string Small = "system_prompt: Advise.\nmax_tokens: 1000\ncache_ttl: off\n";
    private const string Cap = Small + "budget: {per_day_usd: 0.03}\n", Today = "2026-08-01";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_budget_held_goes_on_at_once_and_the_new_cap_holds_over_a_restart()
    {
        await using var relay = await TempRelay.CreateAsync(Cap, kind: kind);
        await SpendAsync(relay);
        var held = await relay.AcceptAsync("one", "two");
        await relay.TakeTurnsAsync();
        Assert.Equal(HoldCause.Budget, (await relay.MessageAsync(held)).Cause);

        var set = Assert.IsType<TodaysCap.Outcome.Set>(await SayAsync(relay, "0.05"));
        Assert.Equal((1, 30_000_000), (set.Released, set.BeforeNano));
        Assert.EndsWith("of $0.05 today, $0.03 in config.yaml", set.Now.Describe(), StringComparison.Ordinal);
        await relay.RestartAsync();
        await SpendAsync(relay);

        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(held)).State);
        var over = await relay.AcceptAsync("one", "three");
        await relay.TakeTurnsAsync();
        var message = await relay.MessageAsync(over);
        Assert.Equal(HoldCause.Budget, message.Cause);
        Assert.Contains("budget.per_day_usd is 0.05 USD today (0.03 in config.yaml): 0.0364", message.Reason, StringComparison.Ordinal);
        Assert.Equal(2, relay.Advisor.Calls.Count);
        var status = (await relay.StatusAsync()).Today!;
        Assert.Equal((0.05m, 0.03m, "the test"), (status.CapUsd, status.ConfiguredUsd, status.SaidVia));
    }

    [Fact]
    public async Task It_ends_at_midnight_UTC_by_itself()
    {
        await using var relay = await TempRelay.CreateAsync(Cap, kind: kind);
        await SayAsync(relay, "1000");

        relay.Clock.SetUtcNow(new DateTimeOffset(2026, 8, 2, 0, 0, 0, TimeSpan.Zero));

        Assert.Equal(30_000_000, (await NowAsync(relay)).Day.CapNano);
        await SpendAsync(relay);
        await HeldAsync(relay);
    }

    [Fact]
    public async Task A_clock_set_back_or_forward_lends_it_to_no_other_day()
    {
        await using var relay = await TempRelay.CreateAsync(Cap, kind: kind);
        await SayAsync(relay, "0.05");
        await SpendAsync(relay);

        relay.Clock.Set(TimeSpan.FromDays(-1));
        Assert.Equal(30_000_000, (await NowAsync(relay)).Day.CapNano);
        relay.Clock.Set(TimeSpan.FromDays(2));
        Assert.Equal(30_000_000, (await NowAsync(relay)).Day.CapNano);
        relay.Clock.Set(TimeSpan.FromDays(-1)); // The same day again: what was spent on it counts.
        Assert.Equal(50_000_000, (await NowAsync(relay)).Day.CapNano);
        await SpendAsync(relay);
        await HeldAsync(relay);
    }

    [Fact]
    public async Task Of_two_at_once_one_counts_and_both_are_on_record()
    {
        await using var relay = await TempRelay.CreateAsync(Cap, kind: kind);

        await Task.WhenAll(Enumerable.Range(1, 20).Select(number => Task.Run(() => SayAsync(relay, $"{number}"))));

        var said = await relay.ReadAsync(reading => DayCaps.OfAsync(reading, Today, 100, CancellationToken));
        Assert.Equal(20, said.Count);
        Assert.Equal(Enumerable.Range(1, 20).Sum(), said.Sum(each => each.Nano) / 1_000_000_000);
        Assert.Equal(said[0].Nano, (await NowAsync(relay)).Day.CapNano);
    }

    [Fact]
    public async Task Lowered_it_holds_the_next_call_and_leaves_what_is_spent()
    {
        await using var relay = await TempRelay.CreateAsync(Small + "budget: {per_day_usd: 10}\n", kind: kind);
        await SpendAsync(relay);

        Assert.Equal(0, Assert.IsType<TodaysCap.Outcome.Set>(await SayAsync(relay, "0.02")).Released);

        await HeldAsync(relay);
        Assert.IsType<TodaysCap.Outcome.Set>(await SayAsync(relay, "0"));
        await HeldAsync(relay);
    }

    [Fact]
    public async Task A_months_cap_holds_besides()
    {
        await using var relay = await TempRelay.CreateAsync(Small + "budget: {per_day_usd: 0.01, per_month_usd: 0.03}\n", kind: kind);
        await SayAsync(relay, "1000");
        await SpendAsync(relay);

        var held = await HeldAsync(relay);

        Assert.Contains("per_month_usd", held.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_word_to_spend_a_cap_to_its_end_does_not_go_on_to_the_new_one()
    {
        await using var relay = await TempRelay.CreateAsync(Small + "budget: {per_day_usd: 0.0365}\n", kind: kind);
        await SpendAsync(relay);
        await relay.Get<Holds>().SpendAsync(CancellationToken);
        await SayAsync(relay, "0.037");

        await HeldAsync(relay); // 0.0182 are left, and the call takes 0.02 at worst.

        await relay.Get<Holds>().SpendAsync(CancellationToken);
        await relay.TakeTurnsAsync();
        Assert.Equal(2, relay.Advisor.Calls.Count);
    }

    [Fact]
    public async Task The_word_outlives_the_caps_removal_from_the_configuration()
    {
        await using var relay = await TempRelay.CreateAsync(Cap, kind: kind);
        await SayAsync(relay, "0.035");
        await relay.ConfigureAsync(Small);
        await SpendAsync(relay);

        Assert.Contains("(none in config.yaml)", (await HeldAsync(relay)).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("25", "2026-07-31", "meant for 2026-07-31")]
    [InlineData("25", null, "meant for")]
    [InlineData("", Today, "dollars")]
    [InlineData("-1", Today, "dollars")]
    [InlineData("1e9", Today, "dollars")]
    [InlineData("25,50", Today, "dollars")]
    [InlineData("NaN", Today, "dollars")]
    [InlineData("9999999999", Today, "dollars")]
    [InlineData("0.00001", Today, "dollars")]
    public async Task What_is_no_amount_or_for_another_day_changes_nothing(string amount, string? day, string why)
    {
        await using var relay = await TempRelay.CreateAsync(Cap, kind: kind);

        var refused = Assert.IsType<TodaysCap.Outcome.Refused>(
            await relay.Get<TodaysCap>().SetAsync(amount, day, "the test", CancellationToken));

        Assert.Contains(why, refused.Reason, StringComparison.Ordinal);
        Assert.Null((await NowAsync(relay)).Said);
    }

    [Fact]
    public async Task Where_no_cap_is_kept_there_is_none_to_change()
    {
        await using var relay = await TempRelay.CreateAsync(Small + "budget: {per_month_usd: 5}\n", kind: kind);

        var refused = Assert.IsType<TodaysCap.Outcome.Refused>(await SayAsync(relay, "25"));

        Assert.Contains("no cap is kept today", refused.Reason, StringComparison.Ordinal);
        Assert.Null((await relay.StatusAsync()).Today);
    }

    private static Task<TodaysCap.Outcome> SayAsync(TempRelay relay, string amount) =>
        relay.Get<TodaysCap>().SetAsync(amount, Spending.Day(relay.Clock.GetUtcNow()), "the test", CancellationToken);

    private static Task<BudgetNow> NowAsync(TempRelay relay) => relay.ReadAsync(
        reading => BudgetNow.ReadAsync(reading, relay.Settings.Current.Config.Budget, CancellationToken));

    /// <summary>A call is made that costs 0.0182.</summary>
    private static async Task SpendAsync(TempRelay relay)
    {
        var before = relay.Advisor.Calls.Count;
        relay.Advisor.Enqueue(new AdvisorOutcome.Replied("ok", "end_turn") { Usage = new TokenUsage(50, 900, 0, 0, 0) });
        if ((await relay.MessagesAsync()).TrueForAll(message => !message.IsUnanswered))
            await relay.AcceptAsync("one", "Shall I?");
        await relay.TakeTurnsAsync();
        Assert.Equal(before + 1, relay.Advisor.Calls.Count);
    }

    /// <summary>The next call is not made.</summary>
    private static async Task<Message> HeldAsync(TempRelay relay)
    {
        var before = relay.Advisor.Calls.Count;
        var id = await relay.AcceptAsync("one", "Shall I?");
        await relay.TakeTurnsAsync();
        Assert.Equal(before, relay.Advisor.Calls.Count);
        var held = (await relay.MessagesAsync()).Find(message => message.State == MessageState.Held)!;
        Assert.Equal(HoldCause.Budget, held.Cause);
        _ = id;
        return held;
    }
}
