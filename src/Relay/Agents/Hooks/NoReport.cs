using System.Text.RegularExpressions;

namespace Relay.Agents.Hooks;

/// <summary>Last messages that the client wrote in the model's place: they report nothing, and an advisor could only say so.</summary>
internal static partial class NoReport
{
    public static bool Is(string? lastMessage) => string.IsNullOrWhiteSpace(lastMessage) || ClientsOwn().IsMatch(lastMessage);

    [GeneratedRegex(
        @"\A\s*(?:API Error(?::|\s*\()|\[Request interrupted by user|No response requested\.?\s*\z|\(no content\)\s*\z"
        + @"|Prompt is too long\s*\z|Credit balance is too low\s*\z|Invalid API key|Please run /login"
        + @"|You've (?:hit|reached) your [^\n]{0,60}limit|Claude (?:AI )?usage limit reached)")]
    private static partial Regex ClientsOwn();
}
