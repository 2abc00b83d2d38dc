namespace Relay.Texts;

/// <summary>The beginning of a text. It never ends in half a surrogate pair, which cannot be sent as JSON.</summary>
internal static class Excerpt
{
    public static string Of(string text, int longest)
    {
        if (text.Length <= longest)
            return text;
        return text[..(char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest)] + "…";
    }
}
