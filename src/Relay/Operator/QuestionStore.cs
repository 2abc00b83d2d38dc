using System.Data.Common;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>Owns the questions; at most one is open in a conversation, since the conversation waits for it.</summary>
internal sealed class QuestionStore(Database database, TimeProvider clock)
{
    public async Task<long> OpenAsync(
        DbTransaction transaction,
        ConversationId conversation,
        MessageId? message,
        SessionId session,
        QuestionKind kind,
        string text,
        CancellationToken cancellationToken) =>
        await transaction.Command(
            """
            INSERT INTO questions (conversation_id, message_id, session_id, kind, text, state, asked_at)
            VALUES (@conversation, @message, @session, @kind, @text, 'open', @now)
            RETURNING question_id
            """)
            .With("@conversation", conversation.Value).With("@message", message?.Value).With("@session", session.Value)
            .With("@kind", kind.Word()).With("@text", text).With("@now", clock.UnixNow())
            .NumberAsync(cancellationToken);

    public Task CloseAsync(DbTransaction transaction, Question question, string via, string answer, MessageId? asMessage, CancellationToken cancellationToken) =>
        transaction.Command(
            """
            UPDATE questions
            SET state = 'answered', answered_at = @now, answered_via = @via, answer = @answer, answer_message_id = @message
            WHERE question_id = @question AND state = 'open'
            """)
            .With("@question", question.Id).With("@now", clock.UnixNow()).With("@via", via)
            .With("@answer", answer).With("@message", asMessage?.Value)
            .ExecuteAsync(cancellationToken);

    /// <summary>Nobody waits for the answer any more. Nothing happens when it was answered.</summary>
    public Task ExpireAsync(DbTransaction transaction, long question, CancellationToken cancellationToken) =>
        transaction.Command(
            """
            UPDATE questions
            SET state = 'expired', answered_at = @now, answered_via = 'nobody: the client stopped waiting'
            WHERE question_id = @question AND state = 'open'
            """)
            .With("@question", question).With("@now", clock.UnixNow())
            .ExecuteAsync(cancellationToken);

    /// <summary>At the start: the clients that waited for a permission are gone.</summary>
    public Task ExpirePermissionsAsync(CancellationToken cancellationToken) =>
        database.WriteAsync(
            transaction => transaction.Command(
                """
                UPDATE questions
                SET state = 'expired', answered_at = @now, answered_via = 'nobody: the relay was restarted'
                WHERE state = 'open' AND kind = 'permission'
                """)
                .With("@now", clock.UnixNow())
                .ExecuteAsync(cancellationToken),
            cancellationToken);

    /// <summary>Whether the operator had a hand in what came of one of these messages.</summary>
    public Task<bool> WasAskedAboutAsync(IEnumerable<MessageId?> messages, CancellationToken cancellationToken) => database.ReadAsync(
        async connection =>
        {
            foreach (var message in messages)
                if (message is { } id && await CountAboutAsync(connection, id, cancellationToken) > 0)
                    return true;
            return false;
        },
        cancellationToken);

    private static Task<long> CountAboutAsync(DbConnection connection, MessageId message, CancellationToken cancellationToken) =>
        connection.Command("SELECT COUNT(*) FROM questions WHERE message_id = @message")
            .With("@message", message.Value)
            .NumberAsync(cancellationToken);

    public Task<List<Question>> OpenAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(connection => OpenAsync(connection, cancellationToken), cancellationToken);

    public static Task<List<Question>> OpenAsync(DbConnection connection, CancellationToken cancellationToken) =>
        connection.Command(
            $"""
            SELECT {Question.Columns}
            FROM questions
            WHERE state = 'open'
            ORDER BY question_id
            """)
            .ListAsync(Question.From, cancellationToken);

    public static Task<Question?> FindAsync(DbConnection connection, long question, CancellationToken cancellationToken) =>
        connection.Command(
            $"""
            SELECT {Question.Columns}
            FROM questions
            WHERE question_id = @question
            """)
            .With("@question", question)
            .FirstAsync(Question.From, cancellationToken);

    /// <summary>What a message raised, in order.</summary>
    public Task<List<Question>> OfAsync(ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                $"""
                SELECT {Question.Columns}
                FROM questions
                WHERE conversation_id = @conversation AND message_id = @message
                ORDER BY question_id
                """)
                .With("@conversation", conversation.Value).With("@message", message.Value)
                .ListAsync(Question.From, cancellationToken),
            cancellationToken);

    public static Task<Question?> NewestAnsweredAsync(DbConnection connection, CancellationToken cancellationToken) =>
        connection.Command(
            $"""
            SELECT {Question.Columns}
            FROM questions
            WHERE state = 'answered' AND kind <> 'permission'
            ORDER BY answered_at DESC
            LIMIT 1
            """)
            .FirstAsync(Question.From, cancellationToken);

    /// <summary>The newest ones first, answered or not.</summary>
    public Task<List<Question>> NewestAsync(int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                $"""
                SELECT {Question.Columns}
                FROM questions
                ORDER BY question_id DESC
                LIMIT @limit
                """)
                .With("@limit", limit)
                .ListAsync(Question.From, cancellationToken),
            cancellationToken);
}
