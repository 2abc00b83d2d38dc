using System.Globalization;
using System.Text.Json;
using Relay.Operator.Asked;

namespace Relay.Web.Dashboard;

/// <summary>What was chosen in the form of a choice.</summary>
/// <param name="Answers">As a program gives them.</param>
/// <param name="Words">The same for people, who must not lose them.</param>
/// <param name="Fault">Why it is no answer.</param>
internal sealed record ChoiceFields(JsonElement? Answers, string Words, string? Fault)
{
    private const string Own = "own", Skip = "skip";

    /// <summary>The fields of one question.</summary>
    private sealed record Given(string[] Picked, string Words, string Note)
    {
        public bool IsEmpty => Picked.Length == 0 && Words.Length == 0;

        public IEnumerable<string> Labels(ChoiceQuestion question) => Picked
            .Where(pick => pick != Own)
            .Select(pick => int.TryParse(pick, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at < question.Options.Count
                ? question.Options[at].Label
                : ""); // Of no option, which is refused.
    }

    public static ChoiceFields Read(ClientAsk.Choice asked, SentForm form)
    {
        var answers = new Dictionary<string, object?>();
        var (words, faults) = (new List<string>(), new List<string>());
        foreach (var (index, question) in asked.Questions.Index())
        {
            var given = GivenTo(form, index);
            var number = string.Create(CultureInfo.InvariantCulture, $"{index + 1}");
            words.Add($"{number}. {Told(question, given)}");
            if (FaultOf(given) is { } fault)
                faults.Add($"question {number}: {fault}");
            else
                answers[question.Question] = AnswerOf(question, given);
        }
        var text = string.Join('\n', words);
        return faults.Count > 0
            ? new ChoiceFields(null, text, string.Join("; ", faults))
            : new ChoiceFields(JsonSerializer.SerializeToElement(answers), text, Fault: null);
    }

    private static Given GivenTo(SentForm form, int index)
    {
        var number = index.ToString(CultureInfo.InvariantCulture);
        string Field(string name) => form.Field(name + number).ReplaceLineEndings("\n").Trim();
        var picked = form.Fields["q" + number];
        return new Given([.. picked.OfType<string>()], Field("own"), Field("note"));
    }

    /// <summary>What could mean two things is no answer.</summary>
    private static string? FaultOf(Given given)
    {
        if (given.IsEmpty)
            return "there is no answer";
        if (given.Picked.Contains(Skip))
            return given.Picked.Length > 1 || given.Words.Length + given.Note.Length > 0 ? "it is left out and answered" : null;
        if (given.Picked.Contains(Own))
            return given.Words.Length == 0 ? "your own words are missing" : null;
        return given.Picked.Length > 0 && given.Words.Length > 0 ? "it has a choice and words of your own" : null;
    }

    private static object? AnswerOf(ChoiceQuestion question, Given given)
    {
        if (given.Picked.Contains(Skip))
            return null;
        var note = given.Note.Length == 0 ? null : given.Note;
        return given.Words.Length > 0
            ? new { words = given.Words, note }
            : new { choose = given.Labels(question).ToArray(), note };
    }

    private static string Told(ChoiceQuestion question, Given given)
    {
        var answer = given.Picked.Contains(Skip) ? "left out" : string.Join(", ", given.Labels(question));
        string?[] parts =
        [
            answer.Length > 0 ? answer : null,
            given.Words.Length > 0 ? given.Words : null,
            given.Note.Length > 0 ? $"note: {given.Note}" : null,
        ];
        var head = question.Header.Length > 0 ? $"{question.Header}: " : "";
        return head + (parts.Any(part => part is not null) ? string.Join("; ", parts.OfType<string>()) : "no answer");
    }
}
