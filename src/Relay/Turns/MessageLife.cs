using Relay.Conversations;
using Relay.Costs;
using Relay.Dispatch;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Turns;

/// <summary>What became of a message, in the order of time. The straight line (accepted, asking, answered, placed, consumed) is told by the
/// message, its calls and its dispatch, which carry their times anyway; only what departs from it has rows of its own.</summary>
internal static class MessageLife
{
    /// <param name="reading">The snapshot.</param>
    /// <param name="family">The session's message and the operator's answers to what it raised, oldest first.</param>
    /// <param name="calls">Made for them.</param>
    /// <param name="dispatch">Of the reply; null while there is none.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public static async Task<List<MessageEvent>> ReadAsync(
        Reading reading, IReadOnlyList<Message> family, IReadOnlyList<CallRecord> calls, DispatchRecord? dispatch,
        CancellationToken cancellationToken)
    {
        var events = new List<MessageEvent>();
        foreach (var message in family)
        {
            events.Add(At(message, MessageState.Accepted, message.AcceptedAt));
            if (message.State == MessageState.Answered && message.Reason is null)
                events.Add(At(message, MessageState.Answered, message.ChangedAt));
            events.AddRange(await MessageStore.EventsAsync(reading, message, cancellationToken));
        }
        foreach (var call in calls)
            events.Add(At(
                family.LastOrDefault(message => message.AcceptedAt <= call.StartedAt) ?? family[0], MessageState.Asking, call.StartedAt));
        if (dispatch?.PlacedAt is { } placed)
            events.Add(At(family[0], MessageState.Placed, placed));
        if (dispatch?.HandedAt is { } handed)
            events.Add(At(family[0], MessageState.Placed, handed) with { State = "handed" });
        if (dispatch?.ConsumedAt is { } consumed)
            events.Add(At(family[0], MessageState.Consumed, consumed));
        return events.OrderBy(each => each.At).ThenBy(each => each.Number).ToList();
    }

    /// <summary>An answered message has come as far as its reply.</summary>
    public static MessageState StateOf(Message message, DispatchRecord? dispatch) => (message.State, dispatch) switch
    {
        (MessageState.Answered, { ConsumedAt: not null }) => MessageState.Consumed,
        (MessageState.Answered, { PlacedAt: not null }) => MessageState.Placed,
        _ => message.State,
    };

    /// <summary>Of the same instant, the straight line has its own order, and what departs from it comes between.</summary>
    private static MessageEvent At(Message message, MessageState state, DateTimeOffset at) =>
        new(state < MessageState.Answered ? (long)state - 100 : (long)state + 1_000_000, message.Id, at, state.Word(), Detail: null);
}
