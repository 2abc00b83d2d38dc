using System.Text.Json;

namespace Relay.Operator.Asked;

/// <summary>Reads an answer to a choice that a program gives as JSON: by each question's text a name, several names, or an object of
/// choose, words and note; null leaves a question out.</summary>
internal static class ChoiceStructure
{
    public static AnswerReading Of(ClientAsk.Choice asked, JsonElement given)
    {
        if (given.ValueKind != JsonValueKind.Object)
            return new AnswerReading.Refused("the answers are an object, by each question's text");
        var names = given.EnumerateObject().Select(each => each.Name);
        if (names.Except(asked.Questions.Select(question => question.Question)).FirstOrDefault() is { } unknown)
            return new AnswerReading.Refused($"it has no question \"{unknown}\"");
        var answers = new List<Chosen>();
        foreach (var question in asked.Questions)
        {
            if (!given.TryGetProperty(question.Question, out var value))
                return new AnswerReading.Refused($"\"{question.Question}\" has no answer; null leaves it out");
            if (value.ValueKind == JsonValueKind.Null)
                continue;
            if (Read(question, value) is not { } chosen)
                return new AnswerReading.Refused(
                    $"\"{question.Question}\": allowed is a name of its choices{(question.MultiSelect ? ", or several" : "")}, or an "
                    + "object of choose (names) or words, and note");
            answers.Add(chosen);
        }
        return answers.Count == 0
            ? new AnswerReading.Refused("every question is left out")
            : new AnswerReading.Clear(new Decision.Answered(answers));
    }

    /// <summary>What no question could make an answer of: parts of another kind. Null where there is nothing of that.</summary>
    public static string? FaultOf(JsonElement given)
    {
        if (given.ValueKind != JsonValueKind.Object)
            return null;
        foreach (var answer in given.EnumerateObject().Where(each => each.Value.ValueKind == JsonValueKind.Object))
        {
            foreach (var part in answer.Value.EnumerateObject())
                if (part.Name is "note" or "words" && part.Value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
                    return $"\"{answer.Name}\": {part.Name} must be a string";
            if (Text(answer.Value, "words") is { Length: > 0 } && answer.Value.TryGetProperty("choose", out var choose)
                && choose.ValueKind != JsonValueKind.Null)
                return $"\"{answer.Name}\": choose and words are two answers: one of them";
        }
        return null;
    }

    private static Chosen? Read(ChoiceQuestion question, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return Labels(question, value) is { } labels ? new Chosen(question.Question, labels) : null;
        if (value.EnumerateObject().Any(field => field.Name is not ("choose" or "words" or "note")))
            return null;
        var note = Text(value, "note");
        if (Text(value, "words") is { } words && !string.IsNullOrWhiteSpace(words))
            return value.TryGetProperty("choose", out var both) && both.ValueKind != JsonValueKind.Null
                ? null
                : new Chosen(question.Question, []) { Words = words, Note = note };
        return value.TryGetProperty("choose", out var choose) && Labels(question, choose) is { } chosen
            ? new Chosen(question.Question, chosen) { Note = note }
            : null;
    }

    /// <summary>Null when one is no choice's, or there are more than may be.</summary>
    private static List<string>? Labels(ChoiceQuestion question, JsonElement value)
    {
        var items = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToList() : [value];
        if (items.Count == 0 || items.Exists(item => item.ValueKind != JsonValueKind.String))
            return null;
        var labels = items.Select(item => item.GetString()!).Distinct().ToList();
        return labels.TrueForAll(label => question.Options.Any(option => option.Label == label))
            && (question.MultiSelect || labels.Count == 1) ? labels : null;
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
