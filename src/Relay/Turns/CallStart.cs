using Relay.Conversations;
using Relay.Costs;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>The start of a call, in the transaction that reserves its cost.</summary>
internal static class CallStart
{
    /// <summary>Claims the conversation and notes the call. An earlier call whose end was never recorded, because the program or the
    /// database failed just then, is lost with that: else what it reserved would count against the caps for ever.</summary>
    /// <param name="writing">The transaction.</param>
    /// <param name="call">The call.</param>
    /// <param name="message">The message it is for; empty for a summary.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The new epoch.</returns>
    public static async Task<long> ClaimAsync(Writing writing, StartedCall call, string message, CancellationToken cancellationToken)
    {
        if (await ConversationStore.RunningCallAsync(writing, call.Conversation, cancellationToken) is { } unended)
            await Ledger.LoseAsync(writing, unended, cancellationToken);
        var epoch = await ConversationStore.ClaimAsync(writing, call.Conversation, message, call.Id, cancellationToken);
        await Ledger.StartAsync(writing, call, cancellationToken);
        return epoch;
    }
}
