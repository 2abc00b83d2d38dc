using CsCheck;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Costs;

public sealed class SqliteSpendingTests() : SpendingTests(SqlDialect.Sqlite.Name);

public sealed class PostgresSpendingTests() : SpendingTests(SqlDialect.Postgres.Name);

/// <summary>The sums that are kept are those that counting all calls anew gives, and a cap holds whoever spends at the same time.</summary>
public abstract class SpendingTests(string kind) : StoreTests(kind)
{
    private static readonly Rates Rates = new(4, 20, 5, 8, 0.2m);
    private static readonly DateTimeOffset Start = new(2026, 8, 1, 9, 0, 0, TimeSpan.Zero);
    private static readonly string[] Models = ["claude", "another", "%"];

    /// <summary>How a call ends.</summary>
    private enum End
    {
        Priced,
        WithoutPrice,
        Failed,
        PerhapsPaid,
        Lost,
        StillUnderWay,
    }

    /// <summary>A call of the random sequence: how long after the one before, by whom, and what comes of it how much later.</summary>
    private sealed record Step(
        int HoursBefore, int Conversation, int Session, int Model, long? Reserved, End End, TokenUsage Usage, int HoursLater);

    private static readonly Gen<long> Tokens = Gen.Long[0, 9];
    private static readonly Gen<TokenUsage> Usages = Gen.Select(
        Tokens, Tokens, Tokens, Tokens, Tokens,
        (input, output, write5m, write1h, read) => new TokenUsage(input, output, write5m, write1h, read));

