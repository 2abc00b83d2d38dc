using Relay.Storage;

namespace Relay.Conversations;

internal enum EntryRole
{
    User,
    Assistant,
    Summary,
}

/// <summary>One entry of the journal. Positions and times increase from entry to entry. Of one that is left out, calls carry the line
/// in its place.</summary>
internal sealed record Entry(
    long Position,
    EntryRole Role,
    string Speaker,
    string Content,
    int Characters,
    long? CoversThrough,
    DateTimeOffset At,
    string? LeftOut = null)
{
    public const string Columns = "position, role, speaker, content, characters, covers_through, at, left_out";

    /// <summary>The text as the advisor reads it. It depends only on what is stored, so the start of the prompt is the same,
    /// byte for byte, in every call.</summary>
    public string Text { get; } =
        LeftOut is not null ? $"[relay] {LeftOut}" : Role == EntryRole.User ? $"[{Speaker}] {Content}" : Content;

    /// <summary>As it was said. Mostly it is the end of <see cref="Text"/>: kept beside it, a long one would be in memory twice.</summary>
    public string Content => _leftOut ?? (Role == EntryRole.User ? Text[(Speaker.Length + "[] ".Length)..] : Text);

    private readonly string? _leftOut = LeftOut is null ? null : Content;

    /// <summary>Whether the operator speaks: then it is a ruling.</summary>
    public bool IsOperators => Role == EntryRole.User && Speaker.StartsWith("operator ", StringComparison.Ordinal);

    public static Entry From(Row row) => new(
        row.Number(), row.Word<EntryRole>(), row.Text(), row.Text(), row.Int(), row.NumberOrNull(), row.Time(), row.TextOrNull());
}

/// <summary>A decision of the operator, with the question that it answers, if there was one.</summary>
internal sealed record Ruling(DateTimeOffset At, string Speaker, string Content, string? Question);
