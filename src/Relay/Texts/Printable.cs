namespace Relay.Texts;

/// <summary>Makes foreign text safe to show in a message or a log: one line, nothing that cannot be seen, a limited length.</summary>
internal static class Printable
{
    private const int Longest = 60;

    public static string Quoted(string text) => $"\"{Short(text)}\"";

    public static string Short(string text) =>
        text.Length > Longest ? OneLine(text[..Longest]) + "..." : OneLine(text);

    /// <summary>A reason for the log, which holds nobody's words: from the first quotation mark to the last.</summary>
    public static string WithoutQuoted(string reason)
    {
        var (first, last) = (reason.IndexOf('"', StringComparison.Ordinal), reason.LastIndexOf('"'));
        return first == last ? reason : $"{reason[..(first + 1)]}…{reason[last..]}";
    }

    public static string OneLine(string text) =>
        string.Concat(text.EnumerateRunes().Select(rune => Visible.IsHidden(rune) ? "?" : rune.ToString()));

    /// <summary>Whether the text can be shown as it is: one line, nothing hidden, no half of a surrogate pair.</summary>
    public static bool IsOneLine(string text) => IsWellFormed(text) && !text.EnumerateRunes().Any(Visible.IsHidden);

    /// <summary>Whether each surrogate has its partner. A lone one cannot be written as UTF-8.</summary>
    public static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                return false;
        }
        return true;
    }
}
