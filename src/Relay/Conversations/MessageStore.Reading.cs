using Relay.Storage;
using Relay.Texts;

namespace Relay.Conversations;

/// <summary>The queries that the status and the commands need.</summary>
internal static partial class MessageStore
{
    /// <summary>How many messages are searched for the end of an id. For the start of an id there is an index.</summary>
    private const int NewestSearched = 10_000;

    /// <summary>All messages without an answer, counted in groups. It reads the index only.</summary>
    public static Task<List<UnansweredGroup>> UnansweredGroupsAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT session_id, conversation_id, state, speaker, COUNT(*), MIN(accepted_at), MIN(due_at), MIN(changed_at)
            FROM messages
            WHERE {IsUnanswered}
            GROUP BY session_id, conversation_id, state, speaker
            """)
            .ListAsync(UnansweredGroup.From, cancellationToken);

    /// <summary>All messages without an answer, oldest first.</summary>
    public static Task<List<Message>> UnderWayAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Message.Columns}
            FROM messages
            WHERE {IsUnanswered}
            ORDER BY accepted_at, number
            """)
            .ListAsync(Message.From, cancellationToken);

    /// <summary>The held messages, oldest first. As of all lists of messages here, without their content.</summary>
    public static Task<List<Message>> HeldAsync(Reading reading, CancellationToken cancellationToken) =>
        InStateAsync(reading, MessageState.Held, cancellationToken);

    /// <summary>The messages that wait for a time, oldest first.</summary>
    public static Task<List<Message>> DeferredAsync(Reading reading, CancellationToken cancellationToken) =>
        InStateAsync(reading, MessageState.Deferred, cancellationToken);

    /// <summary>The messages that are being asked, oldest first.</summary>
    public static Task<List<Message>> AskingAsync(Reading reading, CancellationToken cancellationToken) =>
        InStateAsync(reading, MessageState.Asking, cancellationToken);

    /// <summary>The messages that wait for the operator, oldest first.</summary>
    public static Task<List<Message>> WaitingAsync(Reading reading, CancellationToken cancellationToken) =>
        InStateAsync(reading, MessageState.Waiting, cancellationToken);

    /// <summary>The operator's answers that the advisor has not taken yet.</summary>
    public static async Task<List<Message>> AnswersUnderWayAsync(Reading reading, CancellationToken cancellationToken)
    {
        var words = await reading.Sql(
            $"""
            SELECT {Message.ColumnsOfList}
            FROM messages
            WHERE {IsUnanswered} AND speaker = 'operator'
            """)
            .ListAsync(Message.From, cancellationToken);
        return words.FindAll(message => message.Origin is not null); // Not in the query: it would go through the index of all origins.
    }

    /// <summary>Messages that wait for their turn or a time, and have none. There should be none.</summary>
    public static Task<List<Message>> WithoutDueAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Message.ColumnsOfList}
            FROM messages
            WHERE {IsUnanswered} AND state IN ('accepted', 'deferred') AND due_at = @never
            """)
            .With("@never", Message.Never)
            .ListAsync(Message.From, cancellationToken);

    private static Task<List<Message>> InStateAsync(Reading reading, MessageState state, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Message.ColumnsOfList}
            FROM messages
            WHERE {IsUnanswered} AND state = @state
            ORDER BY accepted_at, number
            """)
            .With("@state", state.Word())
            .ListAsync(Message.From, cancellationToken);

    /// <summary>The oldest message of a group.</summary>
    public static Task<Message?> OldestAsync(Reading reading, UnansweredGroup group, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Message.ColumnsOfList}
            FROM messages
            WHERE {IsUnanswered} AND session_id = @session AND conversation_id = @conversation AND state = @state AND speaker = @speaker
            ORDER BY accepted_at
            LIMIT 1
            """)
            .With("@session", group.Session.Value).With("@conversation", group.Conversation.Value)
            .With("@state", group.State.Word()).With("@speaker", group.Speaker.Word())
            .FirstAsync(Message.From, cancellationToken);

    /// <summary>The messages of a session that have no answer yet, oldest first.</summary>
    public static Task<List<Message>> UnansweredAsync(Reading reading, SessionId session, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Message.ColumnsOfList}
            FROM messages
            WHERE session_id = @session AND speaker = 'session' AND {IsUnanswered}
            ORDER BY number, accepted_at
            """)
            .With("@session", session.Value)
            .ListAsync(Message.From, cancellationToken);

    /// <summary>How many characters the conversation's next message has: of a session or of the operator, whichever is longer.</summary>
    public static async Task<long> LongestNextAsync(Reading reading, ConversationId conversation, CancellationToken cancellationToken)
    {
        var longest = 0L;
        foreach (var speaker in Enum.GetValues<Speaker>())
            longest = Math.Max(longest, await reading.Sql(
                $"""
                SELECT CAST(LENGTH(content) AS BIGINT)
                FROM messages
                WHERE {IsNext}
                LIMIT 1
                """)
                .With("@conversation", conversation.Value).With("@speaker", speaker.Word())
                .NumberOrNullAsync(cancellationToken) ?? 0);
        return longest;
    }

    /// <summary>The newest message of a session with this very text whose reply goes to a tool and is not there yet.</summary>
    public static Task<Message?> SameUnansweredAsync(
        Reading reading, SessionId session, string content, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Message.ColumnsOfList}
            FROM messages
            WHERE session_id = @session AND speaker = 'session' AND {IsUnanswered} AND channel = 'agent' AND content = @content
            ORDER BY number DESC
            LIMIT 1
            """)
            .With("@session", session.Value).With("@content", content)
            .FirstAsync(Message.From, cancellationToken);

    /// <summary>Whether any message of the session has no answer yet, in whatever conversation.</summary>
    public static async Task<bool> HasUnansweredAsync(Reading reading, SessionId session, CancellationToken cancellationToken) =>
        await reading.Sql($"SELECT 1 FROM messages WHERE session_id = @session AND {IsUnanswered} LIMIT 1")
            .With("@session", session.Value)
            .NumberOrNullAsync(cancellationToken) is not null;

    public static async Task<bool> IsWaitingAsync(
        Reading reading, SessionId session, ConversationId conversation, CancellationToken cancellationToken) =>
        await reading.Sql(
            $"""
            SELECT 1
            FROM messages
            WHERE session_id = @session AND conversation_id = @conversation AND speaker = 'session' AND {IsUnanswered}
            LIMIT 1
            """)
            .With("@session", session.Value).With("@conversation", conversation.Value)
            .NumberOrNullAsync(cancellationToken) is not null;

    /// <summary>The sessions whose messages are next in the conversation, as far as the first <paramref name="most"/> messages
    /// go.</summary>
    public static async Task<List<SessionId>> NextSessionsAsync(
        Reading reading, ConversationId conversation, int most, CancellationToken cancellationToken)
    {
        var sessions = await reading.Sql(
            $"""
            SELECT session_id
            FROM messages
            WHERE conversation_id = @conversation AND speaker = 'session' AND {IsPending}
            ORDER BY priority, number
            LIMIT @most
            """)
            .With("@conversation", conversation.Value).With("@most", most)
            .ListAsync(row => SessionId.Stored(row.Text()), cancellationToken);
        return sessions.Distinct().ToList();
    }

    /// <summary>A session's message and the operator's answers to the questions about it, oldest first.</summary>
    public static Task<List<Message>> FamilyAsync(Reading reading, Message message, CancellationToken cancellationToken) =>
        // The ids come from the index alone. For whole rows SQLite takes the primary key and reads all of the conversation's.
        reading.Sql(
            $"""
            SELECT {Message.Columns}
            FROM messages
            WHERE conversation_id = @conversation AND message_id IN (
                SELECT @root
                UNION ALL
                SELECT message_id
                FROM messages
                WHERE conversation_id = @conversation AND origin_id = @root AND origin_id IS NOT NULL)
            ORDER BY number
            """)
            .With("@conversation", message.Conversation.Value).With("@root", message.Root.Value)
            .ListAsync(Message.From, cancellationToken);

    public static Task<List<MessageEvent>> EventsAsync(Reading reading, Message message, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT number, message_id, at, state, detail
            FROM message_events
            WHERE conversation_id = @conversation AND message_id = @message
            ORDER BY number
            """)
            .With("@conversation", message.Conversation.Value).With("@message", message.Id.Value)
            .ListAsync(MessageEvent.From, cancellationToken);

    /// <summary>The messages of a conversation whose id starts with a text, newest first.</summary>
    public static Task<List<Message>> WithPrefixAsync(
        Reading reading, ConversationId conversation, string prefix, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Message.Columns}
            FROM messages
            WHERE conversation_id = @conversation AND message_id >= @prefix AND message_id < @end
            ORDER BY message_id DESC
            LIMIT 20
            """)
            .With("@conversation", conversation.Value).With("@prefix", prefix).With("@end", prefix + "~")
            .ListAsync(Message.From, cancellationToken);

    /// <summary>The messages of a conversation whose id ends with a text, newest first. Only the newest messages are searched.</summary>
    public static Task<List<Message>> WithSuffixAsync(
        Reading reading, ConversationId conversation, string suffix, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Message.Columns}
            FROM (
                SELECT {Message.Columns}
                FROM messages
                WHERE conversation_id = @conversation
                ORDER BY message_id DESC
                LIMIT {NewestSearched}) AS newest
            WHERE SUBSTR(message_id, LENGTH(message_id) - LENGTH(@suffix) + 1) = @suffix
            LIMIT 20
            """)
            .With("@conversation", conversation.Value).With("@suffix", suffix)
            .ListAsync(Message.From, cancellationToken);
}

/// <summary>The messages without an answer that have the same session, conversation, state and speaker.</summary>
internal sealed record UnansweredGroup(
    SessionId Session,
    ConversationId Conversation,
    MessageState State,
    Speaker Speaker,
    long Count,
    DateTimeOffset OldestAt,
    DateTimeOffset? FirstDueAt,
    DateTimeOffset FirstChangedAt)
{
    public static UnansweredGroup From(Row row) => new(
        SessionId.Stored(row.Text()),
        new ConversationId(row.Text()),
        row.Word<MessageState>(),
        row.Word<Speaker>(),
        row.Number(),
        row.Time(),
        row.Number() is var due and not Message.Never ? DateTimeOffset.FromUnixTimeMilliseconds(due) : null,
        row.Time());
}

internal sealed record MessageEvent(long Number, MessageId Message, DateTimeOffset At, string State, string? Detail)
{
    public static MessageEvent From(Row row) =>
        new(row.Number(), new MessageId(row.Text()), row.Time(), row.Text(), row.TextOrNull());
}
