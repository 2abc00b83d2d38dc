using System.Text.RegularExpressions;
using Relay.Loopback;

namespace Relay.Scenarios.Crash;

/// <summary>Makes the stand-in's replies. Each contains the tag of the message that it answers, so that the two can be matched.</summary>
internal static partial class EchoingAdvisor
{
    public const string SummaryPrompt = "SUMMARISE WHAT IS ABOVE";
    private static readonly string Padding = string.Concat(Enumerable.Repeat(" and the reasons for it", 15));

    public static string Message(int number, bool escalates) =>
        FormattableString.Invariant($"m-{number:D5} {(escalates ? "ask the operator" : "decide")}{Padding}");

    public static string Ruling(string tag) => $"ruling on {tag}";

    /// <summary>The tag of a message, of a reply or of a prompt block.</summary>
    public static string TagOf(string text) => Tag().Match(text).Value;

    public static bool AsksForSummary(AdvisorRequest request) => LastBlock(request).Contains(SummaryPrompt, StringComparison.Ordinal);

    public static string LastBlock(AdvisorRequest request) => request.Blocks[^1].Text;

    public static ScriptedReply Answer(AdvisorRequest request)
    {
        var asked = LastBlock(request);
        if (AsksForSummary(request))
            return ScriptedReply.Text(FormattableString.Invariant($"summary number {request.Number}"));
        return asked.Contains("ask the operator", StringComparison.Ordinal)
            ? ScriptedReply.Text($"[NEEDS-JC] What is to become of {TagOf(asked)}?")
            : ScriptedReply.Text($"{Address(asked)}reply to {TagOf(asked)}{Padding}");
    }

    /// <summary>Every other reply names the session it is for. Such a reply is not staged
    /// before the commit that makes it a reply to that session.</summary>
    private static string Address(string asked) =>
        TagOf(asked) is [.., '1' or '3' or '5' or '7' or '9'] && Speaker().Match(asked) is { Success: true } speaker
            ? $"@{speaker.Groups[1].Value}:\n"
            : "";

    [GeneratedRegex(@"\A\[(s-\d)\]")]
    private static partial Regex Speaker();

    [GeneratedRegex(@"m-\d{5}")]
    private static partial Regex Tag();
}
