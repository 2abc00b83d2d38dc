using Relay.Storage;
using Relay.Texts;

namespace Relay.Conversations;

internal enum EntryRole
{
    User,
    Assistant,
    Summary,
}

/// <summary>One entry of the journal. Positions and times increase from entry to entry. Of one that is left out, calls carry the line
/// in its place.</summary>
/// <param name="Position">Its place.</param>
/// <param name="Role">Whose turn it is.</param>
/// <param name="Speaker">Who speaks.</param>
/// <param name="Content">What was said.</param>
/// <param name="Characters">The length of what calls carry.</param>
/// <param name="CoversThrough">Of a summary: the last position it sums up.</param>
/// <param name="At">When.</param>
/// <param name="LeftOut">The line that calls carry in its place.</param>
/// <param name="IsQuoted">Lines of the content that begin with a bracket are shown as quoted. Not so in what an older relay wrote.</param>
/// <param name="Note">What calls say of it, in a block before it.</param>
internal sealed record Entry(
    long Position,
    EntryRole Role,
    string Speaker,
    string Content,
    int Characters,
    long? CoversThrough,
    DateTimeOffset At,
    string? LeftOut = null,
    bool IsQuoted = false,
    string? Note = null)
{
    public const string Columns = "position, role, speaker, content, characters, covers_through, at, left_out, quoted, note";

    /// <summary>The text as the advisor reads it. It depends only on what is stored, so the start of the prompt is the same,
    /// byte for byte, in every call.</summary>
    public string Text { get; } = Show(Role, Speaker, Content, LeftOut, IsQuoted);

    /// <summary>As it was said. Mostly it is the end of <see cref="Text"/>: kept beside it, a long one would be in memory twice.</summary>
    public string Content => _leftOut ?? (Role == EntryRole.User ? Text[(Speaker.Length + "[] ".Length)..] : Text);

    private readonly string? _leftOut = LeftOut is null ? null : Content;

    /// <summary>Whether the operator speaks: then it is a ruling.</summary>
    public bool IsOperators => Role == EntryRole.User && IsOperator(Speaker);

    private static bool IsOperator(string speaker) => speaker.StartsWith("operator ", StringComparison.Ordinal);

    /// <summary>The operator's words stay as they are: nobody speaks with more authority.</summary>
    private static string Show(EntryRole role, string speaker, string content, string? leftOut, bool isQuoted)
    {
        if (leftOut is not null)
            return leftOut.StartsWith('[') ? leftOut : $"{RelayMark.Older} {leftOut}";
        if (role != EntryRole.User)
            return content;
        return $"[{speaker}] {(isQuoted && !IsOperator(speaker) ? HeaderLines.QuoteAll(content) : content)}";
    }

    public static Entry From(Row row) => new(
        row.Number(), row.Word<EntryRole>(), row.Text(), row.Text(), row.Int(), row.NumberOrNull(), row.Time(), row.TextOrNull(),
        row.Flag(), row.TextOrNull());
}

/// <summary>A decision of the operator, with the question that it answers, if there was one.</summary>
/// <param name="At">When it was said.</param>
/// <param name="Speaker">By whom.</param>
/// <param name="Content">The words.</param>
/// <param name="Question">What was asked.</param>
/// <param name="Id">The number by which the advisor cites it.</param>
internal sealed record Ruling(DateTimeOffset At, string Speaker, string Content, string? Question, long? Id = null);
