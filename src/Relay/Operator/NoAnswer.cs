using Relay.Operator.Asked;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>Words that put a question off from the phone are an answer by no other way either.</summary>
internal static class NoAnswer
{
    /// <summary>Why words answer nothing; null where they may be an answer, as those of an option always are.</summary>
    public static string? WhyNot(Question question, OperatorInput input) =>
        input.OnlyFor is null && input.Choices is null && LaterWords.Parse(input.Text) is not null && !IsOption(question, input.Text.Trim())
            ? $"question #{question.Id} stays open: \"{Printable.Short(input.Text.Trim())}\" answers nothing; it puts a question off from "
                + "the phone, as Later does on the page"
            : null;

    private static bool IsOption(Question question, string text) =>
        Escalation.ChosenBy(text, question.Options) is not null
        || (question.Ask is ClientAsk.Choice choice && choice.Questions.Any(each => each.Options.Any(
            option => option.Label.Trim().Equals(text, StringComparison.OrdinalIgnoreCase))));
}
