using Relay.Operator.Asked;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>Takes the operator's answer to what a session's client asks.</summary>
internal static class AskedAnswers
{
    public static async Task<Answers.Outcome> DecideAsync(
        Writing writing, Question question, OperatorInput input, CancellationToken cancellationToken)
    {
        var (clear, reason) = await ReadAsync(writing, question, input, cancellationToken);
        if (clear is null)
            return new Answers.Outcome.Refused(reason!);
        var answer = new Answer(input.Via, input.Text, Message: null) { Decision = clear.Decision };
        await Answers.CloseAsync(writing, question, answer, cancellationToken);
        return new Answers.Outcome.Accepted(question.Id, question.Session);
    }

    /// <summary>What speaks against an answer before it is given; null where nothing does now.</summary>
    public static async Task<string?> WhyNotAsync(
        Reading reading, Question question, OperatorInput input, CancellationToken cancellationToken) =>
        (await ReadAsync(reading, question, input, cancellationToken)).Reason;

    private static async Task<(AnswerReading.Clear? Clear, string? Reason)> ReadAsync(
        Reading reading, Question question, OperatorInput input, CancellationToken cancellationToken)
    {
        var asked = question.Ask!;
        var read = (asked, input) switch
        {
            (ClientAsk.Choice choice, { Choices: { } choices }) => ChoiceStructure.Of(choice, choices),
            (ClientAsk.Choice choice, { OnlyFor: QuestionKind.Choice }) => ChoiceWords.OfChoices(choice, input.Text),
            _ => AskedWords.Of(asked, input.Text),
        };
        if (read is not AnswerReading.Clear clear)
            return (null, Unclear(question, asked, ((AnswerReading.Refused)read).Reason));
        var reason = clear is { IsGrant: false, LetsGo: false } ? null
            : input.WhyNothingIsAllowed is { } why ? $"{why}, so nothing is allowed from there: "
                + $"`relay answer {question.Id}` in the terminal or the relay's page does; a refusal needs no more"
            : !clear.IsGrant ? null
            : await WhyNotAllowedAsync(reading, question, input, clear.Digest, cancellationToken);
        return reason is null ? (clear, null) : (null, reason);
    }

    private static string Unclear(Question question, ClientAsk asked, string reason) => asked switch
    {
        ClientAsk.Permission => $"question #{question.Id} is about a permission: {reason}",
        ClientAsk.Plan => $"question #{question.Id} is about a plan: {reason}",
        _ => $"question #{question.Id} stays open: {reason}",
    };

    /// <summary>Allowed is only what was shown: (1) what the digest names, or (2) without one, what the page has shown in full.</summary>
    private static async Task<string?> WhyNotAllowedAsync(
        Reading reading, Question question, OperatorInput input, string? named, CancellationToken cancellationToken)
    {
        var (word, deny) = question.Kind == QuestionKind.Plan ? ("approve", "to send it back") : ("allow", "deny");
        var look = $"see `relay questions {question.Id}`, or {word} it in the terminal with `relay answer {question.Id} {word}`; "
            + $"{deny} needs no more";
        if ((named ?? input.Digest) is { } digest) // (1)
            return PermissionDigest.Matches(question, digest)
                ? null
                : $"question #{question.Id} does not ask for what {digest} stands for, so nothing is allowed: {look}";
        if (input.Question is null && await AskedPage.MayBeMistakenAsync(reading, question, cancellationToken))
            return $"another permission was taken back a moment ago, and question #{question.Id} had not been shown yet, so these words "
                + $"may be meant for that: {look}";
        return await AskedPage.WhyNotWholeAsync(reading, question, cancellationToken) is { } why // (2)
            ? $"question #{question.Id} was not shown in full ({why}), so a bare {word} does not count: {look}"
            : null;
    }
}
