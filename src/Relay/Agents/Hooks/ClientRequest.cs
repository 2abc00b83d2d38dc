using System.Text;
using System.Text.Json;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Texts;

namespace Relay.Agents.Hooks;

/// <summary>A PermissionRequest of Claude Code. Two of its tools are no permissions but questions to its human.</summary>
/// <param name="Kind">What becomes of it.</param>
/// <param name="Asked">Its structure.</param>
internal sealed record ClientRequest(QuestionKind Kind, ClientAsk Asked)
{
    public const string ChoiceTool = "AskUserQuestion", PlanTool = "ExitPlanMode";

    /// <summary>Before what the advisor said, which stands indented and ends before the first empty line.</summary>
    public const string AdviceHead = "The advisor, asked first, says:\n";

    private const int LongestKind = 60, LongestAdvice = 1_000, MostQuestions = 20;

    /// <summary>Null when it is a question that cannot be shown and answered: the client asks its own user.</summary>
    public static ClientRequest? Of(HookEvent hook)
    {
        var subagent = hook.AgentId is null ? null : Excerpt.Of(Visible.ExactOneLine(hook.AgentType ?? "of unknown kind"), LongestKind);
        ClientRequest? request = hook.ToolName switch
        {
            ChoiceTool => OfChoice(hook.ToolInput),
            PlanTool => new ClientRequest(QuestionKind.Plan, OfPlan(hook.ToolInput)),
            _ => new ClientRequest(
                QuestionKind.Permission,
                new ClientAsk.Permission(hook.ToolName ?? "a tool", hook.ToolInput, OfSuggestions(hook.PermissionSuggestions))),
        };
        return request is null ? null : request with { Asked = request.Asked with { Subagent = subagent } };
    }

    /// <summary>What the operator reads.</summary>
    public string Text(string folder)
    {
        var place = folder.Length == 0 ? "an unknown folder" : Visible.ExactOneLine(folder);
        var who = Asked.Subagent is { } kind ? $"\nasked by a subagent ({kind})" : "";
        return AdviceText() + Asked switch
        {
            ClientAsk.Choice choice => $"in {place}{who}\n\n{ChoiceText.Of(choice)}",
            ClientAsk.Plan plan => $"A plan in {place}{who}\n\n{PlanText(plan)}",
            ClientAsk.Permission permission => PermissionText.Of(permission.Tool, folder, permission.Input, who) + AlwaysText(permission),
            _ => throw new InvalidOperationException(),
        };
    }

    /// <summary>Before all else, indented: it is the advisor's, and no line of it can pass for another.</summary>
    private string AdviceText() => Asked.Advice is { } advice
        ? $"{AdviceHead}  {Visible.Exact(Excerpt.Of(advice, LongestAdvice)).Replace("\n", "\n  ")}\n\n"
        : "";

    private static ClientRequest? OfChoice(JsonElement? input)
    {
        if (input is not { ValueKind: JsonValueKind.Object } given || !given.TryGetProperty("questions", out var list)
            || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > MostQuestions)
            return null;
        var questions = list.EnumerateArray().Select(OfQuestion).ToList();
        var texts = questions.Select(question => question?.Question).Distinct().Count();
        return questions.Contains(null) || texts != questions.Count // The client knows an answer by its question's text.
            ? null
            : new ClientRequest(QuestionKind.Choice, new ClientAsk.Choice(questions!));
    }

    private static ChoiceQuestion? OfQuestion(JsonElement question)
    {
        if (StringOf(question, "question") is not { Length: > 0 } text)
            return null;
        var options = new List<ChoiceOption>();
        if (question.TryGetProperty("options", out var list) && list.ValueKind == JsonValueKind.Array)
            foreach (var option in list.EnumerateArray())
            {
                if (StringOf(option, "label") is not { Length: > 0 } label)
                    return null;
                options.Add(new ChoiceOption(label, StringOf(option, "description") ?? ""));
            }
        var several = question.TryGetProperty("multiSelect", out var multi) && multi.ValueKind == JsonValueKind.True;
        return new ChoiceQuestion(text, StringOf(question, "header") ?? "", options, several);
    }

    private static ClientAsk.Plan OfPlan(JsonElement? input)
    {
        var given = input ?? default;
        return new ClientAsk.Plan(StringOf(given, "plan")) { File = StringOf(given, "planFilePath") };
    }

    private static List<Suggestion> OfSuggestions(JsonElement? suggestions) => suggestions is { ValueKind: JsonValueKind.Array } given
        ? given.EnumerateArray().Select(Suggestions.Of).ToList()
        : [];

    private static string PlanText(ClientAsk.Plan plan) => string.IsNullOrWhiteSpace(plan.Text)
        ? "its client gives no text of it"
        : "  " + Visible.Exact(plan.Text).Replace("\n", "\n  ");

    /// <summary>What the client offers, as the text of a permission ends with it.</summary>
    public static string AlwaysText(ClientAsk.Permission permission)
    {
        var text = new StringBuilder();
        foreach (var (index, suggestion) in permission.Suggestions.Index())
            text.Append(index == 0 ? "\n\n" : "\n").Append($"always {index + 1}: {suggestion.Shown}");
        return text.ToString();
    }

    private static string? StringOf(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
