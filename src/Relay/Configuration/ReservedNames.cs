namespace Relay.Configuration;

/// <summary>Names no session may have: in the advisor's record they would be taken for somebody else.</summary>
internal static class ReservedNames
{
    public const string Text = "relay, operator*, advisor, assistant, system, human and user are reserved";

    private static readonly string[] Names = ["relay", "advisor", "assistant", "system", "human", "user"];

    public static bool Contains(string name) =>
        name.StartsWith("operator", StringComparison.OrdinalIgnoreCase) || Names.Contains(name, StringComparer.OrdinalIgnoreCase);
}
