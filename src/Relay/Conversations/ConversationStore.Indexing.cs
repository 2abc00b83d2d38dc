using Relay.Storage;

namespace Relay.Conversations;

/// <summary>Up to where a conversation's journal is in the index of words.</summary>
internal sealed record IndexMark(ConversationId Id, long Indexed, long Last);

internal static partial class ConversationStore
{
    /// <summary>A conversation of which the index has not all; null when it has all of all.</summary>
    public static Task<IndexMark?> NextToIndexAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT conversation_id, indexed, last_position
            FROM conversations
            WHERE indexed < last_position
            ORDER BY conversation_id
            LIMIT 1
            """)
            .FirstAsync(row => new IndexMark(new ConversationId(row.Text()), row.Number(), row.Number()), cancellationToken);

    public static Task SetIndexedAsync(Writing writing, ConversationId conversation, long through, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE conversations SET indexed = @through WHERE conversation_id = @conversation")
            .With("@conversation", conversation.Value).With("@through", through)
            .ExecuteAsync(cancellationToken);

    /// <summary>How many entries the index does not have yet.</summary>
    public static Task<long> NotIndexedAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql("SELECT CAST(COALESCE(SUM(last_position - indexed), 0) AS BIGINT) FROM conversations")
            .NumberAsync(cancellationToken);
}
