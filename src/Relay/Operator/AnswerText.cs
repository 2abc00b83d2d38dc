using Relay.Operator.Asked;

namespace Relay.Operator;

/// <summary>What was answered, for people.</summary>
internal static class AnswerText
{
    /// <summary>As it was said; what was said to a client as what it came to.</summary>
    public static string Of(Question question) => question.Ask is not { } asked ? (question.Answer ?? "").Trim()
        : Decision.Parse(question.Decision) switch
        {
            Decision.Answered answered => string.Join("; ", answered.Answers.Select(each => each.Words ?? string.Join(", ", each.Labels))),
            Decision.Denied { Reason.Length: > 0 } denied => $"{denied.Word(asked)}: {denied.Reason}",
            { } decision => decision.Word(asked),
            null => (question.Answer ?? "").Trim(),
        };

    /// <summary>An option with what it says.</summary>
    public static string Named(Question question) => question.OptionOf(question.Chosen)?.Named ?? Of(question);
}
