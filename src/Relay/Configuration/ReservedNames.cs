namespace Relay.Configuration;

/// <summary>Names no session may have: in the advisor's record they would be taken for somebody else.</summary>
internal static class ReservedNames
{
    public const string Text = "relay, operator*, advisor, assistant, system, human and user are reserved";

    private static readonly string[] Names = ["relay", "advisor", "assistant", "system", "human", "user"];

    /// <summary>A dash or underline around a name makes it no other.</summary>
    public static bool Contains(string name)
    {
        var bare = name.Trim('-', '_');
        return bare.StartsWith("operator", StringComparison.OrdinalIgnoreCase) || Names.Contains(bare, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Whether it is the operator's own, also as it can be written in the letters of a session's name.</summary>
    public static bool IsOperators(string name, string operatorsName) =>
        name.Equals(operatorsName, StringComparison.OrdinalIgnoreCase)
        || (Letters(name) is { Length: > 0 } letters && letters.Equals(Letters(operatorsName), StringComparison.OrdinalIgnoreCase));

    private static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit));
}
