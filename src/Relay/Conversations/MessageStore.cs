using Relay.Running;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Conversations;

/// <summary>A message that has no id yet.</summary>
internal sealed record NewMessage(
    ConversationId Conversation,
    SessionId Session,
    Speaker Speaker,
    ReplyChannel Channel,
    MessageId? Origin,
    string DedupeKey,
    string Content)
{
    /// <summary>The id that its sender has made and told to people; null where it is made here.</summary>
    public MessageId? Proposed { get; init; }

    /// <inheritdoc cref="Message.IsOpinion"/>
    public bool IsOpinion { get; init; }
}

/// <summary>A message that is accepted now.</summary>
/// <param name="Id">Of its own.</param>
/// <param name="IsBehindCall">A call of its conversation is under way, so there is no hurry with it.</param>
internal sealed record InsertedMessage(MessageId Id, bool IsBehindCall);

/// <summary>What a message becomes, and why.</summary>
internal sealed record Change(MessageState State, HoldCause? Cause = null, string? Reason = null, DateTimeOffset? DueAt = null)
{
    public string? Describe() => State is MessageState.Deferred or MessageState.Held && DueAt is { } due
        ? FormattableString.Invariant($"until {due:yyyy-MM-dd'T'HH:mm:ss'Z'}: {Reason}")
        : Reason;
}

/// <summary>The clock was set by so much; what was written before has times up to <paramref name="Before"/>.</summary>
internal sealed record ClockStep(TimeSpan By, DateTimeOffset Before);

/// <summary>Owns messages, the keys under which each is said once, and the rows that tell of what departs from the straight line.</summary>
internal static partial class MessageStore
{
    /// <summary>The same text as in the partial index: SQLite uses such an index only if a query repeats its condition.</summary>
    public const string IsUnanswered = "state IN ('accepted', 'asking', 'waiting', 'deferred', 'held')";

    /// <summary>Messages that may be asked now or later, without a further event.</summary>
    public const string IsPending = "state IN ('accepted', 'asking', 'deferred', 'held')";

    /// <summary>The next message to be asked of a conversation's speaker is the first of these. What the model refused or cannot take waits
    /// for the operator and lets the others pass, except an answer, without which the conversation cannot go on.</summary>
    private const string IsNext = $"""
        conversation_id = @conversation AND speaker = @speaker AND {IsPending}
          AND (cause IS NULL OR cause NOT IN ('refusal', 'context') OR origin_id IS NOT NULL)
        ORDER BY priority, number
        """;

    /// <summary>Null when a message with its key is there already.</summary>
    public static async Task<InsertedMessage?> InsertAsync(Writing writing, NewMessage message, CancellationToken cancellationToken)
    {
        var id = await FreeAsync(writing, message.Proposed, cancellationToken) ?? MessageId.New(writing.Now);
        var isNew = await writing.Sql(
            """
            INSERT INTO message_keys (speaker, session_id, dedupe_key, conversation_id, message_id)
            VALUES (@speaker, @session, @dedupe, @conversation, @id)
            ON CONFLICT (speaker, session_id, dedupe_key) DO NOTHING
            """)
            .With("@speaker", message.Speaker.Word()).With("@session", message.Session.Value)
            .With("@dedupe", StoredKey.Of(message.DedupeKey))
            .With("@conversation", message.Conversation.Value).With("@id", id.Value)
            .ExecuteAsync(cancellationToken);
        if (isNew == 0)
            return null;
        var (number, isBusy) = await ConversationStore.NextNumberAsync(writing, message.Conversation, cancellationToken);
        await writing.Sql(
            """
            INSERT INTO messages (
                conversation_id, message_id, number, session_id, speaker, channel, origin_id,
                state, priority, attempts, due_at, accepted_at, changed_at, content, opinion)
            VALUES (
                @conversation, @id, @number, @session, @speaker, @channel, @origin,
                'accepted', @priority, 0, @now, @now, @now, @content, @opinion)
            """)
            .With("@conversation", message.Conversation.Value).With("@id", id.Value)
            .With("@number", number)
            .With("@session", message.Session.Value).With("@speaker", message.Speaker.Word()).With("@channel", message.Channel.Word())
            .With("@origin", message.Origin?.Value).With("@priority", PriorityOf(message.Speaker, message.Origin))
            .With("@now", writing.UnixNow).With("@content", message.Content)
            .With("@opinion", message.IsOpinion ? 1 : 0)
            .ExecuteAsync(cancellationToken);
        writing.Wake(Topic.Turns);
        return new InsertedMessage(id, isBusy);
    }

