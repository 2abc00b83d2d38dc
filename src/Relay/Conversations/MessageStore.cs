using System.Data.Common;
using Relay.Storage;

namespace Relay.Conversations;

/// <summary>A message on its way in, before it has an id.</summary>
internal sealed record NewMessage(
    ConversationId Conversation,
    SessionId Session,
    Speaker Speaker,
    ReplyChannel Channel,
    MessageId? Origin,
    string DedupeKey,
    string Content);

/// <summary>Owns messages and the row each change of theirs leaves behind.</summary>
internal sealed class MessageStore(Database database, TimeProvider clock)
{
    public const string UnansweredStates = "'accepted', 'asking', 'waiting', 'deferred', 'held'";

    /// <summary>The new message's id, or null when one with its key is there already.</summary>
    public async Task<MessageId?> InsertAsync(DbTransaction transaction, NewMessage message, CancellationToken cancellationToken)
    {
        var id = MessageId.New(clock);
        var now = clock.UnixNow();
        var inserted = await transaction.Command(
            """
            INSERT INTO messages (
                conversation_id, message_id, number, session_id, speaker, channel, origin_id, dedupe_key,
                content, state, priority, attempts, due_at, accepted_at, changed_at)
            SELECT
                @conversation, @id, last_number + 1, @session, @speaker, @channel, @origin, @dedupe,
                @content, 'accepted', @priority, 0, @now, @now, @now
            FROM conversations
            WHERE conversation_id = @conversation
            ON CONFLICT (conversation_id, speaker, session_id, dedupe_key) DO NOTHING
            """)
            .With("@conversation", message.Conversation.Value).With("@id", id.Value).With("@session", message.Session.Value)
            .With("@speaker", message.Speaker.Word()).With("@channel", message.Channel.Word()).With("@origin", message.Origin?.Value)
            .With("@dedupe", message.DedupeKey).With("@content", message.Content).With("@priority", message.Speaker == Speaker.Operator ? 1 : 2).With("@now", now)
            .ExecuteAsync(cancellationToken);
        if (inserted == 0)
            return null;
        await transaction.Command("UPDATE conversations SET last_number = last_number + 1 WHERE conversation_id = @conversation")
            .With("@conversation", message.Conversation.Value)
            .ExecuteAsync(cancellationToken);
        await NoteAsync(transaction, message.Conversation, id, MessageState.Accepted.Word(), detail: null, cancellationToken);
        return id;
    }

    /// <summary>Moves a message on and leaves a row that says so.</summary>
    public async Task ChangeAsync(
        DbTransaction transaction, ConversationId conversation, MessageId message, Change change, CancellationToken cancellationToken)
    {
        await transaction.Command(
            """
            UPDATE messages
            SET state = @state, cause = @cause, reason = @reason, due_at = @due, changed_at = @now,
                attempts = attempts + @attempt, priority = CASE @attempt WHEN 1 THEN 0 ELSE priority END
            WHERE conversation_id = @conversation AND message_id = @message
            """)
            .With("@conversation", conversation.Value).With("@message", message.Value)
            .With("@state", change.State.Word()).With("@cause", change.Cause).With("@reason", change.Reason)
            .With("@due", change.DueAt?.ToUnixTimeMilliseconds() ?? long.MaxValue)
            .With("@attempt", change.State == MessageState.Asking ? 1 : 0).With("@now", clock.UnixNow())
            .ExecuteAsync(cancellationToken);
        await NoteAsync(transaction, conversation, message, change.State.Word(), change.Describe(), cancellationToken);
    }

    /// <summary>A row in the message's story that changes nothing.</summary>
    public Task NoteAsync(
        DbTransaction transaction, ConversationId conversation, MessageId message, string state, string? detail, CancellationToken cancellationToken) =>
        transaction.Command(
            """
            INSERT INTO message_events (conversation_id, message_id, at, state, detail)
            VALUES (@conversation, @message, @now, @state, @detail)
            """)
            .With("@conversation", conversation.Value).With("@message", message.Value)
            .With("@now", clock.UnixNow()).With("@state", state).With("@detail", detail)
            .ExecuteAsync(cancellationToken);

    public static Task<Message?> FindAsync(DbConnection connection, ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        connection.Command(
            $"""
            SELECT {Message.Columns}
            FROM messages
            WHERE conversation_id = @conversation AND message_id = @message
            """)
            .With("@conversation", conversation.Value).With("@message", message.Value)
            .FirstAsync(Message.From, cancellationToken);

    /// <summary>A session's message by its key, in whatever conversation the session was when it said it.</summary>
    public static Task<Message?> FindByKeyAsync(DbConnection connection, SessionId session, string dedupeKey, CancellationToken cancellationToken) =>
        connection.Command(
            $"""
            SELECT {Message.Columns}
            FROM messages
            WHERE conversation_id IN (SELECT conversation_id FROM conversations)
              AND speaker = 'session' AND session_id = @session AND dedupe_key = @dedupe
            """)
            .With("@session", session.Value).With("@dedupe", dedupeKey)
            .FirstAsync(Message.From, cancellationToken);

    /// <summary>Messages a person may mean: by id or by the id their envelope had; else by the beginning or end of an id.</summary>
    public Task<List<Message>> SearchAsync(string text, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                $"""
                WITH exact AS (
                    SELECT conversation_id, message_id
                    FROM messages
                    WHERE message_id = @text OR dedupe_key = @key)
                SELECT {Message.Columns}
                FROM messages
                WHERE (conversation_id, message_id) IN (SELECT conversation_id, message_id FROM exact)
                   OR (NOT EXISTS (SELECT 1 FROM exact) AND (message_id LIKE @prefix ESCAPE '\' OR message_id LIKE @suffix ESCAPE '\'))
                ORDER BY accepted_at DESC
                LIMIT 20
                """)
                .With("@text", text).With("@key", "id:" + text).With("@prefix", Escaped(text) + "%").With("@suffix", "%" + Escaped(text))
                .ListAsync(Message.From, cancellationToken),
            cancellationToken);

