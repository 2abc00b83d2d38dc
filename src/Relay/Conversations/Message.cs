using Relay.Storage;
using Relay.Texts;

namespace Relay.Conversations;

internal enum Speaker
{
    Session,
    Operator,
}

/// <summary>How the reply to a message is delivered.</summary>
internal enum ReplyChannel
{
    /// <summary>As dispatch/SESSION/input.txt.</summary>
    Folder,

    /// <summary>To the caller who waits for it over HTTP. To the folder when no caller waits any more.</summary>
    Caller,

    /// <summary>To the session's next hook or tool call.</summary>
    Agent,

    /// <summary>To the operator, as a page.</summary>
    Operator,

    /// <summary>No reply is wanted.</summary>
    None,
}

/// <summary>How far a message has come. Normally it is accepted, asking, answered, placed and consumed. It can also be waiting (for the
/// operator), deferred (until a time), held (until somebody removes the cause) or dead (the operator gave it up).</summary>
internal enum MessageState
{
    Accepted,
    Asking,
    Waiting,
    Deferred,
    Held,
    Answered,
    Placed,
    Consumed,
    Dead,
}

/// <summary>A message of a session or of the operator, and how far it has come.</summary>
internal sealed record Message(
    ConversationId Conversation,
    MessageId Id,
    long Number,
    SessionId Session,
    Speaker Speaker,
    ReplyChannel Channel,
    MessageId? Origin,
    MessageState State,
    HoldCause? Cause,
    string? Reason,
    int Attempts,
    DateTimeOffset AcceptedAt,
    DateTimeOffset ChangedAt,
    DateTimeOffset? DueAt,
    long? AskedPosition,
    long? ReplyPosition,
    string Content)
{
    private const string Head =
        "conversation_id, message_id, number, session_id, speaker, channel, origin_id, state, cause, reason, attempts, "
        + "accepted_at, changed_at, due_at, asked_position, reply_position";

    public const string Columns = Head + ", content, opinion";

    /// <summary>Without the content, for lists: there may be thousands of messages, of a megabyte each.</summary>
    public const string ColumnsOfList = Head + ", '', opinion";

    /// <summary>What is stored as due_at of a message that waits for no time.</summary>
    public const long Never = long.MaxValue;

    /// <summary>No call is put off for longer than this: the longest Retry-After that is honoured, and something more.</summary>
    public static readonly TimeSpan LongestDeferral = TimeSpan.FromMinutes(20);

    /// <summary>Transactions at the same time may see the clock a moment apart.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    /// <summary>The relay itself asks what the advisor would say. The reply goes to no session.</summary>
    public bool IsOpinion { get; init; }

    /// <summary>The session's message to which this one belongs: itself, or the message about which the operator was asked.</summary>
    public MessageId Root => Origin ?? Id;

    public bool IsUnanswered => State < MessageState.Answered;

    /// <summary>How long it still waits for its time; null when it waits for none, but for an event. A time further away than such a wait
    /// can ever be was written before the clock was set back: it has come.</summary>
    public TimeSpan? TimeLeft(DateTimeOffset now)
    {
        if (State == MessageState.Accepted)
            return TimeSpan.Zero;
        if (DueAt is not { } due)
            return null;
        var isClockSetBack = now < ChangedAt - Moment || (State == MessageState.Deferred && due - now > LongestDeferral);
        return due <= now || isClockSetBack ? TimeSpan.Zero : due - now;
    }

    public static Message From(Row row) => new(
        new ConversationId(row.Text()),
        new MessageId(row.Text()),
        row.Number(),
        SessionId.Stored(row.Text()),
        row.Word<Speaker>(),
        row.Word<ReplyChannel>(),
        row.TextOrNull() is { } origin ? new MessageId(origin) : null,
        row.Word<MessageState>(),
        row.TextOrNull() is { } cause ? Words.Parse<HoldCause>(cause) : null,
        row.TextOrNull(),
        row.Int(),
        row.Time(),
        row.Time(),
        row.Number() is var due and not Never ? DateTimeOffset.FromUnixTimeMilliseconds(due) : null,
        row.NumberOrNull(),
        row.NumberOrNull(),
        row.Text())
    {
        IsOpinion = row.Flag(),
    };
}
