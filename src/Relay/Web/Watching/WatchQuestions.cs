using System.Globalization;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Texts;
using Relay.Web.Dashboard;

namespace Relay.Web.Watching;

/// <summary>Makes of a question what a terminal shows and takes.</summary>
internal static class WatchQuestions
{
    public static WatchQuestion Of(Question question, string token, Moments moments) => new(
        question.Id, question.Whose, KindOf(question), question.Conversation.Value, question.Shown(token).Trim('\n'),
        OutcomeOf(question, moments))
    {
        Options = question.IsOpen ? OptionsOf(question) : [],
        HowTo = question.IsOpen ? HowTo(question) : "",
        Digest = question.Kind is QuestionKind.Permission or QuestionKind.Plan ? PermissionDigest.Of(question) : null,
        CanAskBack = question is { IsOpen: true, Kind: QuestionKind.Escalation },
    };

    private static string KindOf(Question question) => question.Kind switch
    {
        QuestionKind.Escalation => "the advisor asks you",
        QuestionKind.Refusal => "the advisor refused",
        QuestionKind.Choice => "a choice",
        QuestionKind.Plan => "a plan",
        _ => "permission",
    };

    private static List<WatchOption> OptionsOf(Question question) => question.Ask switch
    {
        ClientAsk.Permission permission =>
        [
            new WatchOption("a", "allow", "allow this once", Grants: true),
            .. permission.Suggestions.Select((each, index) => new WatchOption(
                Number(index + 1), $"always {Number(index + 1)}", $"always: {Visible.OneLine(each.Shown)}", Grants: true)),
            new WatchOption("d", "deny", "deny; or write \"deny\" and why", Grants: false),
        ],
        ClientAsk.Plan { Text: not null } =>
        [
            new WatchOption("a", "approve", "approve", Grants: true),
            new WatchOption("e", "approve and accept edits", "approve, and accept edits", Grants: true),
            new WatchOption("b", "back", "send it back; or write what is to be said", Grants: false),
        ],
        ClientAsk.Choice { Questions: [var only] } => [.. only.Options.Select((option, index) => new WatchOption(
            Number(index + 1), ChoiceWords.ByNumber(index + 1), Visible.OneLine(option.Label), Grants: false))],
        null => [.. question.Options.Select(option => new WatchOption(
            option.Key, option.Key, Visible.OneLine(option.Text) + (option.IsRecommended ? " (recommended)" : ""), Grants: false))],
        _ => [],
    };

    private static string HowTo(Question question) => question.Ask switch
    {
        ClientAsk.Choice choice => ChoiceWords.HowTo(choice),
        ClientAsk.Plan => PlanWords.HowTo,
        ClientAsk.Permission => "",
        _ => question.Deadline is null ? "" : QuestionPages.HowTo(question),
    };

    private static string? OutcomeOf(Question question, Moments moments)
    {
        if (question is { IsOpen: true } or { AnsweredAt: null })
            return null;
        var at = moments.Clock(question.AnsweredAt.Value);
        if (question.State == QuestionState.Expired)
            return $"It expired at {at}: {Visible.OneLine(question.AnsweredVia ?? "")}. Nobody waits for it any more.";
        return question.ByDefault
            ? $"Nobody answered until {at}; its default was taken: {Visible.OneLine(question.Answer ?? "")}"
            : $"Answered at {at} by {Visible.OneLine(question.AnsweredVia ?? "")}: {Visible.OneLine(AnswerText.Named(question))}";
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
