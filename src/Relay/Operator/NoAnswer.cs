using Relay.Operator.Asked;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>Words that put a question off from the phone are an answer by no other way either.</summary>
internal static class NoAnswer
{
    /// <summary>Why words answer nothing; null where they may be an answer, as those of an option always are.</summary>
    public static string? WhyNot(Question question, OperatorInput input)
    {
        var text = input.Text.Trim();
        if (input.OnlyFor is not null || input.Choices is not null || IsOption(question, text))
            return null;
        return LaterWords.Parse(text) is not null
            ? $"question #{question.Id} stays open: {Printable.Quoted(text)} answers nothing; it puts a question off from the phone, as "
                + "Later does on the page"
            : LaterWords.AreMeant(text)
            ? $"question #{question.Id} stays open: {Printable.Quoted(text)} answers nothing, and names no time; from the phone, later, "
                + "later 2h (at most 30d), or later until 18:00 puts a question off"
            : null;
    }

    private static bool IsOption(Question question, string text) =>
        Escalation.ChosenBy(text, question.Options) is not null
        || (question.Ask is ClientAsk.Choice choice && choice.Questions.Any(each => each.Options.Any(
            option => option.Label.Trim().Equals(text, StringComparison.OrdinalIgnoreCase))));
}
