using Relay.Conversations;
using Relay.Storage;

namespace Relay.Dispatch;

internal enum DispatchState
{
    Ready,
    Staged,
    Placed,
    Consumed,
}

/// <summary>A reply before it is in the outbox.</summary>
/// <param name="Conversation">Whose journal it stands in.</param>
/// <param name="Position">Of the entry it carries.</param>
/// <param name="Session">Who gets it.</param>
/// <param name="Channel">How.</param>
/// <param name="Content">The text it gets.</param>
internal sealed record NewReply(ConversationId Conversation, long Position, SessionId Session, ReplyChannel Channel, string Content)
{
    /// <summary>The session's message it answers; null for words nobody asked for.</summary>
    public MessageId? Message { get; init; }

    /// <summary>The name of its file, where that was written ahead of the commit.</summary>
    public string? StagedAs { get; init; }
}

/// <summary>A reply on its way to a session. Known by where it stands in the journal and whom it goes to.</summary>
internal sealed record OutboundReply(
    ConversationId Conversation,
    long Position,
    SessionId Session,
    string Id,
    MessageId? Message,
    long Number,
    ReplyChannel Channel,
    DispatchState State,
    DateTimeOffset CreatedAt,
    string Content)
{
    public const string Columns =
        "conversation_id, position, session_id, dispatch_id, message_id, number, channel, state, created_at, content, "
        + "handed_at, handed_to, handed_by, handed_through, told";

    /// <summary>As far as placing goes: what lies in the folder already is not read again.</summary>
    public const string ColumnsToPlace =
        "d.conversation_id, d.position, d.session_id, d.dispatch_id, d.message_id, d.number, d.channel, d.state, d.created_at, "
        + "CASE d.state WHEN 'placed' THEN '' ELSE d.content END, d.handed_at, d.handed_to, d.handed_by, d.handed_through, d.told";

    /// <summary>Whose words they are, where that was looked up; null for the relay's own.</summary>
    public string? Speaker { get; init; }

    /// <summary>Null where it waits; what it was when the reply was consumed.</summary>
    public Handed? Handed { get; init; }

    /// <summary>How many pieces of it the session has got already.</summary>
    public int Told { get; init; }

    /// <summary>How many it has got with the answer that carries this; null when that is all.</summary>
    public int? Through { get; init; }

    /// <summary>What the answer carries of it.</summary>
    public string Carried { get; init; } = Content;

    public bool IsOperators => Speaker?.StartsWith("operator ", StringComparison.Ordinal) == true;

    public static OutboundReply From(Row row) => new(
        new ConversationId(row.Text()),
        row.Number(),
        SessionId.Stored(row.Text()),
        row.Text(),
        row.TextOrNull() is { } message ? new MessageId(message) : null,
        row.Number(),
        row.Word<ReplyChannel>(),
        row.Word<DispatchState>(),
        row.Time(),
        row.Text())
    {
        Handed = HandedFrom(row.TimeOrNull(), row.TextOrNull(), row.TextOrNull(), row.NumberOrNull()),
        Told = row.Int(),
    };

    private static Handed? HandedFrom(DateTimeOffset? at, string? to, string? by, long? through) =>
        at is { } time && to is not null && by is not null ? new Handed(time, new Handing(to, by), (int?)through) : null;
}

/// <summary>A dispatch as it is told to people: where it went and when.</summary>
internal sealed record DispatchRecord(
    string Id, string Session, string Channel, string State, string Content, DateTimeOffset CreatedAt, DateTimeOffset? PlacedAt,
    DateTimeOffset? HandedAt, DateTimeOffset? ConsumedAt)
{
    public static DispatchRecord From(Row row)
    {
        var read = new DispatchRecord(
            row.Text(), row.Text(), row.Text(), row.Text(), row.Text(), row.Time(), row.TimeOrNull(), row.TimeOrNull(), row.TimeOrNull());
        return read is { HandedAt: not null, ConsumedAt: null } ? read with { State = "handed" } : read;
    }
}
