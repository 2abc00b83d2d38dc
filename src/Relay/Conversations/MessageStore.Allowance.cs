using Relay.Running;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Conversations;

/// <summary>What may still be bought for a message.</summary>
/// <param name="Wasted">Calls since the operator's last word that were, or perhaps were, paid for and brought nothing.</param>
/// <param name="Lost">Those whose end nobody saw, because the relay itself ended before.</param>
/// <param name="HasLeave">The operator said so to a call that is over the budget, and it was not made yet.</param>
internal sealed record Allowance(long Wasted, long Lost, bool HasLeave)
{
    public static readonly Allowance Untouched = new(Wasted: 0, Lost: 0, HasLeave: false);

    /// <summary>The first one, and two more.</summary>
    private const int Most = 3;

    public long Calls => Wasted + Lost;

    /// <summary>A call that was lost with the relay was as perhaps paid for as one whose stream was cut: a loop of crashes or restarts
    /// does not buy more.</summary>
    public bool IsUsedUp => Calls >= Most;
}

/// <summary>Counts by the events of a message: their order holds whatever the clock does, and over restarts.</summary>
internal static partial class MessageStore
{
    private const string Wasted = "wasted", Lost = "lost", Retried = "retried", Allowed = "allowed";

    /// <summary>A call for it was, or perhaps was, paid for and brought nothing.</summary>
    public static Task WasteAsync(Writing writing, Message message, string? why, CancellationToken cancellationToken) =>
        NoteAsync(writing, message.Conversation, message.Id, new MessageNote(Wasted, why), cancellationToken);

    /// <summary>The relay ended before the end of a call for it was recorded.</summary>
    public static Task LoseCallAsync(Writing writing, Message message, CancellationToken cancellationToken) =>
        NoteAsync(
            writing, message.Conversation, message.Id,
            new MessageNote(Lost, "a call, perhaps paid for: the relay stopped before the reply was recorded"), cancellationToken);

    /// <summary>The operator's word: as much may be bought again, and with leave one call whatever the budget says.</summary>
    public static Task AllowAsync(Writing writing, Message message, bool withLeave, CancellationToken cancellationToken) =>
        NoteAsync(
            writing, message.Conversation, message.Id,
            withLeave
                ? new MessageNote(Allowed, "by the operator: this call, whatever the budget says")
                : new MessageNote(Retried, "by the operator"),
            cancellationToken);

    public static Task<Allowance> AllowanceAsync(Reading reading, Message message, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT
                COUNT(CASE WHEN state = 'wasted' THEN 1 END), COUNT(CASE WHEN state = 'lost' THEN 1 END),
                COUNT(CASE WHEN state = 'allowed' THEN 1 END)
            FROM message_events
            WHERE conversation_id = @conversation AND message_id = @message AND number >= COALESCE((
                SELECT MAX(number)
                FROM message_events
                WHERE conversation_id = @conversation AND message_id = @message AND state IN ('retried', 'allowed')), 0)
            """)
            .With("@conversation", message.Conversation.Value).With("@message", message.Id.Value)
            .OnlyAsync(
                row =>
                {
                    var (wasted, lost, allowed) = (row.Number(), row.Number(), row.Number());
                    return new Allowance(wasted, lost, HasLeave: allowed > 0 && wasted + lost == 0);
                },
                cancellationToken);

    /// <summary>Whether a cause holds any message.</summary>
    public static async Task<bool> AnyHeldAsync(Reading reading, HoldCause cause, CancellationToken cancellationToken) =>
        await reading.Sql($"SELECT 1 FROM messages WHERE {IsUnanswered} AND state = 'held' AND cause = @cause LIMIT 1")
            .With("@cause", cause.Word())
            .NumberOrNullAsync(cancellationToken) is not null;

    /// <summary>What is deferred for a cause is due now.</summary>
    /// <returns>How many messages.</returns>
    public static Task<int> HurryAsync(Writing writing, HoldCause cause, CancellationToken cancellationToken) =>
        writing.Sql(
            $"""
            UPDATE messages
            SET due_at = @now
            WHERE {IsUnanswered} AND state = 'deferred' AND cause = @cause AND due_at > @now
            """)
            .With("@cause", cause.Word()).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);

    /// <summary>A deferred message goes on waiting for the same.</summary>
    public static Task PutOffAsync(Writing writing, Message message, DateTimeOffset due, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Replies, message.Id.Value);
        return writing.Sql("UPDATE messages SET due_at = @due WHERE conversation_id = @conversation AND message_id = @message")
            .With("@conversation", message.Conversation.Value).With("@message", message.Id.Value)
            .With("@due", due.ToUnixTimeMilliseconds())
            .ExecuteAsync(cancellationToken);
    }
}
