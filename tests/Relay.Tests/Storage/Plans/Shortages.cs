using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Operator;
using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Storage.Plans;

/// <summary>The part of a working day in which money is paid for nothing, or there is none left.</summary>
internal sealed class Shortages(TempRelay relay)
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async Task SufferAsync()
    {
        await WasteAsync();
        await RunOutOfMoneyAsync();
        await ClearRejectedAsync();
    }

    private async Task WasteAsync()
    {
        var message = await relay.AcceptAsync("s8", "What is paid for and never answered");
        await relay.Get<TurnTransactions>().CharactersAsync(SessionDirectory.Default, CancellationToken); // Where memory is scarce.
        for (var attempt = 0; attempt < 4; attempt++)
        {
            relay.Advisor.Enqueue(new AdvisorOutcome.Deferred("cut", RetryAfter: null) { PerhapsPaid = true });
            await relay.TakeTurnsAsync();
            relay.Clock.Advance(TimeSpan.FromMinutes(10));
        }
        relay.Advisor.Forget();
        await relay.Get<Holds>().RetryAllAsync(CancellationToken);
        await relay.TakeTurnsAsync();
        // Not found by a search, as a command would: that looks at all sessions.
        var open = await relay.ReadAsync(reading => MessageStore.UnansweredAsync(reading, SessionId.Stored("s8"), CancellationToken));
        Assert.DoesNotContain(open, each => each.Id == message);
        await relay.ReadAsync( // As a tool does that is asked the same again.
            reading => MessageStore.SameUnansweredAsync(reading, SessionId.Stored("s8"), "What is it?", CancellationToken));
    }

    private async Task ClearRejectedAsync()
    {
        foreach (var file in Directory.GetFiles(relay.Home.Rejected))
            File.Delete(file);
        await relay.RunAsync<Rejections>();
    }

    /// <summary>Another call has reserved what it needs, or all is spent.</summary>
    private async Task RunOutOfMoneyAsync()
    {
        var config = await File.ReadAllTextAsync(relay.Home.ConfigFile, CancellationToken);
        var spent = (await relay.StatusAsync()).TotalCostUsd;
        await relay.WriteAsync(writing => Spending.ReserveAsync(writing, 99_900_000_000, CancellationToken));
        await relay.AcceptAsync("s8", "What waits for others");
        await relay.TakeTurnsAsync();
        relay.Clock.Advance(TimeSpan.FromMinutes(1));
        await relay.TakeTurnsAsync();
        await relay.WriteAsync(writing => Spending.ReserveAsync(writing, -99_900_000_000, CancellationToken));
        relay.Clock.Advance(TimeSpan.FromMinutes(1));
        await relay.TakeTurnsAsync();
        var low = config.Replace("per_day_usd: 100", FormattableString.Invariant($"per_day_usd: {spent}"), StringComparison.Ordinal);
        await relay.ConfigureAsync(low);
        await relay.AcceptAsync("s8", "What is over the cap");
        await relay.TakeTurnsAsync();
        await relay.Get<Holds>().SpendAsync(CancellationToken);
        await relay.TakeTurnsAsync();
        await relay.ConfigureAsync(config);
        await relay.RunAsync<HoldRelease>();
        await relay.TakeTurnsAsync();
    }
}
