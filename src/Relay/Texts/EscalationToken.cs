using System.Text.RegularExpressions;

namespace Relay.Texts;

/// <summary>Where a reply asks for the operator: the token, alone or with attributes inside its closing bracket, as in
/// "[NEEDS-JC by=2h default=a]".</summary>
/// <param name="Start">Where it begins.</param>
/// <param name="Length">Of what need not be shown; 0 where there is more in it than is understood.</param>
/// <param name="By">For how long an answer is waited for, as it was written; null where it is not said.</param>
/// <param name="Default">The key of the option that is taken then; null where it is not said.</param>
internal sealed partial record EscalationToken(int Start, int Length, string? By, string? Default)
{
    private const int LongestAttributes = 200;

    /// <param name="text">A reply.</param>
    /// <param name="token">As it is configured. Only one that ends with a closing bracket can have attributes.</param>
    /// <param name="within">The first so many characters count, as a person counts them, for the token without its attributes.</param>
    public static EscalationToken? Find(string text, string token, int within)
    {
        if (token.Length == 0)
            return null;
        var head = Characters.First(text, within);
        var plain = head.IndexOf(token, StringComparison.Ordinal);
        var bare = plain < 0 ? null : new EscalationToken(plain, token.Length, By: null, Default: null);
        return token[^1] is ']' or ')' or '}' or '>' && token.Length > 1 && WithAttributes(text, token, head.Length) is { } found
            && (bare is null || found.Start < plain)
            ? found
            : bare;
    }

    private static EscalationToken? WithAttributes(string text, string token, int head)
    {
        var (stem, close) = (token[..^1], token[^1]);
        for (var at = text.IndexOf(stem, StringComparison.Ordinal);
            at >= 0 && at + token.Length <= head;
            at = text.IndexOf(stem, at + 1, StringComparison.Ordinal))
        {
            var rest = text.AsSpan(at + stem.Length);
            rest = rest[..Math.Min(rest.Length, LongestAttributes)];
            if (rest.IsEmpty || !(char.IsWhiteSpace(rest[0]) || rest[0] is ',' or ';' or ':'))
                continue;
            var line = rest.IndexOfAny('\n', '\r') is var end and >= 0 ? rest[..end] : rest;
            if (line.IndexOf(close) is var closed and >= 0)
                return Of(at, stem.Length + closed + 1, line[..closed].ToString());
            if (Begun().IsMatch(line))
                return new EscalationToken(at, Length: 0, By: null, Default: null); // Rather one question too many.
        }
        return null;
    }

    /// <summary>All of it is understood, or none of it counts: what is not understood may be a condition.</summary>
    private static EscalationToken Of(int start, int length, string attributes)
    {
        var match = Attributes().Match(attributes);
        var (by, option) = (match.Groups["by"], match.Groups["default"]);
        return match.Success && by.Captures.Count <= 1 && option.Captures.Count <= 1
            ? new EscalationToken(start, length, by.Success ? by.Value.ToLowerInvariant() : null, option.Success ? option.Value : null)
            : new EscalationToken(start, Length: 0, By: null, Default: null);
    }

    [GeneratedRegex(@"\A[\s,;:]+(?:by|default)\s*=", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Begun();

    [GeneratedRegex(
        @"\A(?:[\s,;:]+(?:by=(?<by>(?=[0-9dhms]*[1-9])(?=[0-9])(?:[0-9]{1,3}d)?(?:[0-9]{1,4}h)?(?:[0-9]{1,5}m)?(?:[0-9]{1,7}s)?)(?![^\s,;])"
        + @"|default=\(?(?<default>[A-Za-z0-9]{1,3})\)?(?![^\s,;])))*[\s,;]*\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Attributes();
}
