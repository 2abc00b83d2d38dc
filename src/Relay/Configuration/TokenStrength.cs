namespace Relay.Configuration;

/// <summary>Whether a token that was set by hand is hard enough to guess. How random it is cannot be seen, so its length and its
/// alphabet are judged: 4 bits a character for hexadecimal digits, 3.3 for decimal ones, 6 for any others.</summary>
internal static class TokenStrength
{
    public const string Allowed = "at least 128 bits, as 22 characters of A-Z a-z 0-9 - _ or 32 hexadecimal digits drawn at random, "
        + "8 of them different (openssl rand -hex 32 makes one); without the line one is generated";

    private const int LeastOfAny = 22, LeastHexadecimal = 32, LeastDecimal = 39, LeastDifferent = 8;

    public static bool IsEnough(string token)
    {
        var digits = token.Count(char.IsAsciiLetterOrDigit);
        var (length, least) = token.All(IsOf(char.IsAsciiDigit)) ? (digits, LeastDecimal)
            : token.All(IsOf(char.IsAsciiHexDigit)) ? (digits, LeastHexadecimal)
            : (token.Length, LeastOfAny);
        return length >= least && token.Distinct().Count() >= LeastDifferent;
    }

    /// <summary>The signs in a UUID or between groups of digits add nothing.</summary>
    private static Func<char, bool> IsOf(Func<char, bool> isDigit) => c => isDigit(c) || c is '-' or ':' or '_' or '.';
}
