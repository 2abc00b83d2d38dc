using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Operator.Asked;

namespace Relay.Agents.Hooks;

/// <summary>An operator's decision as the client takes it.</summary>
internal static class AskedAnswer
{
    /// <param name="asked">What it is about.</param>
    /// <param name="input">The tool's input, as it came.</param>
    /// <param name="decision">The operator's.</param>
    public static HookAnswer Of(ClientAsk asked, JsonElement? input, Decision decision) => decision switch
    {
        Decision.Answered answered => HookAnswer.Allowed(Answers(input, answered), updates: null),
        Decision.Approved approved => HookAnswer.Allowed(
            Plan(asked as ClientAsk.Plan, approved), approved.AcceptEdits ? [AcceptEdits()] : null),
        Decision.Allowed allowed => HookAnswer.Allowed(input: null, allowed.Always.Count == 0 ? null : [.. allowed.Always.Select(Node)]),
        Decision.Denied denied => HookAnswer.Denied(Denial(asked, denied.Reason)),
        _ => throw new InvalidOperationException(),
    };

    /// <summary>The questions as they came, and beside them the answers by the questions' texts.</summary>
    private static JsonObject Answers(JsonElement? input, Decision.Answered answered)
    {
        var questions = input is { } given && given.TryGetProperty("questions", out var list) ? Node(list) : new JsonArray();
        var (answers, notes) = (new JsonObject(), new JsonObject());
        foreach (var chosen in answered.Answers)
        {
            answers[chosen.Question] = Value(chosen);
            if (!string.IsNullOrEmpty(chosen.Note))
                notes[chosen.Question] = new JsonObject { ["notes"] = chosen.Note };
        }
        var updated = new JsonObject { ["questions"] = questions, ["answers"] = answers };
        if (notes.Count > 0)
            updated["annotations"] = notes;
        return updated;
    }

    /// <summary>The client joins several with commas itself, which one that holds a comma would blur.</summary>
    private static JsonNode Value(Chosen chosen) => chosen.Words is { } words ? words
        : chosen.Labels.Count > 1 && chosen.Labels.Any(label => label.Contains(','))
            ? new JsonArray([.. chosen.Labels.Select(label => (JsonNode)label)])
        : string.Join(", ", chosen.Labels);

    /// <summary>Without an input the client's dialog stays; with a text it takes that for the plan.</summary>
    private static JsonObject Plan(ClientAsk.Plan? asked, Decision.Approved approved)
    {
        if (approved.Edited is null)
            return [];
        var plan = new JsonObject { ["plan"] = approved.Edited };
        if (asked?.File is { } file)
            plan["planFilePath"] = file;
        return plan;
    }

    private static JsonObject AcceptEdits() =>
        new() { ["type"] = "setMode", ["mode"] = "acceptEdits", ["destination"] = "session" };

    private static string Denial(ClientAsk asked, string reason) => (asked, reason) switch
    {
        (ClientAsk.Choice, "") => "The operator declines to answer.",
        (ClientAsk.Choice, _) => $"The operator declines to answer: {reason}",
        (ClientAsk.Plan, "") => "The operator sends the plan back.",
        (ClientAsk.Plan, _) => $"The operator sends the plan back: {reason}",
        _ => $"The operator says: {reason}",
    };

    private static JsonNode Node(JsonElement element) => JsonNode.Parse(element.GetRawText())!;
}
