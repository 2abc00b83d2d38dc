using Relay.Storage;

namespace Relay.Conversations;

/// <summary>The state of a conversation.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Epoch">The number of the newest claim.</param>
/// <param name="OpenQuestion">The question whose answer it waits for.</param>
/// <param name="UnblockedAt">When it last stopped waiting for an answer, or for a message that was held. 1970 when it never waited.</param>
internal sealed record Conversation(ConversationId Id, long Epoch, long? OpenQuestion, DateTimeOffset UnblockedAt)
{
    /// <summary>While it stands, no turn is taken.</summary>
    public Pause? Pause { get; init; }
}

/// <summary>A call to the advisor whose end is not recorded.</summary>
internal sealed record RunningCall(ConversationId Conversation, string Message, string Call);

/// <summary>A conversation that waits for the answer to a question.</summary>
internal sealed record WaitingConversation(ConversationId Id, long Question);

/// <summary>How much of the journal the next call of a conversation contains.</summary>
/// <param name="Turns">The number of entries: a question and its reply are 2.</param>
/// <param name="Characters">The length of the entries.</param>
internal sealed record HistorySize(long Turns, long Characters);

/// <summary>Reads and writes the conversations: who may commit the end of a call, what each waits for, and its counters.</summary>
internal static partial class ConversationStore
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
        reading.Sql(
            """
            SELECT claim_epoch, open_question, unblocked_at, paused_at, paused_via
            FROM conversations
            WHERE conversation_id = @conversation
            """)
            .With("@conversation", conversation.Value)
            .FirstAsync(
                row => new Conversation(conversation, row.Number(), row.NumberOrNull(), row.Time()) { Pause = Pause.From(row) },
                cancellationToken);

    /// <summary>All conversations, each with the position of the newest entry in its journal.</summary>
    public static Task<List<(ConversationId Conversation, long LastPosition)>> ListAsync(
        Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT conversation_id, last_position
            FROM conversations
            ORDER BY conversation_id
            """)
            .ListAsync(row => (new ConversationId(row.Text()), row.Number()), cancellationToken);

    /// <summary>Claims the conversation for one call. After that the end of an earlier call cannot be committed any more.</summary>
    /// <returns>The new epoch.</returns>
    public static Task<long> ClaimAsync(
        Writing writing, ConversationId conversation, string message, string call, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE conversations
            SET claim_epoch = claim_epoch + 1, call_message = @message, call_id = @call
            WHERE conversation_id = @conversation
            RETURNING claim_epoch
            """)
            .With("@conversation", conversation.Value).With("@message", message).With("@call", call)
            .NumberAsync(cancellationToken);

    /// <summary>Records the end of a call. It must be the first statement of its transaction, because it decides whether the rest may
    /// be written: false when the conversation was claimed again since, or when the end of this call is already recorded.</summary>
    public static async Task<bool> EndCallAsync(
        Writing writing, ConversationId conversation, long epoch, string call, CancellationToken cancellationToken) =>
        await writing.Sql(
            """
            UPDATE conversations
            SET call_message = NULL, call_id = NULL
            WHERE conversation_id = @conversation AND claim_epoch = @epoch AND call_id = @call
            """)
            .With("@conversation", conversation.Value).With("@epoch", epoch).With("@call", call)
            .ExecuteAsync(cancellationToken) > 0;

    /// <summary>Removes a call whose process has ended, so that nobody waits for its end.</summary>
    public static Task ForgetCallAsync(Writing writing, RunningCall call, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE conversations
            SET call_message = NULL, call_id = NULL, claim_epoch = claim_epoch + 1
            WHERE conversation_id = @conversation AND call_id = @call
            """)
            .With("@conversation", call.Conversation.Value).With("@call", call.Call)
            .ExecuteAsync(cancellationToken);

    /// <summary>The calls whose end is not recorded.</summary>
    public static Task<List<RunningCall>> RunningCallsAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT conversation_id, call_message, call_id
            FROM conversations
            WHERE call_id IS NOT NULL
            """)
            .ListAsync(row => new RunningCall(new ConversationId(row.Text()), row.Text(), row.Text()), cancellationToken);

    /// <summary>The call of one conversation whose end is not recorded; null when there is none.</summary>
    public static Task<RunningCall?> RunningCallAsync(
        Reading reading, ConversationId conversation, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT call_message, call_id
            FROM conversations
            WHERE conversation_id = @conversation AND call_id IS NOT NULL
            """)
            .With("@conversation", conversation.Value)
            .FirstAsync(row => new RunningCall(conversation, row.Text(), row.Text()), cancellationToken);

    /// <summary>Lets the conversation wait for the answer to a question.</summary>
    /// <exception cref="InvalidOperationException">It waits for another question already.</exception>
    public static async Task WaitForAsync(Writing writing, ConversationId conversation, long question, CancellationToken cancellationToken)
    {
        var waits = await writing.Sql(
            """
            UPDATE conversations
            SET open_question = @question
            WHERE conversation_id = @conversation AND open_question IS NULL
            """)
            .With("@conversation", conversation.Value).With("@question", question)
            .ExecuteAsync(cancellationToken);
        if (waits == 0)
            throw new InvalidOperationException($"conversation {conversation} waits for another question already");
    }

    /// <summary>The conversations that wait for an answer.</summary>
    public static Task<List<WaitingConversation>> WaitingAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT conversation_id, open_question
            FROM conversations
            WHERE open_question IS NOT NULL
            """)
            .ListAsync(row => new WaitingConversation(new ConversationId(row.Text()), row.Number()), cancellationToken);

    /// <summary>The question is closed, so the conversation goes on. The time for which its messages wait counts from now.</summary>
    public static Task GoOnAsync(Writing writing, ConversationId conversation, long question, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE conversations
            SET open_question = NULL, unblocked_at = @now
            WHERE conversation_id = @conversation AND open_question = @question
            """)
            .With("@conversation", conversation.Value).With("@question", question).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);

    /// <summary>A message that held the conversation up holds it no longer. The time for which the others wait counts from now.</summary>
    public static Task UnblockAsync(Writing writing, ConversationId conversation, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE conversations SET unblocked_at = @now WHERE conversation_id = @conversation")
            .With("@conversation", conversation.Value).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);

    /// <summary>For a new message; and whether a call is under way, behind which it has to wait in any case.</summary>
    public static async Task<(long Number, bool IsBusy)> NextNumberAsync(
        Writing writing, ConversationId conversation, CancellationToken cancellationToken)
    {
        var next = await writing.Sql(
            """
            UPDATE conversations
            SET last_number = last_number + 1
            WHERE conversation_id = @conversation
            RETURNING last_number, CASE WHEN call_id IS NULL THEN CAST(0 AS BIGINT) ELSE 1 END
            """)
            .With("@conversation", conversation.Value)
            .OnlyAsync(row => (Number: row.Number(), IsBusy: row.Flag()), cancellationToken);
        writing.Count(new GivenOut(conversation.Value, next.Number, Entry: 0));
        return next;
    }

    /// <summary>The position of a new journal entry, whose length is added to the size of the next call.</summary>
    public static async Task<long> NextPositionAsync(
        Writing writing, ConversationId conversation, int characters, CancellationToken cancellationToken)
    {
        var position = await writing.Sql(
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
        writing.Count(new GivenOut(conversation.Value, Message: 0, position));
        return position;
    }

    /// <summary>An entry of the journal was left out, by which the next call gets longer by so many characters.</summary>
    public static Task RewriteAsync(
        Writing writing, ConversationId conversation, long characters, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE conversations
            SET window_characters = window_characters + @characters, rewritten = rewritten + 1
            WHERE conversation_id = @conversation
            """)
            .With("@conversation", conversation.Value).With("@characters", characters)
            .ExecuteAsync(cancellationToken);

    /// <summary>The newest ruling for all conversations that its journal has.</summary>
    public static async Task<long> RulingsToldAsync(
        Reading reading, ConversationId conversation, CancellationToken cancellationToken) =>
        await reading.Sql("SELECT rulings_told FROM conversations WHERE conversation_id = @conversation")
            .With("@conversation", conversation.Value)
            .NumberOrNullAsync(cancellationToken) ?? 0;

    public static Task TellRulingsAsync(
        Writing writing, ConversationId conversation, long through, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE conversations SET rulings_told = @through WHERE conversation_id = @conversation")
            .With("@conversation", conversation.Value).With("@through", through)
            .ExecuteAsync(cancellationToken);

    /// <summary>How often an entry of its journal was left out.</summary>
    public static async Task<long> RewrittenAsync(
        Reading reading, ConversationId conversation, CancellationToken cancellationToken) =>
        await reading.Sql("SELECT rewritten FROM conversations WHERE conversation_id = @conversation")
            .With("@conversation", conversation.Value)
            .NumberOrNullAsync(cancellationToken) ?? 0;

    /// <summary>The position of the newest entry in its journal; 0 while there is none.</summary>
    public static async Task<long> LastPositionAsync(
        Reading reading, ConversationId conversation, CancellationToken cancellationToken) =>
        await reading.Sql("SELECT last_position FROM conversations WHERE conversation_id = @conversation")
            .With("@conversation", conversation.Value)
            .NumberOrNullAsync(cancellationToken) ?? 0;

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

    /// <summary>The sum over all conversations.</summary>
    public static Task<HistorySize> TotalSizeAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT CAST(COALESCE(SUM(window_turns), 0) AS BIGINT), CAST(COALESCE(SUM(window_characters), 0) AS BIGINT)
            FROM conversations
            """)
            .OnlyAsync(row => new HistorySize(row.Number(), row.Number()), cancellationToken);

    /// <summary>The newest numbers of every conversation: how many messages and entries there have ever been.</summary>
    public static Task<List<GivenOut>> EverAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql("SELECT conversation_id, last_number, last_position FROM conversations")
            .ListAsync(row => new GivenOut(row.Text(), row.Number(), row.Number()), cancellationToken);
}
