using System.Text.RegularExpressions;

namespace Relay.Operator;

/// <summary>Reads an answer to a permission question. Only a plain yes allows. An answer that is neither clearly yes nor clearly no
/// is refused, so the operator answers again.</summary>
internal static partial class PermissionWords
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

    /// <summary>The digest of what is allowed; null where none was said.</summary>
    public static string? DigestOf(string answer) =>
        Allowing().Match(answer) is { Success: true } match && match.Groups["digest"] is { Success: true } digest ? digest.Value : null;

    public static Word Of(string answer)
    {
        var text = answer.Trim().ToLowerInvariant();
        if (Allowing().IsMatch(text))
            return Word.Allow;
        var first = text.Split([' ', ',', ':', ';', '\n'], 2)[0];
        return first is "deny" or "no" or "n" ? Word.Deny : Word.Unclear;
    }

    [GeneratedRegex(
        @"\A\s*(?:allow|yes|y|ok)[.!]*(?:\s+(?<digest>[0-9a-f]{6,64})[.!]*)?\s*\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Allowing();
}
