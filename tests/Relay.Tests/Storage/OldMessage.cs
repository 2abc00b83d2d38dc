using Relay.Conversations;
using Relay.Storage;

namespace Relay.Tests.Storage;

/// <summary>A message as 0.1.0 kept it, with the entry it became and the reply it got.</summary>
internal sealed record OldMessage(
    ConversationId Conversation, MessageId Id, long Number, string Session, string Speaker, string Channel, string? Origin, string Key)
{
    public required string State { get; init; }

    public string? Cause { get; private init; }

    public string? Reason { get; private init; }

    public int Attempts { get; private init; }

    public DateTimeOffset AcceptedAt { get; private init; }

    public DateTimeOffset? DueAt { get; private init; }

    public string Content { get; private init; } = "";

    public string? Entry { get; private init; }

    public string? Reply { get; private init; }

    public static Task<List<OldMessage>> AllAsync(Database database, CancellationToken cancellationToken) => database.ReadAsync(
        reading => reading.Sql(
            """
            SELECT
                m.conversation_id, m.message_id, m.number, m.session_id, m.speaker, m.channel, m.origin_id, m.dedupe_key, m.state,
                m.cause, m.reason, m.attempts, m.accepted_at, m.due_at, m.content, e.content, d.content
            FROM messages m
            LEFT JOIN entries e ON e.conversation_id = m.conversation_id AND e.message_id = m.message_id AND e.role = 'user'
            LEFT JOIN dispatches d ON d.conversation_id = m.conversation_id AND d.message_id = m.message_id AND d.session_id = m.session_id
            ORDER BY m.accepted_at, m.number
            """)
            .ListAsync(From, cancellationToken),
        cancellationToken);

    /// <summary>What happened to a session's message and to the operator's answers to what it raised.</summary>
    public static Task<List<MessageEvent>> StoryAsync(
        Database database, MessageId root, CancellationToken cancellationToken) => database.ReadAsync(
        reading => reading.Sql(
            """
            SELECT e.event_id, e.message_id, e.at, e.state, e.detail
            FROM message_events e
            JOIN messages m ON m.message_id = e.message_id
            WHERE m.message_id = @root OR m.origin_id = @root
            ORDER BY e.event_id
            """)
            .With("@root", root.Value)
            .ListAsync(MessageEvent.From, cancellationToken),
        cancellationToken);

    private static OldMessage From(Row row) => new(
        new ConversationId(row.Text()), new MessageId(row.Text()), row.Number(),
        row.Text(), row.Text(), row.Text(), row.TextOrNull(), row.Text())
    {
        State = row.Text(),
        Cause = row.TextOrNull(),
        Reason = row.TextOrNull(),
        Attempts = row.Int(),
        AcceptedAt = row.Time(),
        DueAt = row.Number() is var due and not Message.Never ? DateTimeOffset.FromUnixTimeMilliseconds(due) : null,
        Content = row.Text(),
        Entry = row.TextOrNull(),
        Reply = row.TextOrNull(),
    };
}
