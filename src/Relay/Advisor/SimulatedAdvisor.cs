using System.Text.RegularExpressions;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;

namespace Relay.Advisor;

/// <summary>An offline stand-in. Its replies are deterministic and come after a visible delay. It asks the operator when a message tells it
/// to, with the options that the message has, and rests on a ruling that the message names.</summary>
internal sealed partial class SimulatedAdvisor(SettingsSource settings, TimeProvider clock) : IAdvisor
{
    private const int LongestEcho = 200, LongestQuestion = 1_000;

    private static readonly TimeSpan Thinking = TimeSpan.FromMilliseconds(600);
    private static readonly string[] EscalatingWords = ["escalate", "ask the operator", "ask jc"];

    public async Task<AdvisorOutcome> AskAsync(AdvisorCall call, CancellationToken cancellationToken)
    {
        await Task.Delay(Thinking, clock, cancellationToken);
        var last = call.Messages[^1].Blocks[^1];
        var text = Answer(last, call.Messages.Count(message => message.Role == EntryRole.User));
        return new AdvisorOutcome.Replied(text, "end_turn") { Usage = new TokenUsage(call.PromptBytes() / 4, text.Length / 4, 0, 0, 0) };
    }

    private string Answer(string said, int turn)
    {
        var @operator = settings.Current.Config.Operator;
        if (said.StartsWith(RelayMark.Text, StringComparison.Ordinal)
            && said.Contains("Your summary takes the place", StringComparison.Ordinal))
            return "Simulated summary: the sessions asked, the advisor answered, the operator's rulings stand.";
        if (said.StartsWith($"[operator {@operator.Name}]", StringComparison.Ordinal))
            return $"Simulated advisor, turn {turn}: {@operator.Name} has decided: {Words(said)}";
        if (said.Contains(@operator.Token, StringComparison.Ordinal)
            || EscalatingWords.Any(word => said.Contains(word, StringComparison.OrdinalIgnoreCase)))
            return $"{@operator.Token} {Question(said)}";
        if (NamedRuling().Match(said) is { Success: true } named)
            return $"Simulated advisor, turn {turn}: [ruling {named.Groups[1].Value}] settles it. Go ahead.";
        return $"Simulated advisor, turn {turn}: I have read \"{Words(said)}\". Go ahead.";
    }

    /// <summary>Its first line, marked, and what stands below that.</summary>
    private static string Question(string said)
    {
        var lines = Words(said, LongestQuestion).Split('\n', 2);
        return $"{lines[0]} (simulated question; one line will do){(lines.Length > 1 ? "\n" + lines[1] : "")}";
    }

    private static string Words(string said, int longest = LongestEcho)
    {
        var text = said[(said.IndexOf(']', StringComparison.Ordinal) + 1)..].Trim();
        return text.Length <= longest ? text : text[..longest] + "…";
    }

    [GeneratedRegex(@"\bruling ([0-9]{1,9})\b", RegexOptions.IgnoreCase)]
    private static partial Regex NamedRuling();
}