    /// <summary>Null when there is none, or another message has it, in whatever conversation.</summary>
    private static async Task<MessageId?> FreeAsync(Writing writing, MessageId? proposed, CancellationToken cancellationToken)
    {
        if (proposed is not { } id)
            return null;
        foreach (var (conversation, _) in await ConversationStore.ListAsync(writing, cancellationToken))
            if (await FindAsync(writing, conversation, id, cancellationToken) is not null)
                return null;
        return id;
    }

    /// <summary>Takes a message off the straight line, or back to it, and leaves a row that says so.</summary>
    public static async Task ChangeAsync(
        Writing writing, ConversationId conversation, MessageId message, Change change, CancellationToken cancellationToken)
    {
        if (change.State != MessageState.Held && await IsHeldAsync(writing, conversation, message, cancellationToken))
            await ConversationStore.UnblockAsync(writing, conversation, cancellationToken);
        await writing.Sql(
            """
            UPDATE messages
            SET state = @state, cause = @cause, reason = @reason, due_at = @due, changed_at = @now
            WHERE conversation_id = @conversation AND message_id = @message
            """)
            .With("@conversation", conversation.Value).With("@message", message.Value)
            .With("@state", change.State.Word()).With("@cause", change.Cause?.Word()).With("@reason", change.Reason)
            .With("@due", change.DueAt?.ToUnixTimeMilliseconds() ?? Message.Never).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
        await NoteAsync(writing, conversation, message, new MessageNote(change.State.Word(), change.Describe()), cancellationToken);
        writing.Wake(Topic.Turns, conversation.Value);
        writing.Wake(Topic.Replies, message.Value);
    }

