namespace Relay.Operator;

/// <summary>Reads an answer to a permission question. Only a plain yes allows. An answer that is neither clearly yes nor clearly no
/// is refused, so the operator answers again.</summary>
internal static class PermissionWords
{
    public enum Word
    {
        Allow,
        Deny,
        Unclear,
    }

    /// <summary>What was said besides the word that denies; empty where it was the word alone.</summary>
    public static string ReasonOf(string answer)
    {
        var text = answer.Trim();
        var end = text.AsSpan().IndexOfAny(" ,:;\n");
        return end < 0 ? "" : text[end..].Trim([' ', ',', ':', ';', '-', '\n']);
    }

    public static Word Of(string answer)
    {
        var text = answer.Trim().TrimEnd('.', '!').ToLowerInvariant();
        if (text is "allow" or "yes" or "y" or "ok")
            return Word.Allow;
        var first = text.Split([' ', ',', ':', ';', '\n'], 2)[0];
        return first is "deny" or "no" or "n" ? Word.Deny : Word.Unclear;
    }
}
