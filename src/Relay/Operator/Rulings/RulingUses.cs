using Relay.Conversations;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator.Rulings;

/// <summary>A reply that cites a ruling in force: the operator was not asked.</summary>
internal sealed record RulingUse(
    long Id,
    long Ruling,
    ConversationId Conversation,
    long Position,
    MessageId Message,
    DateTimeOffset At,
    DateTimeOffset? OverturnedAt,
    long? OverturnedBy)
{
    public const string Columns = "use_id, ruling_id, conversation_id, position, message_id, at, overturned_at, overturned_by";

    public static RulingUse From(Row row) => new(
        row.Number(), row.Number(), new ConversationId(row.Text()), row.Number(), new MessageId(row.Text()), row.Time(), row.TimeOrNull(),
        row.NumberOrNull());
}

/// <summary>Owns the uses of rulings.</summary>
internal static class RulingUses
{
    public static async Task AddAsync(
        Writing writing, RulingRecord ruling, Message message, long position, CancellationToken cancellationToken)
    {
        var id = await CounterStore.NextAsync(writing, CounterStore.RulingUses, cancellationToken);
        await writing.Sql(
            """
            INSERT INTO ruling_uses (use_id, ruling_id, conversation_id, position, message_id, at)
            VALUES (@id, @ruling, @conversation, @position, @message, @now)
            """)
            .With("@id", id).With("@ruling", ruling.Id).With("@conversation", message.Conversation.Value)
            .With("@position", position).With("@message", message.Root.Value).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
        writing.Wake(Topic.Rulings);
    }

    public static Task<RulingUse?> FindAsync(Reading reading, long use, CancellationToken cancellationToken) =>
        reading.Sql($"SELECT {RulingUse.Columns} FROM ruling_uses WHERE use_id = @use")
            .With("@use", use)
            .FirstAsync(RulingUse.From, cancellationToken);

    /// <summary>Of one ruling, the newest first.</summary>
    public static Task<List<RulingUse>> OfAsync(Reading reading, long ruling, int limit, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {RulingUse.Columns}
            FROM ruling_uses
            WHERE ruling_id = @ruling
            ORDER BY use_id DESC
            LIMIT @limit
            """)
            .With("@ruling", ruling).With("@limit", limit)
            .ListAsync(RulingUse.From, cancellationToken);

    /// <summary>Of all rulings since a time, the newest first.</summary>
    public static Task<List<RulingUse>> SinceAsync(
        Reading reading, DateTimeOffset since, int limit, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {RulingUse.Columns}
            FROM ruling_uses
            WHERE at >= @since
            ORDER BY at DESC
            LIMIT @limit
            """)
            .With("@since", since.ToUnixTimeMilliseconds()).With("@limit", limit)
            .ListAsync(RulingUse.From, cancellationToken);

    /// <summary>By which a message was settled, oldest first.</summary>
    public static Task<List<RulingUse>> OfMessageAsync(
        Reading reading, ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {RulingUse.Columns}
            FROM ruling_uses
            WHERE conversation_id = @conversation AND message_id = @message
            ORDER BY use_id
            """)
            .With("@conversation", conversation.Value).With("@message", message.Value)
            .ListAsync(RulingUse.From, cancellationToken);

    /// <summary>Of the replies after one position of a journal and up to another.</summary>
    public static Task<List<RulingUse>> BetweenAsync(
        Reading reading, ConversationId conversation, long after, long through, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {RulingUse.Columns}
            FROM ruling_uses
            WHERE conversation_id = @conversation AND position > @after AND position <= @through
            ORDER BY position, ruling_id
            """)
            .With("@conversation", conversation.Value).With("@after", after).With("@through", through)
            .ListAsync(RulingUse.From, cancellationToken);

    /// <summary>"No, ask me": of all that one message rests on.</summary>
    public static Task OverturnAsync(
        Writing writing, ConversationId conversation, MessageId message, long question, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Rulings);
        return writing.Sql(
            """
            UPDATE ruling_uses
            SET overturned_at = @now, overturned_by = @question
            WHERE conversation_id = @conversation AND message_id = @message AND overturned_at IS NULL
            """)
            .With("@conversation", conversation.Value).With("@message", message.Value).With("@question", question)
            .With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>How many messages were settled by rulings since a time, and how many of those were overturned.</summary>
    public static Task<(long Settled, long Overturned)> CountSinceAsync(
        Reading reading, DateTimeOffset since, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT
                COUNT(DISTINCT conversation_id || ' ' || message_id),
                COUNT(DISTINCT CASE WHEN overturned_at IS NOT NULL THEN conversation_id || ' ' || message_id END)
            FROM ruling_uses
            WHERE at >= @since AND at <= @now
            """)
            .With("@since", since.ToUnixTimeMilliseconds()).With("@now", reading.UnixNow)
            .OnlyAsync(row => (row.Number(), row.Number()), cancellationToken);
}
