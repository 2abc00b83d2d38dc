using Relay.Conversations;
using Relay.Storage;
using Relay.Texts;

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

    public static Question From(Row row) => new(
        row.Number(),
        new ConversationId(row.Text()),
        row.TextOrNull() is { } message ? new MessageId(message) : null,
        SessionId.Stored(row.Text()),
        row.Word<QuestionKind>(),
        row.Text(),
        row.Text() == "open",
        row.Time(),
        row.TimeOrNull(),
        row.TextOrNull(),
        row.TextOrNull());
}
