namespace Relay.Texts;

/// <summary>A question as the operator reads it: without the token that made it one, which the title or the list says already.</summary>
internal static class QuestionText
{
    private static readonly char[] AfterToken = [' ', '\t', '\r', '\n', ':', '-', '–', '—'];

    public static string Without(string text, string token)
    {
        if (EscalationToken.Find(text, token, int.MaxValue) is not { Length: > 0 } found)
            return text;
        var (before, after) = (text[..found.Start], text[(found.Start + found.Length)..]);
        var rest = after.TrimStart(AfterToken);
        if (string.IsNullOrWhiteSpace(before + rest))
            return text; // It said nothing else.
        return string.IsNullOrWhiteSpace(before) ? rest : before.EndsWith(' ') ? before + after.TrimStart(' ') : before + after;
    }

    /// <summary>Its beginning.</summary>
    public static string OneLine(string text, string token, int longest) =>
        Excerpt.Of(Printable.OneLine(Without(text, token).Trim().ReplaceLineEndings(" ")), longest);
}
