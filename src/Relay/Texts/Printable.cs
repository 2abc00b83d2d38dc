namespace Relay.Texts;

/// <summary>Makes foreign text safe to show in a message or a log: one line, no control characters, a limited length.</summary>
internal static class Printable
{
    private const int Longest = 60;

    public static string Quoted(string text) => $"\"{Short(text)}\"";

    public static string Short(string text) =>
        text.Length > Longest ? OneLine(text[..Longest]) + "..." : OneLine(text);

    public static string OneLine(string text) => string.Concat(text.Select(c => IsPlain(c) ? c : '?'));

    /// <summary>Whether the text can be shown as it is: one line, no control characters, no half of a surrogate pair.</summary>
    public static bool IsOneLine(string text) => IsWellFormed(text) && text.All(IsPlain);

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

    private static bool IsPlain(char c) => !char.IsControl(c) && c is not ('\u2028' or '\u2029');
}
