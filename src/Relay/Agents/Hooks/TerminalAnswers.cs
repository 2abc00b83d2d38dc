using System.Text.Json;
using Relay.Operator.Asked;
using Relay.Texts;

namespace Relay.Agents.Hooks;

/// <summary>Closes what was answered at the terminal first. The client says nothing of that to the hook that waits; the session's next
/// event shows it.</summary>
internal sealed class TerminalAnswers(ClientWaits waits, PermissionQuestions questions)
{
    private const string TaskNotification = "<task-notification>";
    private const int LongestAnswer = 200;

    public async Task SeenAsync(Agent agent, HookEvent hook, string name, CancellationToken cancellationToken)
    {
        if (waits.Of(agent.Id) is not { Count: > 0 } mine)
            return;
        if (name is "PostToolUse" or "PostToolUseFailure")
            await RanAsync(mine.FindAll(wait => wait.IsAbout(hook)), hook, cancellationToken);
        else if (Passed(mine, hook, name) is { Count: > 0 } passed)
            foreach (var wait in passed)
                await PassAsync(wait, name, cancellationToken);
    }

    /// <summary>Those that cannot be open any more. A subagent works on while its session stops or is told something, and a task's end is
    /// no word of the user.</summary>
    private static List<ClientWait> Passed(List<ClientWait> mine, HookEvent hook, string name) => name switch
    {
        "SessionEnd" => mine,
        "SessionStart" when hook.Source != "compact" => mine,
        "SubagentStop" or "PostToolBatch" when hook.AgentId is not null => mine.FindAll(wait => wait.Subagent == hook.AgentId),
        "Stop" or "PostToolBatch" when hook.AgentId is null => mine.FindAll(wait => wait.Subagent is null),
        "UserPromptSubmit" when hook.Prompt?.StartsWith(TaskNotification, StringComparison.Ordinal) != true =>
            mine.FindAll(wait => wait.Subagent is null),
        _ => [],
    };

    private async Task PassAsync(ClientWait wait, string name, CancellationToken cancellationToken)
    {
        if (wait is { Decision: null, Question: { } question })
        {
            var how = name == "SessionEnd" ? "its session has ended" : "it was settled at the terminal, and the session went on";
            await questions.SettledAsync(question, how, cancellationToken);
        }
        waits.Forget(wait);
    }

    /// <summary>The tool was used. Of several alike the one that the relay allowed is meant, else one that is open, else one that the relay
    /// denied in vain.</summary>
    private async Task RanAsync(List<ClientWait> alike, HookEvent hook, CancellationToken cancellationToken)
    {
        var meant = alike.Find(wait => wait.Decision is not (null or Decision.Denied))
            ?? alike.Find(wait => wait.Decision is null) ?? alike.LastOrDefault();
        if (meant is null)
            return;
        if (meant.Question is { } question && (meant.Decision is null or Decision.Denied || !IsAsDecided(meant, hook)))
            await questions.SettledAsync(question, How(hook), cancellationToken);
        waits.Forget(meant);
    }

    /// <summary>Of a choice: whether the session has the operator's answers, or those of the terminal.</summary>
    private static bool IsAsDecided(ClientWait wait, HookEvent hook)
    {
        if (wait.Decision is not Decision.Answered answered || Answers(hook) is not { } given)
            return true;
        return answered.Answers.All(chosen => given.TryGetValue(chosen.Question, out var value)
            && value == (chosen.Words ?? string.Join(", ", chosen.Labels)));
    }

    private static string How(HookEvent hook) => hook.ToolName switch
    {
        ClientRequest.ChoiceTool when Answers(hook) is { Count: > 0 } answers => "it was answered at the terminal: "
            + string.Join("; ", answers.Select(each => $"{Short(each.Key)} {Short(each.Value)}")),
        ClientRequest.ChoiceTool => "it was answered at the terminal",
        ClientRequest.PlanTool => "it was approved at the terminal",
        _ => "it was allowed at the terminal",
    };

    private static Dictionary<string, string>? Answers(HookEvent hook)
    {
        if (hook.ToolInput is not { ValueKind: JsonValueKind.Object } input || !input.TryGetProperty("answers", out var answers)
            || answers.ValueKind != JsonValueKind.Object)
            return null;
        var texts = new Dictionary<string, string>();
        foreach (var answer in answers.EnumerateObject())
            texts[answer.Name] = answer.Value.ValueKind == JsonValueKind.Array
                ? string.Join(", ", answer.Value.EnumerateArray().Select(each => each.ToString()))
                : answer.Value.ToString();
        return texts;
    }

    private static string Short(string text) => Excerpt.Of(Visible.OneLine(text), LongestAnswer);
}
