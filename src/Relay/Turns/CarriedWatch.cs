using System.Collections.Concurrent;
using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>Warns before the system prompt and the operator's rulings, which every call carries, leave the messages no room: in the log
/// when they fill half of the model's context, by a page at four fifths.</summary>
internal sealed partial class CarriedWatch(ILogger<CarriedWatch> log)
{
    private const double Warned = 0.5;

    private readonly ConcurrentDictionary<ConversationId, double> _last = new();

    /// <param name="writing">The transaction that ends the turn.</param>
    /// <param name="claim">The turn.</param>
    /// <param name="inputTokens">What the API counted of the whole call.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task LookAsync(Writing writing, Claim claim, long inputTokens, CancellationToken cancellationToken)
    {
        var (conversation, limit) = (claim.Message.Conversation, ModelContext.Of(claim.Call.Model));
        var tokens = (double)claim.CarriedBytes * inputTokens / Math.Max(1, claim.Ledger.PromptBytes);
        var (share, before) = (tokens / limit, _last.GetValueOrDefault(conversation, double.NaN));
        if (share > ContextFit.MostCarried)
        {
            var text = ContextFit.Carried(tokens, limit);
            var page = new NewPage(
                PageCause.Hold(HoldCause.Context), "Relay error: the context fills up", text, Priority: 4, "warning");
            await PageStore.QueueAsync(writing, page, cancellationToken);
        }
        else if (!(before <= ContextFit.MostCarried)) // Or it is not known, after a start.
            await Holds.ClearCarriedAsync(writing, cancellationToken);
        writing.OnceCommitted(() =>
        {
            _last[conversation] = share;
            if (share > Warned && !(before > Warned))
                LogFilling(conversation, ContextFit.Carried(tokens, limit));
        });
    }

    [LoggerMessage(LogLevel.Warning, "Conversation {Conversation}: {Reason}")]
    private partial void LogFilling(ConversationId conversation, string reason);
}