    /// <summary>A session's message and the operator's answers to what it raised, oldest first.</summary>
    public Task<List<Message>> FamilyAsync(Message message, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                $"""
                SELECT {Message.Columns}
                FROM messages
                WHERE conversation_id = @conversation AND (message_id = @root OR origin_id = @root)
                ORDER BY number
                """)
                .With("@conversation", message.Conversation.Value).With("@root", message.Root.Value)
                .ListAsync(Message.From, cancellationToken),
            cancellationToken);

    public Task<List<MessageEvent>> EventsAsync(Message message, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                """
                SELECT event_id, message_id, at, state, detail
                FROM message_events
                WHERE conversation_id = @conversation AND message_id = @message
                ORDER BY event_id
                """)
                .With("@conversation", message.Conversation.Value).With("@message", message.Id.Value)
                .ListAsync(MessageEvent.From, cancellationToken),
            cancellationToken);

    /// <summary>What has no answer yet, without its text.</summary>
    public Task<Backlog> BacklogAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            async connection =>
            {
                var held = await connection.Command("SELECT cause, reason FROM messages WHERE state = 'held' ORDER BY accepted_at, number")
                    .ListAsync(reader => new Hold(reader.TextOrNull("cause"), reader.TextOrNull("reason")), cancellationToken);
                var sums = await connection.Command(
                    $"""
                    SELECT COUNT(*) AS count, MIN(accepted_at) AS oldest, MIN(CASE WHEN state = 'deferred' THEN due_at END) AS deferred_until
                    FROM messages
                    WHERE state IN ({UnansweredStates})
                    """)
                    .ListAsync(
                        reader => new Backlog(reader.Number("count"), reader.TimeOrNull("oldest"), reader.TimeOrNull("deferred_until"), held), cancellationToken);
                return sums[0];
            },
            cancellationToken);

    /// <summary>What a session still waits for an answer to, oldest first.</summary>
    public Task<List<Message>> UnansweredAsync(SessionId session, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                $"""
                SELECT {Message.Columns}
                FROM messages
                WHERE session_id = @session AND speaker = 'session' AND state IN ({UnansweredStates})
                ORDER BY accepted_at, number
                """)
                .With("@session", session.Value)
                .ListAsync(Message.From, cancellationToken),
            cancellationToken);

    /// <summary>The newest message of a session with just this content whose reply has not reached it yet.</summary>
    public Task<Message?> FindOpenAsync(SessionId session, string content, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                $"""
                SELECT {Message.Columns}
                FROM messages
                WHERE session_id = @session AND speaker = 'session' AND content = @content AND state NOT IN ('consumed', 'dead')
                ORDER BY number DESC
                LIMIT 1
                """)
                .With("@session", session.Value).With("@content", content)
                .FirstAsync(Message.From, cancellationToken),
            cancellationToken);

    /// <summary>The oldest message that nobody but the relay keeps waiting, and since when: an answered question starts the wait anew.
    /// Null when there is none.</summary>
    public Task<Moving?> OldestMovingAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                $"""
                SELECT {Message.Columns}, CASE WHEN unblocked_at > accepted_at THEN unblocked_at ELSE accepted_at END AS since
                FROM (
                    SELECT {Message.Columns},
                        COALESCE((SELECT MAX(q.answered_at) FROM questions q WHERE q.conversation_id = m.conversation_id), 0) AS unblocked_at
                    FROM messages m
                    WHERE state IN ('accepted', 'asking', 'deferred')
                      AND (speaker = 'operator' OR conversation_id NOT IN (SELECT conversation_id FROM questions WHERE state = 'open' AND kind <> 'permission'))
                      AND conversation_id NOT IN (SELECT conversation_id FROM messages WHERE state = 'held')
                ) AS moving
                ORDER BY since, number
                LIMIT 1
                """)
                .FirstAsync(reader => new Moving(Message.From(reader), reader.Time("since")), cancellationToken),
            cancellationToken);

    private static string Escaped(string text) => text.Replace(@"\", @"\\").Replace("%", @"\%").Replace("_", @"\_");
}

/// <summary>What a message becomes, and why.</summary>
internal sealed record Change(MessageState State, string? Cause = null, string? Reason = null, DateTimeOffset? DueAt = null)
{
    public string? Describe() => State is MessageState.Deferred or MessageState.Held && DueAt is { } due
        ? FormattableString.Invariant($"until {due:yyyy-MM-dd'T'HH:mm:ss'Z'}: {Reason}")
        : Reason;
}

/// <summary>All that waits for an answer.</summary>
internal sealed record Backlog(long Count, DateTimeOffset? OldestAt, DateTimeOffset? DeferredUntil, IReadOnlyList<Hold> Held);

internal sealed record Hold(string? Cause, string? Reason);

/// <summary>A message the relay has to move, and since when it has had to.</summary>
internal sealed record Moving(Message Message, DateTimeOffset Since);

internal sealed record MessageEvent(long Id, MessageId Message, DateTimeOffset At, string State, string? Detail)
{
    public static MessageEvent From(DbDataReader reader) => new(
        reader.Number("event_id"),
        new MessageId(reader.Text("message_id")),
        reader.Time("at"),
        reader.Text("state"),
        reader.TextOrNull("detail"));
}
