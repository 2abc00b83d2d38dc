using System.Globalization;

namespace Relay.Texts;

/// <summary>Characters as a person counts them: an emoji, or a letter with its accents, is one.</summary>
internal static class Characters
{
    public static int Count(string text) => new StringInfo(text).LengthInTextElements;

    public static ReadOnlySpan<char> First(ReadOnlySpan<char> text, int count)
    {
        var end = 0;
        for (; count > 0 && end < text.Length; count--)
            end += StringInfo.GetNextTextElementLength(text[end..]);
        return text[..end];
    }
}
