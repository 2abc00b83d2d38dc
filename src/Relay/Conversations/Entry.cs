using Relay.Operator;
using Relay.Storage;
using Relay.Texts;
using Relay.Turns;

namespace Relay.Conversations;

internal enum EntryRole
{
    User,
    Assistant,
    Summary,
}

/// <summary>One line of the journal. Times and positions only grow.</summary>
internal sealed record Entry(
    long Position,
    EntryRole Role,
    string Speaker,
    string Content,
    int Characters,
    long? CoversThrough,
    DateTimeOffset At)
{
    public const string Columns = "position, role, speaker, content, characters, covers_through, at";

    /// <summary>As the advisor reads it. A pure function of what is stored, so the prefix stays byte-identical over every call.</summary>
    public string Text { get; } = Role == EntryRole.User ? $"[{Speaker}] {Content}" : Content;

    public static Entry From(Row row) =>
        new(row.Number(), row.Word<EntryRole>(), row.Text(), row.Text(), row.Int(), row.NumberOrNull(), row.Time());
}

/// <summary>The operator's word, with the question it decided where there was one.</summary>
internal sealed record Ruling(DateTimeOffset At, string Speaker, string Content, string? Question);
