using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Costs;

/// <summary>What calls cost, and the sums.</summary>
public sealed class LedgerTests : IAsyncLifetime
{
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task A_call_is_priced_by_the_usage_the_api_returned()
    {
        var usage = new TokenUsage(1_234, 567, 8_901, 2_345, 67_890);
        _relay.Advisor.Enqueue(new AdvisorOutcome.Replied("ok", "end_turn") { Usage = usage, RequestId = "req_1" });
        await AskAsync();

        // 1,234 × 4 + 567 × 20 + 8,901 × 5 + 2,345 × 8 + 67,890 × 0.2 micro-dollars.
        Assert.Equal(new Totals(80_370, 567, 93_119_000, 1, 0), await TotalsAsync());
        var status = await _relay.StatusAsync();
        Assert.Equal((80_370, 567, 0.093119m), (status.TotalInputTokens, status.TotalOutputTokens, status.TotalCostUsd));
        Assert.Equal(["req_1"], await _relay.ReadAsync("SELECT request_id FROM calls", row => row.Text()));
    }

    [Fact]
    public async Task A_call_that_was_refused_outright_cost_nothing()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Deferred("HTTP 529", RetryAfter: null));
        await AskAsync();

        Assert.Equal(new Totals(0, 0, 0, 1, 0), await TotalsAsync());
    }

    [Fact]
    public async Task A_refusal_and_an_empty_reply_are_paid()
    {
        var usage = new TokenUsage(100, 0, 0, 0, 0);
        _relay.Advisor.Enqueue(new AdvisorOutcome.Empty("end_turn") { Usage = usage });
        _relay.Advisor.Enqueue(new AdvisorOutcome.Refused("No.") { Usage = usage });
        await AskAsync();
        _relay.Clock.Advance(TimeSpan.FromMinutes(1));
        await _relay.TakeTurnsAsync();

        Assert.Equal(new Totals(200, 0, 800_000, 2, 0), await TotalsAsync());
    }

    [Fact]
    public async Task A_broken_stream_costs_something_unknown_and_says_so()
    {
        var usage = new TokenUsage(1_000, 1, 0, 0, 0);
        _relay.Advisor.Enqueue(new AdvisorOutcome.Deferred("the reply ended", RetryAfter: null) { Usage = usage, PerhapsPaid = true });
        await AskAsync();

        Assert.Equal(new Totals(1_000, 1, 0, 1, UnknownCost: 1), await TotalsAsync());
        var note = Assert.Single(await _relay.ReadAsync("SELECT note FROM calls", row => row.Text()));
        Assert.EndsWith("(perhaps paid)", note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_without_a_price_costs_something_unknown_never_nothing()
    {
        await _relay.ConfigureAsync("model: claude-of-tomorrow");
        await AskAsync();

        Assert.Equal(1, (await TotalsAsync()).UnknownCost);
        Assert.Equal(1, await _relay.CountAsync("SELECT COUNT(*) FROM calls WHERE cost_nano IS NULL AND rates IS NULL"));
        Assert.Equal(1, (await _relay.StatusAsync()).CallsOfUnknownCost);
    }

    [Fact]
    public async Task A_call_that_was_under_way_when_the_relay_died_is_lost_perhaps_paid_and_asked_again()
    {
        var id = await _relay.AcceptAsync("session-1", "one");
        Assert.NotNull(await _relay.ClaimAsync());

        await _relay.RestartAsync();
        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(id)).State);
        var calls = await _relay.ReadAsync(
            "SELECT state, note FROM calls ORDER BY COALESCE(finished_at, 0)", row => (row.Text(), row.TextOrNull()));
        Assert.Equal(["lost", "done"], calls.Select(call => call.Item1));
        Assert.Contains("perhaps paid twice", calls[0].Item2, StringComparison.Ordinal);
        Assert.Equal(1, (await TotalsAsync()).UnknownCost);
        Assert.Equal(2, (await _relay.WindowAsync()).Turns.Count);
        Assert.Contains(await _relay.EventsAsync(id), change => change.Detail == "asked again after a restart");
    }

    [Fact]
    public async Task Totals_are_over_all_runs_and_follow_every_call()
    {
        for (var day = 0; day < 5; day++)
        {
            await AskAsync();
            Assert.Equal(day + 1, (await TotalsAsync()).Calls);
            if (day == 2)
                await _relay.RestartAsync();
            _relay.Clock.Advance(TimeSpan.FromHours(day == 3 ? 0.5 : 24));
        }

        Assert.Equal(new Totals(500, 100, 5 * (100 * 4_000 + 20 * 20_000), 5, 0), await TotalsAsync());
    }

    [Fact]
    public async Task A_clock_that_was_set_back_loses_no_call_from_the_totals()
    {
        await AskAsync();
        _relay.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(1, (await TotalsAsync()).Calls);
        _relay.Clock.AdjustTime(_relay.Clock.GetUtcNow() - TimeSpan.FromDays(1));

        await AskAsync();

        Assert.Equal(2, (await TotalsAsync()).Calls);
    }

    private async Task AskAsync()
    {
        await _relay.AcceptAsync("session-1", "Shall I?");
        await _relay.TakeTurnsAsync();
    }

    private Task<Totals> TotalsAsync() => _relay.ReadAsync(reading => Spending.TotalsAsync(reading, CancellationToken));
}
