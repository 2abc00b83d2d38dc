using System.Buffers;
using System.Globalization;
using System.Text;

namespace Relay.Texts;

/// <summary>The relay says who speaks in a bracket at the start of a line. What somebody wrote can hold such a line, too: those are
/// quoted, so that a line which begins with a bracket is always the relay's.</summary>
internal static class HeaderLines
{
    private const string Mark = "> ";

    /// <summary>How much of a bracket is looked at.</summary>
    private const int Longest = 40;

    private static readonly SearchValues<char> Brackets = SearchValues.Create(
        "[\uFF3B\u2045\u27E6\u27EC\u3010\u3014\u3016\u3018\u301A\u2772\u298B\u298D\u298F\uFE39\uFE3B\uFE3D\uFE47\u23A1\u23A2\u23A3\u23B4");

    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\u0085\u2028\u2029");

    private static readonly string[] Speakers = ["advisor", "operator", "relay", "therelay"];

    /// <summary>Quotes every line that begins with a bracket, or with what looks like one.</summary>
    public static string QuoteAll(string text) => Quote(text, _ => true);

    /// <summary>Quotes only the lines that begin as the relay's own to a session do: with the advisor, the operator or the relay.</summary>
    public static string QuoteSpeakers(string text) => Quote(text, NamesSpeaker);

    /// <summary>Quotes every line after the first.</summary>
    public static string QuoteRest(string text, string indent)
    {
        if (text.AsSpan().IndexOfAny(LineEnds) < 0)
            return text;
        var quoted = new StringBuilder();
        for (var start = 0; start < text.Length; start = NextLine(text, start))
            quoted.Append(start > 0 ? indent + Mark : "").Append(text.AsSpan()[start..NextLine(text, start)]);
        return quoted.ToString();
    }

    private delegate bool Suspect(ReadOnlySpan<char> bracket);

    private static string Quote(string text, Suspect isQuoted)
    {
        if (text.AsSpan().IndexOfAny(Brackets) < 0)
            return text;
        StringBuilder? quoted = null;
        var copied = 0;
        for (var start = 0; start < text.Length; start = NextLine(text, start))
        {
            if (Bracket(text.AsSpan(start)) is not { } offset || !isQuoted(text.AsSpan(start + offset)))
                continue;
            (quoted ??= new()).Append(text.AsSpan()[copied..start]).Append(Mark);
            copied = start;
        }
        return quoted is null ? text : quoted.Append(text.AsSpan()[copied..]).ToString();
    }

    private static int NextLine(string text, int start)
    {
        var end = text.AsSpan(start).IndexOfAny(LineEnds);
        return end < 0 ? text.Length : start + end + 1;
    }

    /// <summary>Where the first character that can be seen stands, if it is a bracket. A line's end is looked for by the caller: here it
    /// ends the search as any character does.</summary>
    private static int? Bracket(ReadOnlySpan<char> line)
    {
        for (var at = 0; at < line.Length;)
        {
            if (LineEnds.Contains(line[at]))
                return null;
            if (Brackets.Contains(line[at]))
                return at;
            Rune.DecodeFromUtf16(line[at..], out var rune, out var length);
            if (!IsUnseen(rune))
                return null;
            at += length;
        }
        return null;
    }

    /// <summary>Characters of several alphabets in one word are meant to be taken for others.</summary>
    private static bool NamesSpeaker(ReadOnlySpan<char> bracket)
    {
        var word = new StringBuilder();
        var start = bracket[1..Math.Min(bracket.Length, Longest)].ToString();
        foreach (var rune in (Printable.IsWellFormed(start) ? start.Normalize(NormalizationForm.FormKD) : start).EnumerateRunes())
            if (Rune.IsLetter(rune))
                word.Append(Rune.ToLowerInvariant(rune).ToString());
            else if (!IsUnseen(rune) && rune.Value is not ('*' or '_'))
                break;
        var letters = word.ToString();
        return Array.Exists(Speakers, speaker => letters.StartsWith(speaker, StringComparison.Ordinal))
            || (letters.Any(char.IsAsciiLetter) && letters.Any(letter => letter >= '\u0370'));
    }

    private static bool IsUnseen(Rune rune) =>
        rune.Value is 0x2800 or 0x3164 or 0x115F or 0x1160 or 0xFFA0 // Letters and symbols without a shape.
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.NonSpacingMark
            or UnicodeCategory.EnclosingMark or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;
}
