using Relay.Storage;
using Relay.Texts;

namespace Relay.Conversations;

/// <summary>The rounds of a session's family in a conversation since the operator last spoke there.</summary>
/// <param name="OfFamily">In the last day.</param>
/// <param name="OfSession">Of those, the session's own since its user last entered a prompt.</param>
internal sealed record RoundCount(long OfFamily, long OfSession);

/// <summary>What a round is made by: the session's stop, or any other message of a session that is in relay mode.</summary>
internal enum RoundWay
{
    Stop,
    Ask,
}

/// <summary>A round before it is counted.</summary>
internal sealed record NewRound(SessionId Session, ConversationId Conversation, string Family, RoundWay Way);

/// <summary>Owns the rounds: messages that sessions sent by themselves in relay mode. They are counted here and by nothing that a session
/// says.</summary>
internal static class RoundStore
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    public static async Task<RoundCount> CountAsync(
        Writing writing, SessionId session, ConversationId conversation, string family, CancellationToken cancellationToken)
    {
        var prompted = await SessionStore.PromptedAsync(writing, session, cancellationToken);
        var spoke = await Journal.LastRulingAsync(writing, conversation, cancellationToken);
        return await writing.Sql(
            """
            SELECT COUNT(*), COUNT(CASE WHEN session_id = @session AND way = 'stop' AND number > @prompted THEN 1 END)
            FROM rounds
            WHERE conversation_id = @conversation AND family = @family AND position >= @spoke AND at > @since
            """)
            .With("@conversation", conversation.Value).With("@family", family).With("@session", session.Value)
            .With("@prompted", prompted).With("@spoke", spoke).With("@since", (writing.Now - Kept).ToUnixTimeMilliseconds())
            .OnlyAsync(row => new RoundCount(row.Number(), row.Number()), cancellationToken);
    }

    /// <summary>Whether any is kept of the family, which shows that it is in relay mode.</summary>
    public static async Task<bool> AnyAsync(
        Reading reading, ConversationId conversation, string family, CancellationToken cancellationToken) =>
        await reading.Sql("SELECT 1 FROM rounds WHERE conversation_id = @conversation AND family = @family LIMIT 1")
            .With("@conversation", conversation.Value).With("@family", family)
            .NumberOrNullAsync(cancellationToken) is not null;

    /// <returns>The number of the round.</returns>
    public static async Task<long> AddAsync(Writing writing, NewRound round, CancellationToken cancellationToken)
    {
        await writing.Sql("DELETE FROM rounds WHERE at < @old")
            .With("@old", (writing.Now - Kept).ToUnixTimeMilliseconds())
            .ExecuteAsync(cancellationToken);
        var number = await CounterStore.NextAsync(writing, CounterStore.Rounds, cancellationToken);
        await writing.Sql(
            """
            INSERT INTO rounds (conversation_id, family, number, session_id, way, position, at)
            VALUES (@conversation, @family, @number, @session, @way, @position, @now)
            """)
            .With("@conversation", round.Conversation.Value).With("@family", round.Family).With("@number", number)
            .With("@session", round.Session.Value).With("@way", round.Way.Word()).With("@now", writing.UnixNow)
            .With("@position", await ConversationStore.LastPositionAsync(writing, round.Conversation, cancellationToken))
            .ExecuteAsync(cancellationToken);
        return number;
    }

    /// <summary>It has become this message.</summary>
    public static Task MadeAsync(
        Writing writing, NewRound round, long number, MessageId message, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE rounds
            SET message_id = @message
            WHERE conversation_id = @conversation AND family = @family AND number = @number
            """)
            .With("@conversation", round.Conversation.Value).With("@family", round.Family).With("@number", number)
            .With("@message", message.Value)
            .ExecuteAsync(cancellationToken);

    /// <summary>The session's last two rounds by stops since its user's last prompt and the operator's last word, newest first.</summary>
    public static async Task<List<MessageId>> LastTwoAsync(
        Reading reading, SessionId session, ConversationId conversation, string family, CancellationToken cancellationToken)
    {
        var prompted = await SessionStore.PromptedAsync(reading, session, cancellationToken);
        var spoke = await Journal.LastRulingAsync(reading, conversation, cancellationToken);
        return await reading.Sql(
            """
            SELECT message_id
            FROM rounds
            WHERE conversation_id = @conversation AND family = @family AND session_id = @session AND way = 'stop'
              AND number > @prompted AND position >= @spoke AND message_id IS NOT NULL
            ORDER BY number DESC
            LIMIT 2
            """)
            .With("@conversation", conversation.Value).With("@family", family).With("@session", session.Value)
            .With("@prompted", prompted).With("@spoke", spoke)
            .ListAsync(row => new MessageId(row.Text()), cancellationToken);
    }

    /// <summary>It came to nothing.</summary>
    public static Task RemoveAsync(
        Writing writing, ConversationId conversation, string family, long number, CancellationToken cancellationToken) =>
        writing.Sql("DELETE FROM rounds WHERE conversation_id = @conversation AND family = @family AND number = @number")
            .With("@conversation", conversation.Value).With("@family", family).With("@number", number)
            .ExecuteAsync(cancellationToken);
}
