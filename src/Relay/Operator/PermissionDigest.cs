using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Relay.Operator;

/// <summary>Says which question, and which text of it, an "allow" is about: with it nothing else can be allowed.</summary>
internal static class PermissionDigest
{
    private const int Digits = 8, Fewest = 6;

    /// <summary>Of what a question shows. Two inputs are never shown alike, so it is one of the input, too.</summary>
    public static string Of(Question question) => Of(question.Id, question.Text);

    public static string Of(long question, string shown)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{question}\n{shown}"));
        return Convert.ToHexStringLower(SHA256.HashData(bytes))[..Digits];
    }

    /// <summary>Its beginning is enough.</summary>
    public static bool Matches(Question question, string given) =>
        given.Length >= Fewest && Of(question).StartsWith(given, StringComparison.OrdinalIgnoreCase);
}
