using System.Data.Common;
using Relay.Storage;

namespace Relay.Conversations;

internal enum Speaker
{
    Session,
    Operator,
}

/// <summary>How the reply to a message leaves.</summary>
internal enum ReplyChannel
{
    /// <summary>dispatch/SESSION/input.txt</summary>
    Folder,

    /// <summary>To the one who waits for it over HTTP; to the folder when nobody does any more.</summary>
    Caller,

    /// <summary>To the session's next hook or tool call.</summary>
    Agent,

    /// <summary>To the operator, as a page.</summary>
    Operator,

    /// <summary>No reply is wanted.</summary>
    None,
}

/// <summary>The life of a message; beside the straight line it can be waiting (for the operator), deferred (until a time) or held (until somebody mends the cause).</summary>
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

/// <summary>What a session or the operator said, and how far it has come.</summary>
internal sealed record Message(
    ConversationId Conversation,
    MessageId Id,
    long Number,
    SessionId Session,
    Speaker Speaker,
    ReplyChannel Channel,
    MessageId? Origin,
    string Content,
    MessageState State,
    string? Cause,
    string? Reason,
    int Attempts,
    DateTimeOffset AcceptedAt,
    DateTimeOffset? DueAt)
{
    public const string Columns =
        "conversation_id, message_id, number, session_id, speaker, channel, origin_id, content, state, cause, reason, attempts, accepted_at, due_at";

    /// <summary>The session's message behind this one: itself, or the one whose question this answers.</summary>
    public MessageId Root => Origin ?? Id;

    public static Message From(DbDataReader reader) => new(
        new ConversationId(reader.Text("conversation_id")),
        new MessageId(reader.Text("message_id")),
        reader.Number("number"),
        SessionId.Stored(reader.Text("session_id")),
        Enum.Parse<Speaker>(reader.Text("speaker"), ignoreCase: true),
        Enum.Parse<ReplyChannel>(reader.Text("channel"), ignoreCase: true),
        reader.TextOrNull("origin_id") is { } origin ? new MessageId(origin) : null,
        reader.Text("content"),
        Enum.Parse<MessageState>(reader.Text("state"), ignoreCase: true),
        reader.TextOrNull("cause"),
        reader.TextOrNull("reason"),
        (int)reader.Number("attempts"),
        reader.Time("accepted_at"),
        reader.Number("due_at") is long.MaxValue ? null : reader.Time("due_at"));
}
