using Relay.Conversations;
using Relay.Storage;

namespace Relay.Operator.Rulings;

/// <summary>For what a word of the operator holds.</summary>
internal enum RulingScope
{
    /// <summary>For its question, and nothing else: nobody may rest on it.</summary>
    Once,

    /// <summary>For the conversation in which it was said.</summary>
    Conversation,

    /// <summary>For all conversations.</summary>
    Always,
}

internal enum RulingState
{
    /// <summary>In force: calls carry it.</summary>
    Standing,

    /// <summary>A newer answer to the same question has its place.</summary>
    Superseded,

    Retired,
}

/// <summary>A word of the operator that is not recorded yet.</summary>
/// <param name="Conversation">Where it was said.</param>
/// <param name="Message">The message that carries it to the advisor; null for words straight to a session.</param>
/// <param name="Content">The words, unchanged.</param>
/// <param name="Scope">For what they hold.</param>
internal sealed record NewRuling(ConversationId Conversation, MessageId? Message, string Content, RulingScope Scope)
{
    /// <summary>The question that it answers; null for words nobody asked for.</summary>
    public long? Question { get; init; }

    /// <summary>What was asked.</summary>
    public string? Asked { get; init; }
}

/// <summary>A word of the operator, kept word for word with its number.</summary>
internal sealed record RulingRecord(
    long Id,
    ConversationId Conversation,
    MessageId? Message,
    long? Question,
    RulingScope Scope,
    RulingState State,
    DateTimeOffset At,
    DateTimeOffset? EndedAt,
    string? EndedWhy,
    long? SupersededBy,
    long Uses,
    DateTimeOffset? LastUsedAt,
    long Characters,
    string? Asked,
    string Content)
{
    public const string Columns =
        "ruling_id, conversation_id, message_id, question_id, scope, state, at, ended_at, ended_why, superseded_by, uses, last_used_at, "
        + "characters, question, content";

    /// <summary>Whether the advisor of a conversation may rest on it.</summary>
    public bool HoldsIn(ConversationId conversation) => State == RulingState.Standing
        && (Scope == RulingScope.Always || (Scope == RulingScope.Conversation && Conversation == conversation));

    public static RulingRecord From(Row row) => new(
        row.Number(),
        new ConversationId(row.Text()),
        row.TextOrNull() is { } message ? new MessageId(message) : null,
        row.NumberOrNull(),
        row.Word<RulingScope>(),
        row.Word<RulingState>(),
        row.Time(),
        row.TimeOrNull(),
        row.TextOrNull(),
        row.NumberOrNull(),
        row.Number(),
        row.TimeOrNull(),
        row.Number(),
        row.TextOrNull(),
        row.Text());
}
