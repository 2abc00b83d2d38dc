using Relay.Running;
using Relay.Storage;

namespace Relay.Conversations;

/// <summary>The operator's word that a conversation rests.</summary>
/// <param name="At">Since when.</param>
/// <param name="Via">How it was said.</param>
internal sealed record Pause(DateTimeOffset At, string Via)
{
    /// <summary>The two columns; null while it is not paused.</summary>
    public static Pause? From(Row row)
    {
        var (at, via) = (row.TimeOrNull(), row.TextOrNull());
        return at is { } since ? new Pause(since, via ?? "") : null;
    }
}

internal static partial class ConversationStore
{
    /// <summary>From this commit on no turn is begun and no summary bought. False when it was paused already.</summary>
    public static async Task<bool> PauseAsync(
        Writing writing, ConversationId conversation, string via, CancellationToken cancellationToken)
    {
        var paused = await writing.Sql(
            """
            UPDATE conversations
            SET paused_at = @now, paused_via = @via
            WHERE conversation_id = @conversation AND paused_at IS NULL
            """)
            .With("@conversation", conversation.Value).With("@now", writing.UnixNow).With("@via", via)
            .ExecuteAsync(cancellationToken);
        Tell(writing, conversation);
        return paused > 0;
    }

    /// <summary>The time for which its messages wait counts from now. False when it was not paused.</summary>
    public static async Task<bool> ResumeAsync(Writing writing, ConversationId conversation, CancellationToken cancellationToken)
    {
        var resumed = await writing.Sql(
            """
            UPDATE conversations
            SET paused_at = NULL, paused_via = NULL, unblocked_at = @now
            WHERE conversation_id = @conversation AND paused_at IS NOT NULL
            """)
            .With("@conversation", conversation.Value).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
        Tell(writing, conversation);
        return resumed > 0;
    }

    /// <summary>Those that are paused, by name.</summary>
    public static Task<List<(ConversationId Conversation, Pause Pause)>> PausedAsync(
        Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT conversation_id, paused_at, paused_via
            FROM conversations
            WHERE paused_at IS NOT NULL
            ORDER BY conversation_id
            """)
            .ListAsync(row => (new ConversationId(row.Text()), Pause.From(row)!), cancellationToken);

    /// <summary>Whoever waits for a reply is told why there is none.</summary>
    private static void Tell(Writing writing, ConversationId conversation)
    {
        writing.Wake(Topic.Turns, conversation.Value);
        writing.Wake(Topic.Replies);
    }
}
