using Relay.Costs;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>What every call goes by and leaves behind, a turn's as a summary's.</summary>
internal sealed partial class PaidCalls(CallHistory history, Pricing pricing, BudgetWaits waits, ILogger<PaidCalls> log)
{
    public CallHistory History => history;

    public Budget Budget => pricing.Budget;

    public BudgetWaits Waits => waits;

    /// <inheritdoc cref="Pricing.RatesOf"/>
    public Rates? RatesOf(StartedCall call, FinishedCall finished, DateTimeOffset at) => pricing.RatesOf(call.Model, finished, at);

    /// <summary>Its end, in the transaction that records it.</summary>
    public async Task RecordAsync(Writing writing, StartedCall call, FinishedCall finished, CancellationToken cancellationToken)
    {
        await EndAsync(writing, call, finished, cancellationToken);
        await waits.EndAsync(writing, cancellationToken);
    }

    private async Task EndAsync(Writing writing, StartedCall call, FinishedCall finished, CancellationToken cancellationToken)
    {
        if (finished.NeverMade)
        {
            await Ledger.ForgetAsync(writing, call, cancellationToken);
            return;
        }
        var rates = RatesOf(call, finished, writing.Now);
        if (finished is { Usage: { } usage } && finished.CostNano(rates) > call.ReservedNano)
            finished = await SayOverrunAsync(writing, call, finished, usage, cancellationToken);
        await Ledger.FinishAsync(writing, call, finished, rates, cancellationToken);
        history.Add(writing, call, finished);
    }

    /// <summary>A bound that does not hold is said, once, and drawn anew: else the caps would not hold either.</summary>
    private async Task<FinishedCall> SayOverrunAsync(
        Writing writing, StartedCall call, FinishedCall finished, TokenUsage usage, CancellationToken cancellationToken)
    {
        var seen = await Budget.Estimate.SeeAsync(writing, call, usage, cancellationToken);
        var text = seen.Describe(call.Model);
        const string title = "Relay: a call cost more than was reserved";
        var page = new NewPage(PageCause.Overrun(call.Model), title, text, Priority: 4, "money_with_wings");
        await PageStore.QueueAsync(writing, page, cancellationToken);
        writing.OnceCommitted(() => LogOverrun(text));
        const string note = "cost more than was reserved";
        return finished with { Note = finished.Note is null ? note : $"{finished.Note}; {note}" };
    }

    [LoggerMessage(LogLevel.Warning, "{Overrun}")]
    private partial void LogOverrun(string overrun);
}
