using System.Data.Common;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Dispatch;

internal enum DispatchState
{
    Ready,
    Staged,
    Placed,
    Consumed,
}

/// <summary>A reply on its way to a session.</summary>
internal sealed record OutboundReply(
    ConversationId Conversation,
    string Id,
    MessageId? Message,
    SessionId Session,
    long Number,
    ReplyChannel Channel,
    string Content,
    DispatchState State,
    DateTimeOffset CreatedAt)
{
    public const string Columns = "conversation_id, dispatch_id, message_id, session_id, number, channel, content, state, created_at";

    public static OutboundReply From(DbDataReader reader) => new(
        new ConversationId(reader.Text("conversation_id")),
        reader.Text("dispatch_id"),
        reader.TextOrNull("message_id") is { } message ? new MessageId(message) : null,
        SessionId.Stored(reader.Text("session_id")),
        reader.Number("number"),
        Enum.Parse<ReplyChannel>(reader.Text("channel"), ignoreCase: true),
        reader.Text("content"),
        Enum.Parse<DispatchState>(reader.Text("state"), ignoreCase: true),
        reader.Time("created_at"));
}

/// <summary>Owns the dispatches: one per reply and session, in the session's order, each going ready, staged, placed, consumed.</summary>
internal sealed class Outbox(Database database, MessageStore messages, TimeProvider clock)
{
    public async Task EnqueueAsync(
        DbTransaction transaction,
        ConversationId conversation,
        MessageId? message,
        long position,
        SessionId session,
        ReplyChannel channel,
        string content,
        CancellationToken cancellationToken)
    {
        var number = await transaction.Command("UPDATE sessions SET last_dispatch = last_dispatch + 1 WHERE session_id = @session RETURNING last_dispatch")
            .With("@session", session.Value)
            .NumberAsync(cancellationToken);
        await transaction.Command(
            """
            INSERT INTO dispatches (conversation_id, dispatch_id, message_id, position, session_id, number, channel, content, state, created_at)
            VALUES (@conversation, @id, @message, @position, @session, @number, @channel, @content, 'ready', @now)
            """)
            .With("@conversation", conversation.Value).With("@id", Guid.CreateVersion7(clock.GetUtcNow()).ToString())
            .With("@message", message?.Value).With("@position", position).With("@session", session.Value)
            .With("@number", number).With("@channel", channel.Word()).With("@content", content).With("@now", clock.UnixNow())
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>What lies in a session's folder and was not taken yet, at most one per session.</summary>
    public Task<List<OutboundReply>> PlacedAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                $"""
                SELECT {OutboundReply.Columns}
                FROM dispatches
                WHERE state = 'placed' AND channel = 'folder'
                """)
                .ListAsync(OutboundReply.From, cancellationToken),
            cancellationToken);

    /// <summary>The next reply of every session whose folder is free.</summary>
    public Task<List<OutboundReply>> NextForFoldersAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                $"""
                SELECT {OutboundReply.Columns}
                FROM dispatches
                WHERE (session_id, number) IN (
                    SELECT s.session_id, (
                        SELECT MIN(e.number)
                        FROM dispatches e
                        WHERE e.session_id = s.session_id AND e.channel = 'folder' AND e.state IN ('ready', 'staged'))
                    FROM sessions s
                    WHERE NOT EXISTS (
                        SELECT 1
                        FROM dispatches p
                        WHERE p.session_id = s.session_id AND p.channel = 'folder' AND p.state = 'placed'))
                ORDER BY created_at
                """)
                .ListAsync(OutboundReply.From, cancellationToken),
            cancellationToken);

    public Task StagedAsync(OutboundReply reply, CancellationToken cancellationToken) =>
        database.WriteAsync(transaction => SetStateAsync(transaction, reply, DispatchState.Staged, cancellationToken), cancellationToken);

    public Task PlacedAsync(OutboundReply reply, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async transaction =>
            {
                await SetStateAsync(transaction, reply, DispatchState.Placed, cancellationToken);
                if (reply.Message is { } message)
                    await messages.ChangeAsync(transaction, reply.Conversation, message, new Change(MessageState.Placed), cancellationToken);
            },
            cancellationToken);

    /// <summary>The receipt: the session took it. False when that was known before.</summary>
    public Task<bool> ConsumedAsync(OutboundReply reply, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async transaction =>
            {
                if (await SetStateAsync(transaction, reply, DispatchState.Consumed, cancellationToken) == 0)
                    return false;
                if (reply.Message is { } message)
                    await messages.ChangeAsync(transaction, reply.Conversation, message, new Change(MessageState.Consumed), cancellationToken);
                return true;
            },
            cancellationToken);

    /// <summary>Sends what a caller no longer waits for to the session's folder.</summary>
    public Task ToFolderAsync(OutboundReply reply, CancellationToken cancellationToken) =>
        database.WriteAsync(
            transaction => transaction.Command(
                """
                UPDATE dispatches
                SET channel = 'folder'
                WHERE conversation_id = @conversation AND dispatch_id = @id AND channel = 'caller' AND state = 'ready'
                """)
                .With("@conversation", reply.Conversation.Value).With("@id", reply.Id)
                .ExecuteAsync(cancellationToken),
            cancellationToken);

    public Task<List<OutboundReply>> ForCallersAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                $"""
                SELECT {OutboundReply.Columns}
                FROM dispatches
                WHERE channel = 'caller' AND state = 'ready'
                """)
                .ListAsync(OutboundReply.From, cancellationToken),
            cancellationToken);

    /// <summary>What waits for a session that takes its replies through hooks and tool calls, in order.</summary>
    public Task<List<OutboundReply>> ForAgentAsync(SessionId session, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                $"""
                SELECT {OutboundReply.Columns}
                FROM dispatches
                WHERE session_id = @session AND channel = 'agent' AND state = 'ready'
                ORDER BY number
                """)
                .With("@session", session.Value)
                .ListAsync(OutboundReply.From, cancellationToken),
            cancellationToken);

    /// <summary>The reply to a message, null while there is none.</summary>
    public Task<OutboundReply?> ReplyToAsync(ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                $"""
                SELECT {OutboundReply.Columns}
                FROM dispatches
                WHERE conversation_id = @conversation AND message_id = @message
                """)
                .With("@conversation", conversation.Value).With("@message", message.Value)
                .FirstAsync(OutboundReply.From, cancellationToken),
            cancellationToken);

    /// <summary>How far the replies to a message have come, with their times.</summary>
    public Task<List<DispatchRecord>> RecordsOfAsync(ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                """
                SELECT dispatch_id, session_id, channel, state, content, created_at, placed_at, consumed_at
                FROM dispatches
                WHERE conversation_id = @conversation AND message_id = @message
                ORDER BY created_at
                """)
                .With("@conversation", conversation.Value).With("@message", message.Value)
                .ListAsync(DispatchRecord.From, cancellationToken),
            cancellationToken);

    private Task<int> SetStateAsync(DbTransaction transaction, OutboundReply reply, DispatchState state, CancellationToken cancellationToken) =>
        transaction.Command(
            """
            UPDATE dispatches
            SET state = @state,
                placed_at = CASE @state WHEN 'placed' THEN @now ELSE placed_at END,
                consumed_at = CASE @state WHEN 'consumed' THEN @now ELSE consumed_at END
            WHERE conversation_id = @conversation AND dispatch_id = @id AND state <> 'consumed'
            """)
            .With("@conversation", reply.Conversation.Value).With("@id", reply.Id)
            .With("@state", state.Word()).With("@now", clock.UnixNow())
            .ExecuteAsync(cancellationToken);
}

/// <summary>A dispatch as it is told to people: where it went and when.</summary>
internal sealed record DispatchRecord(
    string Id, string Session, string Channel, string State, string Content, DateTimeOffset CreatedAt, DateTimeOffset? PlacedAt, DateTimeOffset? ConsumedAt)
{
    public static DispatchRecord From(DbDataReader reader) => new(
        reader.Text("dispatch_id"),
        reader.Text("session_id"),
        reader.Text("channel"),
        reader.Text("state"),
        reader.Text("content"),
        reader.Time("created_at"),
        reader.TimeOrNull("placed_at"),
        reader.TimeOrNull("consumed_at"));
}
