using System.Buffers;
using System.Globalization;
using System.Text;

namespace Relay.Texts;

/// <summary>Foreign text for a person's eyes: what has no shape of its own, or changes how the rest is shown, stands there as its code,
/// \u202e or \U000e0041. A backslash that would look like the beginning of such a code is doubled, so that two different texts are never
/// shown alike. Letters that look like others are left: the eye cannot be helped there.</summary>
internal static class Visible
{
    /// <summary>More marks than this on one letter are shown as their codes: they would cover the lines around.</summary>
    private const int MostMarks = 4;

    private const int VariationAsEmoji = 0xFE0F, Joiner = 0x200D;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    [Flags]
    private enum How
    {
        Plain = 0,

        /// <summary>Line breaks and tabs are shown as codes, too.</summary>
        OneLine = 1,

        /// <summary>All that could be taken for something else: marks that join the letter before, blanks that are no space.</summary>
        Exact = 2,

        /// <summary>Backslashes stay. Done to a text that was made visible before, it changes nothing.</summary>
        Again = 4,
    }

    /// <summary>Text with its lines.</summary>
    public static string Of(string text) => Show(text.Replace("\r\n", "\n"), How.Plain);

    /// <summary>Text for a place where a line break would forge something.</summary>
    public static string OneLine(string text) => Show(text, How.OneLine);

    /// <summary>Text that is decided on as it stands, with its lines.</summary>
    public static string Exact(string text) => Show(text, How.Exact);

    public static string ExactOneLine(string text) => Show(text, How.Exact | How.OneLine);

    /// <summary>JSON that is decided on as it stands. Its backslashes are doubled already, and the codes mean the same in it.</summary>
    public static string ExactJson(string json) => Show(json, How.Exact | How.Again);

    /// <summary>The last look before a text leaves: only what must never be shown is replaced.</summary>
    public static string Again(string text) => Show(text, How.Again);

    public static string OneLineAgain(string text) => Show(text, How.Again | How.OneLine);

    /// <summary>Whether it has no shape, or changes how others are shown. Line breaks and tabs are among them.</summary>
    public static bool IsHidden(Rune rune) => !rune.IsAscii ? IsHiddenBeyondAscii(rune) : Rune.IsControl(rune);

    /// <summary>As it is written where it may not stand itself.</summary>
    public static string Code(int value) =>
        (value > 0xFFFF ? "\\U" : "\\u") + value.ToString(value > 0xFFFF ? "x8" : "x4", CultureInfo.InvariantCulture);

    private static bool IsHiddenBeyondAscii(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        || rune.Value is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F) or 0x2800 or 0x3164
            or (>= 0xFE00 and <= VariationAsEmoji) or 0xFFA0 or (>= 0xE0100 and <= 0xE01EF);

    private static string Show(string text, How how)
    {
        StringBuilder? shown = null;
        var (done, marks, before) = (0, 0, default(Rune));
        for (var at = 0; at < text.Length;)
        {
            var isWhole = Rune.TryGetRuneAt(text, at, out var rune);
            var length = isWhole ? rune.Utf16SequenceLength : 1;
            marks = isWhole && IsMark(rune) ? marks + 1 : 0;
            var code = !isWhole ? Code(text[at])
                : rune.Value == '\\' && !how.HasFlag(How.Again) ? Backslashes(text, at, how, ref length)
                : IsShownAsCode(rune, before, Next(text, at + length), how)
                    || IsLineEnd(text, at, how) || marks > (how.HasFlag(How.Exact) ? 0 : MostMarks) ? Code(rune.Value)
                : null;
            if (code is not null)
            {
                (shown ??= new StringBuilder(text.Length + 16)).Append(text, done, at - done).Append(code);
                done = at + length;
            }
            at += length;
            before = rune;
        }
        return shown is null ? text : shown.Append(text, done, text.Length - done).ToString();
    }

    private static Rune Next(string text, int at) => at < text.Length && Rune.TryGetRuneAt(text, at, out var next) ? next : default;

    /// <summary>Some are made of several signs with joiners between them.</summary>
    private static bool IsPartOfEmoji(Rune rune) => rune.Value == VariationAsEmoji || (!rune.IsAscii && Rune.IsSymbol(rune));

    private static bool IsMark(Rune rune) =>
        !rune.IsAscii && Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark;

    private static bool IsShownAsCode(Rune rune, Rune before, Rune next, How how) => rune.Value switch
    {
        '\n' => how.HasFlag(How.OneLine),
        '\t' => how.HasFlag(How.OneLine) || how.HasFlag(How.Exact),
        <= '~' => rune.Value < ' ',
        VariationAsEmoji when !how.HasFlag(How.Exact) && Rune.IsSymbol(before) => false,
        Joiner when !how.HasFlag(How.Exact) && IsPartOfEmoji(before) => !IsPartOfEmoji(next),
        _ => IsHidden(rune) || (how.HasFlag(How.Exact) && Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator),
    };

    /// <summary>A space that nobody sees, because its line ends with it.</summary>
    private static bool IsLineEnd(string text, int at, How how) =>
        how.HasFlag(How.Exact) && text[at] == ' ' && (at + 1 == text.Length || text[at + 1] == '\n');

    /// <summary>Twice as many, where what follows is a code or would be taken for one; null where they can stay.</summary>
    private static string? Backslashes(string text, int at, How how, ref int length)
    {
        var end = at;
        while (end < text.Length && text[end] == '\\')
            end++;
        length = end - at;
        var rest = text.AsSpan(end);
        var isCode = !rest.IsEmpty
            && (Rune.DecodeFromUtf16(rest, out var next, out _) != OperationStatus.Done || IsLineEnd(text, end, how)
                || IsShownAsCode(next, default, default, how) || IsMark(next) || next.Value == VariationAsEmoji);
        return isCode || IsHex(rest, 'u', 4) || IsHex(rest, 'U', 8) ? new string('\\', 2 * length) : null;
    }

    private static bool IsHex(ReadOnlySpan<char> text, char start, int digits) =>
        text.Length > digits && text[0] == start && text.Slice(1, digits).IndexOfAnyExcept(HexDigits) < 0;
}
