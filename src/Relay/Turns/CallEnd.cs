using Relay.Costs;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>What the end of every call brings, a turn's as a summary's, in the transaction that records it.</summary>
internal sealed class CallEnd(CallHistory history, Pricing pricing)
{
    public async Task RecordAsync(Writing writing, StartedCall call, FinishedCall finished, CancellationToken cancellationToken)
    {
        if (finished.NeverMade)
        {
            await Ledger.ForgetAsync(writing, call, cancellationToken);
            return;
        }
        await Ledger.FinishAsync(writing, call, finished, pricing.RatesOf(call.Model, finished, writing.Now), cancellationToken);
        history.Add(writing, call, finished);
    }
}
