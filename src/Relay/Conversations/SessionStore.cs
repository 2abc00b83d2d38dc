using System.Data.Common;
using Relay.Storage;

namespace Relay.Conversations;

internal sealed record Session(SessionId Id, ConversationId Conversation, DateTimeOffset FirstSeenAt, DateTimeOffset? LastSeenAt, long Unanswered, long Undelivered);

internal sealed record Participant(SessionId Id, DateTimeOffset LastSeenAt, DateTimeOffset? EndedAt, bool IsWaiting);

/// <summary>Owns sessions and the conversations they share.</summary>
internal sealed class SessionStore(Database database, TimeProvider clock)
{
    /// <summary>Makes the session and its conversation known; a session that moved to another conversation moves for what comes from now on.</summary>
    public async Task SeenAsync(
        DbTransaction transaction, SessionId session, ConversationId conversation, ReplyChannel channel, CancellationToken cancellationToken)
    {
        await KnowConversationAsync(transaction, conversation, cancellationToken);
        await transaction.Command(
            """
            INSERT INTO sessions (session_id, conversation_id, channel, last_dispatch, first_seen_at, last_seen_at)
            VALUES (@session, @conversation, @channel, 0, @now, @now)
            ON CONFLICT (session_id) DO UPDATE
            SET conversation_id = excluded.conversation_id, channel = excluded.channel, last_seen_at = excluded.last_seen_at, ended_at = NULL
            """)
            .With("@session", session.Value).With("@conversation", conversation.Value).With("@now", clock.UnixNow())
            .With("@channel", (channel == ReplyChannel.Agent ? ReplyChannel.Agent : ReplyChannel.Folder).Word())
            .ExecuteAsync(cancellationToken);
    }

    public Task KnowConversationAsync(DbTransaction transaction, ConversationId conversation, CancellationToken cancellationToken) =>
        transaction.Command(
            """
            INSERT INTO conversations (conversation_id, claim_epoch, last_number, last_position, window_turns, window_characters, created_at)
            VALUES (@conversation, 0, 0, 0, 0, 0, @now)
            ON CONFLICT (conversation_id) DO NOTHING
            """)
            .With("@conversation", conversation.Value).With("@now", clock.UnixNow())
            .ExecuteAsync(cancellationToken);

    public Task EndedAsync(SessionId session, CancellationToken cancellationToken) =>
        database.WriteAsync(
            transaction => transaction.Command("UPDATE sessions SET ended_at = @now WHERE session_id = @session")
                .With("@session", session.Value).With("@now", clock.UnixNow())
                .ExecuteAsync(cancellationToken),
            cancellationToken);

    /// <summary>Who shares a conversation, for the advisor's eyes: empty unless one of them is reached through its hooks.</summary>
    public static Task<List<Participant>> ParticipantsAsync(DbConnection connection, ConversationId conversation, CancellationToken cancellationToken) =>
        connection.Command(
            $"""
            SELECT
                s.session_id, s.last_seen_at, s.ended_at,
                CASE WHEN EXISTS (
                    SELECT 1
                    FROM messages m
                    WHERE m.session_id = s.session_id AND m.conversation_id = s.conversation_id AND m.speaker = 'session'
                      AND m.state IN ({MessageStore.UnansweredStates})) THEN 1 ELSE 0 END AS waits
            FROM sessions s
            WHERE s.conversation_id = @conversation AND s.last_seen_at IS NOT NULL
              AND EXISTS (
                  SELECT 1
                  FROM sessions a
                  WHERE a.conversation_id = @conversation AND a.last_seen_at IS NOT NULL AND a.channel = 'agent')
            ORDER BY s.session_id
            """)
            .With("@conversation", conversation.Value)
            .ListAsync(
                reader => new Participant(
                    SessionId.Stored(reader.Text("session_id")), reader.Time("last_seen_at"), reader.TimeOrNull("ended_at"), reader.Number("waits") > 0),
                cancellationToken);

    public static Task<List<string>> NamesAsync(DbConnection connection, ConversationId conversation, CancellationToken cancellationToken) =>
        connection.Command("SELECT session_id FROM sessions WHERE conversation_id = @conversation")
            .With("@conversation", conversation.Value)
            .ListAsync(reader => reader.Text("session_id"), cancellationToken);

    /// <summary>How words nobody asked for reach a session; one that was never seen is made known, with the folder.</summary>
    public async Task<ReplyChannel> ChannelAsync(
        DbTransaction transaction, SessionId session, ConversationId conversation, CancellationToken cancellationToken)
    {
        await IntroduceAsync(transaction, session, conversation, cancellationToken);
        var agents = await transaction.Command("SELECT COUNT(*) FROM sessions WHERE session_id = @session AND channel = 'agent'")
            .With("@session", session.Value)
            .NumberAsync(cancellationToken);
        return agents > 0 ? ReplyChannel.Agent : ReplyChannel.Folder;
    }

    public Task IntroduceAsync(SessionId session, ConversationId conversation, CancellationToken cancellationToken) =>
        database.WriteAsync(transaction => IntroduceAsync(transaction, session, conversation, cancellationToken), cancellationToken);

    private async Task IntroduceAsync(DbTransaction transaction, SessionId session, ConversationId conversation, CancellationToken cancellationToken)
    {
        await KnowConversationAsync(transaction, conversation, cancellationToken);
        await transaction.Command(
            """
            INSERT INTO sessions (session_id, conversation_id, channel, last_dispatch, first_seen_at)
            VALUES (@session, @conversation, 'folder', 0, @now)
            ON CONFLICT (session_id) DO NOTHING
            """)
            .With("@session", session.Value).With("@conversation", conversation.Value).With("@now", clock.UnixNow())
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>Every conversation, and the position of the newest entry in its journal.</summary>
    public Task<List<(ConversationId Conversation, long LastPosition)>> ConversationsAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                """
                SELECT conversation_id, last_position
                FROM conversations
                ORDER BY conversation_id
                """)
                .ListAsync(reader => (new ConversationId(reader.Text("conversation_id")), reader.Number("last_position")), cancellationToken),
            cancellationToken);

    public Task<List<Session>> ListAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                $"""
                SELECT
                    s.session_id, s.conversation_id, s.first_seen_at, s.last_seen_at,
                    (SELECT COUNT(*) FROM messages m
                     WHERE m.session_id = s.session_id AND m.speaker = 'session' AND m.state IN ({MessageStore.UnansweredStates})) AS unanswered,
                    (SELECT COUNT(*) FROM dispatches d
                     WHERE d.session_id = s.session_id AND d.state <> 'consumed') AS undelivered
                FROM sessions s
                ORDER BY s.session_id
                """)
                .ListAsync(
                    reader => new Session(
                        SessionId.Stored(reader.Text("session_id")),
                        new ConversationId(reader.Text("conversation_id")),
                        reader.Time("first_seen_at"),
                        reader.TimeOrNull("last_seen_at"),
                        reader.Number("unanswered"),
                        reader.Number("undelivered")),
                    cancellationToken),
            cancellationToken);
}
