using Relay.Conversations;
using Relay.Storage;

namespace Relay.Operator.Phone;

/// <summary>The messages of the answer topic that were dealt with, and how far the topic was read. A server that does not know how far
/// sends all it has once more.</summary>
internal static class PhoneInbox
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    private const string Since = "answer_topic_since", Of = "answer_topic";

    /// <summary>How far it was read: an id, or the time when the relay came to know it; null before. What came after that, and was taken
    /// nevertheless, is known by its id.</summary>
    public static Task<string?> SinceAsync(Reading reading, CancellationToken cancellationToken) =>
        FactStore.FindAsync(reading, Since, cancellationToken);

    public static Task SetSinceAsync(Writing writing, string since, CancellationToken cancellationToken) =>
        FactStore.SetAsync(writing, Since, since, cancellationToken);

    /// <summary>Of which topic, in a word that does not tell it; null where an older relay read it.</summary>
    public static Task<string?> OfAsync(Reading reading, CancellationToken cancellationToken) =>
        FactStore.FindAsync(reading, Of, cancellationToken);

    public static Task SetOfAsync(Writing writing, string topic, CancellationToken cancellationToken) =>
        FactStore.SetAsync(writing, Of, topic, cancellationToken);

    public static async Task<bool> IsTakenAsync(Reading reading, string message, CancellationToken cancellationToken) =>
        await reading.Sql("SELECT 1 FROM phone_inbox WHERE message_id = @id")
            .With("@id", message)
            .NumberOrNullAsync(cancellationToken) is not null;

    public static async Task TakenAsync(Writing writing, string message, bool refused, CancellationToken cancellationToken)
    {
        await writing.Sql(
            """
            INSERT INTO phone_inbox (message_id, taken_at, refused)
            VALUES (@id, @now, @refused)
            ON CONFLICT (message_id) DO NOTHING
            """)
            .With("@id", message).With("@now", writing.UnixNow).With("@refused", refused ? 1 : 0)
            .ExecuteAsync(cancellationToken);
        await writing.Sql("DELETE FROM phone_inbox WHERE taken_at < @before")
            .With("@before", (writing.Now - Kept).ToUnixTimeMilliseconds())
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>How many were refused since a time.</summary>
    public static Task<long> RefusedSinceAsync(Reading reading, DateTimeOffset time, CancellationToken cancellationToken) =>
        reading.Sql("SELECT COUNT(*) FROM phone_inbox WHERE taken_at >= @time AND refused = 1")
            .With("@time", time.ToUnixTimeMilliseconds())
            .NumberAsync(cancellationToken);
}
