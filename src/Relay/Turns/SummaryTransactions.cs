using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>A call for a summary, and the claim under which it is made.</summary>
internal sealed record SummaryClaim(AdvisorCall Call, StartedCall Ledger, long Epoch);

/// <summary>A summary, and the last position it sums up.</summary>
internal sealed record Summary(string Text, long CoversThrough);

/// <summary>What the summariser reads and writes.</summary>
internal sealed class SummaryTransactions(
    Database database, ContextWindows windows, CallHistory history, Pricing pricing, CallBuilder calls)
{
    public Task<HistorySize?> SizeAsync(ConversationId conversation, CancellationToken cancellationToken) =>
        database.ReadAsync(reading => ConversationStore.SizeAsync(reading, conversation, cancellationToken), cancellationToken);

    public Task<ContextWindow> WindowAsync(ConversationId conversation, CancellationToken cancellationToken) =>
        database.ReadAsync(reading => windows.ReadAsync(reading, conversation, cancellationToken), cancellationToken);

    /// <summary>Reserves the cost and notes the call; null when the budget has no room.</summary>
    public Task<SummaryClaim?> BeginAsync(
        ConversationId conversation, ContextWindow window, string instruction, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            var past = await history.ReadAsync(writing, conversation, cancellationToken);
            var call = calls.Summary(window, instruction, past);
            var planned = call.ToPlanned();
            if (await pricing.Budget.ReserveAsync(writing, planned, past, cancellationToken) is not Budget.Leave.Granted leave)
                return null;
            var started = new StartedCall(Guid.CreateVersion7(writing.Now).ToString(), conversation, Message: null, CallPurpose.Summary)
            {
                At = writing.Now,
                Model = call.Model,
                PromptBytes = planned.PromptBytes,
                ReservedNano = leave.ReservedNano,
            };
            return new SummaryClaim(call, started, await CallStart.ClaimAsync(writing, started, message: "", cancellationToken));
        },
        cancellationToken);

    /// <summary>The call is paid: what came of it is recorded even when we are stopping.</summary>
    public Task EndAsync(ConversationId conversation, SummaryClaim claim, AdvisorOutcome outcome, Summary? summary) => database.WriteAsync(
        async writing =>
        {
            if (!await ConversationStore.EndCallAsync(writing, conversation, claim.Epoch, claim.Ledger.Id, CancellationToken.None))
                return;
            if (outcome.NeverMade)
            {
                await Ledger.ForgetAsync(writing, claim.Ledger, CancellationToken.None);
                return;
            }
            var finished = outcome.ToFinishedCall();
            await Ledger.FinishAsync(
                writing, claim.Ledger, finished, pricing.RatesOf(claim.Ledger.Model, finished, writing.Now), CancellationToken.None);
            history.Add(writing, claim.Ledger, finished);
            if (summary is not null)
                await Journal.AppendSummaryAsync(writing, conversation, summary.Text, summary.CoversThrough, CancellationToken.None);
        },
        CancellationToken.None);

    /// <summary>What came of the call is not known: it is perhaps paid.</summary>
    public Task LoseAsync(ConversationId conversation, SummaryClaim claim, string reason) => database.WriteAsync(
        async writing =>
        {
            if (!await ConversationStore.EndCallAsync(writing, conversation, claim.Epoch, claim.Ledger.Id, CancellationToken.None))
                return;
            var finished = new FinishedCall(Answered: false, PerhapsPaid: true, Usage: null, StopReason: null, RequestId: null, reason);
            await Ledger.FinishAsync(writing, claim.Ledger, finished, rates: null, CancellationToken.None);
        },
        CancellationToken.None);
}
