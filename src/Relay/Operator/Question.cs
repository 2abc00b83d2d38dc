using System.Data.Common;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Operator;

internal enum QuestionKind
{
    /// <summary>The advisor asked for the operator.</summary>
    Escalation,

    /// <summary>The advisor refused to answer.</summary>
    Refusal,

    /// <summary>A session wants to use a tool. No conversation waits for it.</summary>
    Permission,
}

/// <summary>What the advisor needs the operator for. It stays open until answered, over restarts, without limit of time.</summary>
internal sealed record Question(
    long Id,
    ConversationId Conversation,
    MessageId? Message,
    SessionId Session,
    QuestionKind Kind,
    string Text,
    bool IsOpen,
    DateTimeOffset AskedAt,
    DateTimeOffset? AnsweredAt,
    string? AnsweredVia,
    string? Answer)
{
    public const string Columns =
        "question_id, conversation_id, message_id, session_id, kind, text, state, asked_at, answered_at, answered_via, answer";

    public static Question From(DbDataReader reader) => new(
        reader.Number("question_id"),
        new ConversationId(reader.Text("conversation_id")),
        reader.TextOrNull("message_id") is { } message ? new MessageId(message) : null,
        SessionId.Stored(reader.Text("session_id")),
        Enum.Parse<QuestionKind>(reader.Text("kind"), ignoreCase: true),
        reader.Text("text"),
        reader.Text("state") == "open",
        reader.Time("asked_at"),
        reader.TimeOrNull("answered_at"),
        reader.TextOrNull("answered_via"),
        reader.TextOrNull("answer"));
}