    private static readonly Gen<int> OneOfThree = Gen.Int[0, 2];
    private static readonly Gen<long?> Reservations = Gen.Long[1, 1_000_000].Nullable();
    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Int[0, 40], OneOfThree, OneOfThree, OneOfThree, Reservations, Gen.Enum<End>(), Usages, Gen.Int[0, 30],
        (before, conversation, session, model, reserved, end, usage, later) =>
            new Step(before, conversation, session, model, reserved, end, usage, later));

    [Fact]
    public async Task The_sums_kept_are_those_of_all_calls_counted_one_by_one()
    {
        await Steps.List[0, 25].SampleAsync(
            async steps =>
            {
                await ForgetAllAsync();
                foreach (var (number, step) in steps.Index())
                    await TakeAsync(step, $"call-{number:00}");

                await AssertSumsAsync();
            },
            iter: 25, threads: 1);
    }

    [Theory]
    [InlineData("2026-08-01T23:59:59.999Z", "2026-08-01", "2026-08")]
    [InlineData("2026-08-02T00:00:00.000Z", "2026-08-02", "2026-08")]
    [InlineData("2026-08-31T23:59:59.999Z", "2026-08-31", "2026-08")]
    [InlineData("2026-12-31T23:59:59.999Z", "2026-12-31", "2026-12")]
    [InlineData("2028-02-29T23:59:59.999Z", "2028-02-29", "2028-02")]
    public async Task A_call_belongs_to_the_day_and_month_in_which_it_started_however_late_it_ends(string start, string day, string month)
    {
        Clock.AdjustTime(DateTimeOffset.Parse(start, System.Globalization.CultureInfo.InvariantCulture));
        var call = await StartAsync("call-1", new Step(0, 0, 0, 0, Reserved: 500, End.Priced, TokenUsage.None, 0));
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        foreach (var period in new[] { day, month, RecountedCall.AllTime })
            Assert.Equal(500, await CommittedAsync(period));

        Clock.Advance(TimeSpan.FromDays(400));
        await EndAsync(call, End.Priced, new TokenUsage(1, 0, 0, 0, 0));

        foreach (var period in new[] { day, month, RecountedCall.AllTime })
            Assert.Equal(4_000, await CommittedAsync(period));
        Assert.Equal(0, await CommittedAsync(Spending.Day(Now)));
        Assert.Equal([day], (await SumsAsync(CostGroup.Day)).Select(sum => sum.Group));
    }

    [Fact]
    public async Task Without_a_call_nothing_is_spent()
    {
        Assert.Equal(Totals.None, await TotalsAsync());
        Assert.Equal(0, await CommittedAsync(RecountedCall.AllTime));
        Assert.Empty(await SumsAsync(CostGroup.All));
    }

    [Theory]
    [InlineData("budget: {per_day_usd: 0.21}")]
    [InlineData("budget: {per_month_usd: 0.21}")]
    [InlineData("budget: {per_day_usd: 1, per_month_usd: 0.21}")]
    public async Task Many_who_reserve_at_once_stay_under_the_cap_together_and_a_call_that_cost_less_makes_room(string caps)
    {
        var budget = new Budget(TestSettings.Of(caps), PriceTable.Load("none"));
        var planned = new PlannedCall("claude-opus-5-5", PromptBytes: 0, MaxTokens: 1_000, CacheTtl.Off); // At most 0.0204 USD.

        var leaves = await AtOnceAsync(40, (writing, _) => budget.ReserveAsync(writing, planned, [], CancellationToken));

        Assert.Equal(10, leaves.Count(leave => leave is Budget.Leave.Granted));
        Assert.Equal(204_000_000, await CommittedAsync(RecountedCall.AllTime));
        await WriteAsync(writing => Spending.ReserveAsync(writing, -20_400_000, CancellationToken));
        var again = await AtOnceAsync(3, (writing, _) => budget.ReserveAsync(writing, planned, [], CancellationToken));
        Assert.Single(again, leave => leave is Budget.Leave.Granted);
    }

    [Fact]
    public async Task A_cap_counts_from_the_first_instant_of_its_day_or_month()
    {
        var budget = new Budget(TestSettings.Of("budget: {per_day_usd: 0.03, per_month_usd: 0.05}"), PriceTable.Load("none"));
        Clock.AdjustTime(new DateTimeOffset(2026, 8, 30, 23, 59, 59, 999, TimeSpan.Zero));

        Assert.Equal([null, new DateTimeOffset(2026, 8, 31, 0, 0, 0, TimeSpan.Zero)], await TwiceAsync());
        Clock.Advance(TimeSpan.FromMilliseconds(1)); // The day has room again and the month has it once.
        Assert.Equal([null, new DateTimeOffset(2026, 9, 1, 0, 0, 0, TimeSpan.Zero)], await TwiceAsync());
        Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal([null, new DateTimeOffset(2026, 9, 2, 0, 0, 0, TimeSpan.Zero)], await TwiceAsync());

        Task SpendAsync(Writing writing, Budget.Leave.Granted granted)
        {
            var call = new StartedCall("call", new("default"), Message: null, CallPurpose.Turn)
            {
                At = writing.Now,
                Model = "claude-opus-5-5",
                PromptBytes = 0,
                ReservedNano = granted.ReservedNano,
            };
            var cost = new Settlement(TokenUsage.None, granted.ReservedNano, IsLost: false);
            return Spending.SettleAsync(writing, call, cost, CancellationToken);
        }

        async Task<List<DateTimeOffset?>> TwiceAsync()
        {
            var until = new List<DateTimeOffset?>();
            var planned = new PlannedCall("claude-opus-5-5", PromptBytes: 0, MaxTokens: 1_000, CacheTtl.Off);
            for (var count = 0; count < 2; count++)
            {
                var leave = await WriteAsync(writing => budget.ReserveAsync(writing, planned, [], CancellationToken));
                until.Add((leave as Budget.Leave.Denied)?.Until);
                if (leave is Budget.Leave.Granted granted)
                    await WriteAsync(writing => SpendAsync(writing, granted));
            }
            return until;
        }
    }

    private Task ForgetAllAsync() => WriteAsync(async writing =>
    {
        foreach (var sql in new[] { "DELETE FROM calls", "DELETE FROM spending", "DELETE FROM conversations" })
            await writing.Sql(sql).ExecuteAsync(CancellationToken);
        Clock.AdjustTime(Start);
    });

    private async Task TakeAsync(Step step, string id)
    {
        Clock.Advance(TimeSpan.FromHours(step.HoursBefore));
        foreach (var running in await RunningAsync())
            if (running.Conversation.Value == $"c{step.Conversation}")
                await LoseAsync(running); // As the start does with what the one before it left.
        var call = await StartAsync(id, step);
        Clock.Advance(TimeSpan.FromHours(step.HoursLater));
        await EndAsync(call, step.End, step.Usage);
    }

    private async Task<StartedCall> StartAsync(string id, Step step)
    {
        var conversation = new ConversationId($"c{step.Conversation}");
        var call = new StartedCall(id, conversation, new MessageId("m" + id), CallPurpose.Turn)
        {
            At = Now,
            Session = SessionId.Stored($"s{step.Session}"),
            Model = Models[step.Model],
            PromptBytes = 1,
            ReservedNano = step.Reserved,
        };
        await WriteAsync(async writing =>
        {
            await ConversationStore.KnowAsync(writing, conversation, CancellationToken);
            await Spending.ReserveAsync(writing, step.Reserved ?? 0, CancellationToken);
            await ConversationStore.ClaimAsync(writing, conversation, call.Message!.Value.Value, id, CancellationToken);
            await Ledger.StartAsync(writing, call, CancellationToken);
        });
        return call;
    }

    private async Task EndAsync(StartedCall call, End end, TokenUsage usage)
    {
        var running = new RunningCall(call.Conversation, call.Message!.Value.Value, call.Id);
        if (end == End.Lost)
            await LoseAsync(running);
        if (end is End.Lost or End.StillUnderWay)
            return;
        var finished = new FinishedCall(
            Answered: end is End.Priced or End.WithoutPrice,
            PerhapsPaid: end == End.PerhapsPaid,
            Usage: end == End.Failed ? null : usage,
            StopReason: null, RequestId: null, Note: null);
        await WriteAsync(async writing =>
        {
            await ConversationStore.ForgetCallAsync(writing, running, CancellationToken);
            await Ledger.FinishAsync(writing, call, finished, end == End.WithoutPrice ? null : Rates, CancellationToken);
        });
    }

    private Task LoseAsync(RunningCall running) => WriteAsync(async writing =>
    {
        await Ledger.LoseAsync(writing, running, CancellationToken);
        await ConversationStore.ForgetCallAsync(writing, running, CancellationToken);
    });

    private async Task AssertSumsAsync()
    {
        var calls = await RecountedCall.ReadAsync(Database, CancellationToken);
        var ended = calls.Where(call => call.State != "started").ToList();
        Assert.Equal(
            new Totals(
                ended.Sum(call => call.Tokens.TotalInput), ended.Sum(call => call.Tokens.Output), ended.Sum(call => call.CostNano ?? 0),
                ended.Count, ended.Count(call => call.CostNano is null)),
            await TotalsAsync());
        foreach (var period in calls.SelectMany(call => call.Periods).Append(RecountedCall.AllTime).Append("2027-01-01").Distinct())
            Assert.Equal(calls.Where(call => call.Periods.Contains(period)).Sum(call => call.CommittedNano), await CommittedAsync(period));
        foreach (var by in Enum.GetValues<CostGroup>())
            Assert.Equal(RecountedCall.Sums(calls, by), await SumsAsync(by));
    }

    private Task<List<RunningCall>> RunningAsync() => ReadAsync(reading => ConversationStore.RunningCallsAsync(reading, CancellationToken));

    private Task<Totals> TotalsAsync() => ReadAsync(reading => Spending.TotalsAsync(reading, CancellationToken));

    private async Task<long> CommittedAsync(string period) =>
        await ReadAsync(reading => Spending.InAsync(reading, period, CancellationToken)) is var spent
            ? spent.SpentNano + spent.ReservedNano
            : 0;

    private Task<List<CostSum>> SumsAsync(CostGroup by) => ReadAsync(reading => Spending.SumsAsync(reading, by, CancellationToken));
}
