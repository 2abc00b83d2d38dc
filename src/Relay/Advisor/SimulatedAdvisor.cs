using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;

namespace Relay.Advisor;

/// <summary>An offline stand-in. Its replies are deterministic and come after a visible delay.
/// It asks the operator when a message tells it to.</summary>
internal sealed class SimulatedAdvisor(SettingsSource settings, TimeProvider clock) : IAdvisor
{
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
            return $"{@operator.Token} {Words(said)} (simulated question; one line will do)";
        return $"Simulated advisor, turn {turn}: I have read \"{Words(said)}\". Go ahead.";
    }

    private static string Words(string said)
    {
        var text = said[(said.IndexOf(']', StringComparison.Ordinal) + 1)..].Trim();
        return text.Length <= 200 ? text : text[..200] + "…";
    }
}