    private static async Task<bool> IsHeldAsync(
        Reading reading, ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        await reading.Sql("SELECT 1 FROM messages WHERE conversation_id = @conversation AND message_id = @message AND state = 'held'")
            .With("@conversation", conversation.Value).With("@message", message.Value)
            .NumberOrNullAsync(cancellationToken) is not null;

    /// <summary>The message is being asked. It has its place in the journal now, so until it is answered it comes before all
    /// messages that have none.</summary>
    public static async Task AskAsync(Writing writing, Message message, long askedPosition, CancellationToken cancellationToken)
    {
        var asked = await writing.Sql(
            """
            UPDATE messages
            SET state = 'asking', cause = NULL, reason = NULL, due_at = @never, changed_at = @now,
                attempts = attempts + 1, priority = 0, asked_position = @position
            WHERE conversation_id = @conversation AND message_id = @message
              AND (asked_position IS NULL OR asked_position = @position)
            """)
            .With("@conversation", message.Conversation.Value).With("@message", message.Id.Value)
            .With("@position", askedPosition).With("@never", Message.Never).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
        if (asked == 0)
            throw new LostRaceException($"message {message.Id} stands in the journal already");
        writing.Wake(Topic.Replies, message.Id.Value);
        if (message.State == MessageState.Held) // Until a time, which has come.
            await ConversationStore.UnblockAsync(writing, message.Conversation, cancellationToken);
    }

    /// <summary>Its entry is left out of the calls to come. Asked again, it gets a new one.</summary>
    public static Task LeaveOutAsync(Writing writing, Message message, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE messages
            SET asked_position = NULL, priority = @priority
            WHERE conversation_id = @conversation AND message_id = @message
            """)
            .With("@conversation", message.Conversation.Value).With("@message", message.Id.Value)
            .With("@priority", PriorityOf(message.Speaker, message.Origin))
            .ExecuteAsync(cancellationToken);

    /// <summary>An answer comes before what the operator says unasked: it is the next turn after its question.</summary>
    private static int PriorityOf(Speaker speaker, MessageId? origin) => speaker == Speaker.Session ? 2 : origin is null ? 1 : 0;

    /// <summary>The message is answered by the reply at a position of the journal.</summary>
    public static async Task AnswerAsync(
        Writing writing,
        ConversationId conversation,
        MessageId message,
        long replyPosition,
        string? reason,
        CancellationToken cancellationToken)
    {
        var answered = await writing.Sql(
            """
            UPDATE messages
            SET state = 'answered', cause = NULL, reason = @reason, due_at = @never, changed_at = @now,
                reply_position = @position
            WHERE conversation_id = @conversation AND message_id = @message AND reply_position IS NULL
            """)
            .With("@conversation", conversation.Value).With("@message", message.Value).With("@reason", reason)
            .With("@position", replyPosition).With("@never", Message.Never).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
        if (answered == 0)
            throw new LostRaceException($"message {message} is answered already");
        writing.Wake(Topic.Replies, message.Value); // One whose reply goes to nobody is waited for, too.
        if (reason is not null)
            await NoteAsync(writing, conversation, message, new MessageNote(MessageState.Answered.Word(), reason), cancellationToken);
    }

    /// <summary>The clock was set: what was deferred before that waits as long as it did.</summary>
    public static async Task FollowClockAsync(Writing writing, ClockStep step, CancellationToken cancellationToken)
    {
        await writing.Sql(
            $"""
            UPDATE messages
            SET due_at = due_at + @step, changed_at = changed_at + @step
            WHERE {IsUnanswered} AND state = 'deferred' AND changed_at <= @before
            """)
            .With("@step", (long)step.By.TotalMilliseconds).With("@before", step.Before.ToUnixTimeMilliseconds())
            .ExecuteAsync(cancellationToken);
        writing.Wake(Topic.Turns);
    }

    /// <summary>Adds an event to a message without changing the message.</summary>
    public static Task NoteAsync(
        Writing writing, ConversationId conversation, MessageId message, MessageNote note, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            INSERT INTO message_events (conversation_id, message_id, number, at, state, detail)
            SELECT @conversation, @message, COALESCE(MAX(number), 0) + 1, @now, @state, @detail
            FROM message_events
            WHERE conversation_id = @conversation AND message_id = @message
            """)
            .With("@conversation", conversation.Value).With("@message", message.Value)
            .With("@now", writing.UnixNow).With("@state", note.State).With("@detail", note.Detail)
            .ExecuteAsync(cancellationToken);

    public static Task<Message?> FindAsync(
        Reading reading, ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Message.Columns}
            FROM messages
            WHERE conversation_id = @conversation AND message_id = @message
            """)
            .With("@conversation", conversation.Value).With("@message", message.Value)
            .FirstAsync(Message.From, cancellationToken);

    /// <summary>A session's message by its key. The session may have been in another conversation then.</summary>
    public static Task<Message?> FindByKeyAsync(
        Reading reading, SessionId session, string dedupeKey, CancellationToken cancellationToken) =>
        FindByKeyAsync(reading, Speaker.Session, session, dedupeKey, cancellationToken);

    /// <summary>The operator's own words by their key.</summary>
    public static Task<Message?> FindOwnByKeyAsync(Reading reading, string dedupeKey, CancellationToken cancellationToken) =>
        FindByKeyAsync(reading, Speaker.Operator, SessionId.None, dedupeKey, cancellationToken);

    private static async Task<Message?> FindByKeyAsync(
        Reading reading, Speaker speaker, SessionId session, string dedupeKey, CancellationToken cancellationToken)
    {
        var found = await reading.Sql(
            """
            SELECT conversation_id, message_id
            FROM message_keys
            WHERE speaker = @speaker AND session_id = @session AND dedupe_key = @dedupe
            """)
            .With("@speaker", speaker.Word()).With("@session", session.Value).With("@dedupe", StoredKey.Of(dedupeKey))
            .FirstAsync(row => new MessageKey(new ConversationId(row.Text()), new MessageId(row.Text())), cancellationToken);
        return found is null ? null : await FindAsync(reading, found.Conversation, found.Message, cancellationToken);
    }

    /// <summary>The next message of a conversation to be asked, of one kind of speaker.</summary>
    public static Task<NextMessage?> NextAsync(
        Reading reading, ConversationId conversation, Speaker speaker, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Message.Columns}, priority
            FROM messages
            WHERE {IsNext}
            LIMIT 1
            """)
            .With("@conversation", conversation.Value).With("@speaker", speaker.Word())
            .FirstAsync(row => new NextMessage(Message.From(row), row.Number()), cancellationToken);

    /// <summary>The conversations with messages that may be asked. Each is found by one step through the index.</summary>
    public static Task<List<ConversationId>> PendingAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            WITH RECURSIVE pending (conversation_id) AS (
                SELECT (SELECT MIN(conversation_id) FROM messages WHERE {IsPending})
                UNION ALL
                SELECT (
                    SELECT MIN(m.conversation_id)
                    FROM messages m
                    WHERE m.conversation_id > p.conversation_id AND {IsPending})
                FROM pending p
                WHERE p.conversation_id IS NOT NULL)
            SELECT conversation_id
            FROM pending
            WHERE conversation_id IS NOT NULL
            """)
            .ListAsync(row => new ConversationId(row.Text()), cancellationToken);

    private sealed record MessageKey(ConversationId Conversation, MessageId Message);
}

/// <summary>A message and its priority, which decides between a message of the operator and one of a session.</summary>
internal sealed record NextMessage(Message Message, long Priority);

/// <summary>An event of a message. Its state is mostly the new state of the message, but it can be another word, such as "woken".</summary>
internal sealed record MessageNote(string State, string? Detail);
