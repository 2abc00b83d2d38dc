using Relay.Storage;

namespace Relay.Conversations;

/// <summary>A conversation as a turn finds it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Epoch">Of the newest claim.</param>
/// <param name="OpenQuestion">The question whose answer it waits for.</param>
/// <param name="UnblockedAt">When such a wait last ended; the epoch of time when there was none.</param>
internal sealed record Conversation(ConversationId Id, long Epoch, long? OpenQuestion, DateTimeOffset UnblockedAt);

/// <summary>A call that was under way.</summary>
internal sealed record RunningCall(ConversationId Conversation, string Message, string Call);

/// <summary>How much of its journal a conversation's next call would carry. Turns counts entries: a question and its reply are 2.</summary>
internal sealed record HistorySize(long Turns, long Characters);

/// <summary>Owns the conversations: who may commit, what each waits for, its numbers.</summary>
internal static class ConversationStore
{
    public static Task KnowAsync(Writing writing, ConversationId conversation, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            INSERT INTO conversations (
                conversation_id, claim_epoch, last_number, last_position, window_turns, window_characters, unblocked_at, created_at)
            VALUES (@conversation, 0, 0, 0, 0, 0, 0, @now)
            ON CONFLICT (conversation_id) DO NOTHING
            """)
            .With("@conversation", conversation.Value).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);

    public static Task<Conversation?> FindAsync(Reading reading, ConversationId conversation, CancellationToken cancellationToken) =>
        reading.Sql("SELECT claim_epoch, open_question, unblocked_at FROM conversations WHERE conversation_id = @conversation")
            .With("@conversation", conversation.Value)
            .FirstAsync(row => new Conversation(conversation, row.Number(), row.NumberOrNull(), row.Time()), cancellationToken);

    /// <summary>Every conversation, and the position of the newest entry in its journal.</summary>
    public static Task<List<(ConversationId Conversation, long LastPosition)>> ListAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT conversation_id, last_position
            FROM conversations
            ORDER BY conversation_id
            """)
            .ListAsync(row => (new ConversationId(row.Text()), row.Number()), cancellationToken);

    /// <summary>Takes the conversation for one call; whoever had it before can commit no more. The new epoch.</summary>
    public static Task<long> ClaimAsync(Writing writing, ConversationId conversation, string message, string call, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE conversations
            SET claim_epoch = claim_epoch + 1, call_message = @message, call_id = @call
            WHERE conversation_id = @conversation
            RETURNING claim_epoch
            """)
            .With("@conversation", conversation.Value).With("@message", message).With("@call", call)
            .NumberAsync(cancellationToken);

    /// <summary>The fence, and the first statement of a commit: false when another has claimed the conversation since, or when this call's
    /// end is recorded already.</summary>
    public static async Task<bool> EndCallAsync(Writing writing, ConversationId conversation, long epoch, string call, CancellationToken cancellationToken) =>
        await writing.Sql(
            """
            UPDATE conversations
            SET call_message = NULL, call_id = NULL
            WHERE conversation_id = @conversation AND claim_epoch = @epoch AND call_id = @call
            """)
            .With("@conversation", conversation.Value).With("@epoch", epoch).With("@call", call)
            .ExecuteAsync(cancellationToken) > 0;

    /// <summary>The one who made the call is gone: whoever claims next need not wait for it.</summary>
    public static Task ForgetCallAsync(Writing writing, RunningCall call, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE conversations
            SET call_message = NULL, call_id = NULL, claim_epoch = claim_epoch + 1
            WHERE conversation_id = @conversation AND call_id = @call
            """)
            .With("@conversation", call.Conversation.Value).With("@call", call.Call)
            .ExecuteAsync(cancellationToken);

    /// <summary>Calls that were under way when the one who made them ended.</summary>
    public static Task<List<RunningCall>> RunningCallsAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT conversation_id, call_message, call_id
            FROM conversations
            WHERE call_id IS NOT NULL
            """)
            .ListAsync(row => new RunningCall(new ConversationId(row.Text()), row.Text(), row.Text()), cancellationToken);

    /// <exception cref="InvalidOperationException">It waits for another question already.</exception>
    public static async Task WaitForAsync(Writing writing, ConversationId conversation, long question, CancellationToken cancellationToken)
    {
        var waits = await writing.Sql("UPDATE conversations SET open_question = @question WHERE conversation_id = @conversation AND open_question IS NULL")
            .With("@conversation", conversation.Value).With("@question", question)
            .ExecuteAsync(cancellationToken);
        if (waits == 0)
            throw new InvalidOperationException($"conversation {conversation} waits for another question already");
    }

    /// <summary>The question is closed: the conversation goes on, and what waited in it waits anew from now.</summary>
    public static Task GoOnAsync(Writing writing, ConversationId conversation, long question, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE conversations
            SET open_question = NULL, unblocked_at = @now
            WHERE conversation_id = @conversation AND open_question = @question
            """)
            .With("@conversation", conversation.Value).With("@question", question).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);

    /// <summary>For a new message; and whether a call is under way, behind which it has to wait in any case.</summary>
    public static Task<(long Number, bool IsBusy)> NextNumberAsync(
        Writing writing, ConversationId conversation, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE conversations
            SET last_number = last_number + 1
            WHERE conversation_id = @conversation
            RETURNING last_number, CASE WHEN call_id IS NULL THEN 0 ELSE 1 END
            """)
            .With("@conversation", conversation.Value)
            .OnlyAsync(row => (row.Number(), row.Flag()), cancellationToken);

    /// <summary>For a new journal entry of so many characters, which the next call will carry.</summary>
    public static Task<long> NextPositionAsync(Writing writing, ConversationId conversation, int characters, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE conversations
            SET last_position = last_position + 1,
                window_turns = window_turns + 1,
                window_characters = window_characters + @characters
            WHERE conversation_id = @conversation
            RETURNING last_position
            """)
            .With("@conversation", conversation.Value).With("@characters", characters)
            .NumberAsync(cancellationToken);

    public static Task SetSizeAsync(Writing writing, ConversationId conversation, HistorySize size, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE conversations
            SET window_turns = @turns, window_characters = @characters
            WHERE conversation_id = @conversation
            """)
            .With("@conversation", conversation.Value).With("@turns", size.Turns).With("@characters", size.Characters)
            .ExecuteAsync(cancellationToken);

    public static Task<HistorySize?> SizeAsync(Reading reading, ConversationId conversation, CancellationToken cancellationToken) =>
        reading.Sql("SELECT window_turns, window_characters FROM conversations WHERE conversation_id = @conversation")
            .With("@conversation", conversation.Value)
            .FirstAsync(row => new HistorySize(row.Number(), row.Number()), cancellationToken);

    /// <summary>Over all conversations.</summary>
    public static Task<HistorySize> TotalSizeAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT CAST(COALESCE(SUM(window_turns), 0) AS BIGINT), CAST(COALESCE(SUM(window_characters), 0) AS BIGINT)
            FROM conversations
            """)
            .OnlyAsync(row => new HistorySize(row.Number(), row.Number()), cancellationToken);
}
