using Relay.Conversations;
using Relay.Storage;

namespace Relay.Agents;

/// <summary>The rounds of a session's family in a conversation since the operator last spoke there.</summary>
/// <param name="OfFamily">In the last day.</param>
/// <param name="OfSession">Of those, the session's own since its user last entered a prompt.</param>
internal sealed record RoundCount(long OfFamily, long OfSession);

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
            SELECT COUNT(*), COUNT(CASE WHEN session_id = @session AND number > @prompted THEN 1 END)
            FROM rounds
            WHERE conversation_id = @conversation AND family = @family AND position >= @spoke AND at > @since
            """)
            .With("@conversation", conversation.Value).With("@family", family).With("@session", session.Value)
            .With("@prompted", prompted).With("@spoke", spoke).With("@since", (writing.Now - Kept).ToUnixTimeMilliseconds())
            .OnlyAsync(row => new RoundCount(row.Number(), row.Number()), cancellationToken);
    }

    /// <returns>The number of the round.</returns>
    public static async Task<long> AddAsync(
        Writing writing, SessionId session, ConversationId conversation, string family, CancellationToken cancellationToken)
    {
        await writing.Sql("DELETE FROM rounds WHERE at < @old")
            .With("@old", (writing.Now - Kept).ToUnixTimeMilliseconds())
            .ExecuteAsync(cancellationToken);
        var number = await CounterStore.NextAsync(writing, CounterStore.Rounds, cancellationToken);
        await writing.Sql(
            """
            INSERT INTO rounds (conversation_id, family, number, session_id, position, at)
            VALUES (@conversation, @family, @number, @session, @position, @now)
            """)
            .With("@conversation", conversation.Value).With("@family", family).With("@number", number)
            .With("@session", session.Value).With("@now", writing.UnixNow)
            .With("@position", await ConversationStore.LastPositionAsync(writing, conversation, cancellationToken))
            .ExecuteAsync(cancellationToken);
        return number;
    }

    /// <summary>It came to nothing.</summary>
    public static Task RemoveAsync(
        Writing writing, ConversationId conversation, string family, long number, CancellationToken cancellationToken) =>
        writing.Sql("DELETE FROM rounds WHERE conversation_id = @conversation AND family = @family AND number = @number")
            .With("@conversation", conversation.Value).With("@family", family).With("@number", number)
            .ExecuteAsync(cancellationToken);
}
