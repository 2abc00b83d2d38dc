using Relay.Costs;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>What every call goes by and leaves behind, a turn's as a summary's.</summary>
internal sealed class PaidCalls(CallHistory history, Pricing pricing)
{
    public CallHistory History => history;

    public Budget Budget => pricing.Budget;

    /// <inheritdoc cref="Pricing.RatesOf"/>
    public Rates? RatesOf(StartedCall call, FinishedCall finished, DateTimeOffset at) => pricing.RatesOf(call.Model, finished, at);

    /// <summary>Its end, in the transaction that records it.</summary>
    public async Task RecordAsync(Writing writing, StartedCall call, FinishedCall finished, CancellationToken cancellationToken)
    {
        if (finished.NeverMade)
        {
            await Ledger.ForgetAsync(writing, call, cancellationToken);
            return;
        }
        await Ledger.FinishAsync(writing, call, finished, RatesOf(call, finished, writing.Now), cancellationToken);
        history.Add(writing, call, finished);
    }
}
