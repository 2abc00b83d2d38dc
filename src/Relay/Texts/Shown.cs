namespace Relay.Texts;

/// <summary>Text of others as it may stand in a fault: one line, no control characters, not endless.</summary>
internal static class Shown
{
    private const int Longest = 60;

    public static string Quoted(string text) => $"\"{Short(text)}\"";

    public static string Short(string text) =>
        text.Length > Longest ? OneLine(text[..Longest]) + "..." : OneLine(text);

    public static string OneLine(string text) => string.Concat(text.Select(c => IsPlain(c) ? c : '?'));

    /// <summary>Whether text is one line that can be shown anywhere: nothing that moves the cursor, breaks the line or is half a character.</summary>
    public static bool IsOneLine(string text) => IsWellFormed(text) && text.All(IsPlain);

    /// <summary>Whether text has no half of a surrogate pair, which no UTF-8 could carry.</summary>
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
