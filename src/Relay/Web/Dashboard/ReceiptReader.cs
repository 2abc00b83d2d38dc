using Relay.Agents.Hooks;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Web.Dashboard;

/// <summary>Reads what became of answers, and says no more than is recorded: that something was written somewhere does not say that
/// anybody has read it.</summary>
internal sealed class ReceiptReader(SettingsSource settings, ClientWaits waits)
{
    private const int Shown = 5, LookedAt = 20, Longest = 120;

    public static readonly TimeSpan JustNow = TimeSpan.FromHours(24);

    public async Task<List<ReceiptView>> NewestAsync(Reading reading, Moments moments, CancellationToken cancellationToken)
    {
        var newest = await QuestionStore.NewestAsync(reading, LookedAt, cancellationToken);
        var lately = await QuestionStore.AnsweredAfterAsync(reading, reading.Now - JustNow, Shown, cancellationToken);
        var answered = newest
            .Where(question => question.State == QuestionState.Answered && reading.Now - question.AnsweredAt < JustNow)
            .UnionBy(lately, question => question.Id) // Asked long before, perhaps.
            .OrderByDescending(question => question.AnsweredAt)
            .Take(Shown);
        var receipts = new List<ReceiptView>();
        foreach (var question in answered)
            receipts.Add(await ReceiptAsync(reading, question, moments, cancellationToken));
        return receipts;
    }

    /// <summary>How a question was closed.</summary>
    public async Task<string> OutcomeAsync(Reading reading, Question question, Moments moments, CancellationToken cancellationToken)
    {
        var at = moments.Clock(question.AnsweredAt!.Value);
        if (question.State == QuestionState.Expired)
            return $"It expired at {at}: {question.AnsweredVia}.";
        var (became, _) = await BecameAsync(reading, question, moments, cancellationToken);
        return question.ByDefault
            ? $"Nobody answered until {at}, so the default was taken: {became}."
            : $"Answered by {question.AnsweredVia} at {at}: {became}.";
    }

    private async Task<ReceiptView> ReceiptAsync(
        Reading reading, Question question, Moments moments, CancellationToken cancellationToken)
    {
        var (became, isTaken) = await BecameAsync(reading, question, moments, cancellationToken);
        var token = question.IsOfClient ? "" : settings.Current.Config.Operator.Token;
        var answer = Visible.OneLine(
            question.Ask is null || question is { Ask: ClientAsk.Choice, Answer: ['{', ..] } // As a program answers it.
                ? AnswerText.Named(question)
                : question.Answer ?? "");
        var ruling = question.IsOfClient || question.ByDefault
            ? null
            : (await RulingStore.OfQuestionAsync(reading, question.Id, cancellationToken)).FirstOrDefault();
        return new ReceiptView(
            question.Id, question.Whose, QuestionText.OneLine(question.Text, token, Longest), Excerpt.Of(answer, Longest))
        {
            Became = became,
            By = question.ByDefault ? "nobody answered, the default was taken" : $"answered by {question.AnsweredVia}",
            IsTaken = isTaken,
            At = moments.Of(question.AnsweredAt!.Value),
            Ruling = ruling?.Id,
            Scope = ruling is null ? null : ScopeWords.Describe(ruling.Scope),
            Overturn = question is { ByDefault: true, OverturnedBy: null } ? question.Message?.Value : null,
        };
    }

    private async Task<(string Became, bool IsTaken)> BecameAsync(
        Reading reading, Question question, Moments moments, CancellationToken cancellationToken)
    {
        if (question.Ask is { } asked)
        {
            var word = Decision.Parse(question.Decision)?.Word(asked) ?? "answered";
            return await waits.HasAsync(question.Id, TimeSpan.Zero) switch
            {
                ClientHas.Yes => ($"{word}, and {question.Session} has it", true),
                ClientHas.NotYet => ($"{word}, on its way to {question.Session}", false),
                ClientHas.No => ($"{word}, and {question.Session} had gone", false),
                _ => ($"{word}; whether it came to {question.Session} is not known", false),
            };
        }
        var raised = await MessageStore.FindAsync(reading, question.Conversation, question.Message!.Value, cancellationToken);
        var dispatch = raised is null ? null : await Outbox.RecordOfAsync(reading, raised, cancellationToken);
        return (dispatch, raised) switch
        {
            ({ ConsumedAt: { } at }, _) => ($"taken by {dispatch.Session} at {moments.Clock(at)}", true),
            ({ HandedAt: { } at }, _) => ($"handed to {dispatch.Session} at {moments.Clock(at)}, not seen to be taken yet", false),
            ({ PlacedAt: { } at }, _) => ($"placed for {dispatch.Session} at {moments.Clock(at)}, not taken yet", false),
            ({ CreatedAt: var at }, _) => ($"the reply for {dispatch.Session} is ready since {moments.Clock(at)}, not taken yet", false),
            (_, { State: MessageState.Answered or MessageState.Consumed }) => ("the advisor has replied", true),
            (_, { State: MessageState.Dead }) => ("its message was given up", false),
            _ when await ConversationStore.FindAsync(reading, question.Conversation, cancellationToken) is { Pause: not null } =>
                ($"{(question.ByDefault ? "it" : "your answer")} waits: {question.Conversation} is paused", false),
            _ => ("the advisor has not replied yet", false),
        };
    }
}
