using Relay.Costs;
using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>Calls, as they begin.</summary>
public sealed class CallStartTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_whose_end_was_never_recorded_is_lost_with_the_next()
    {
        await using var relay = await TempRelay.CreateAsync();
        await relay.AcceptAsync("session-1", "first");
        await relay.TakeTurnsAsync();
        var window = await relay.WindowAsync();
        var unended = await relay.Get<SummaryTransactions>().BeginAsync(new("default"), window, "Sum it up.", CancellationToken);

        await relay.AcceptAsync("session-1", "next");
        await relay.TakeTurnsAsync();

        Assert.NotNull(unended);
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM calls WHERE state = 'started'"));
        Assert.Equal(1, await relay.CountAsync("SELECT COUNT(*) FROM calls WHERE state = 'lost'"));
        Assert.Equal(1, (await relay.ReadAsync(reading => Spending.TotalsAsync(reading, CancellationToken))).UnknownCost); // Perhaps paid.
    }
}
