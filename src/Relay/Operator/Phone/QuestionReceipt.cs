using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator.Phone;

/// <summary>What the page of a closed question reads: who answered what, and where that has come.</summary>
/// <param name="Title">Without the answer.</param>
/// <param name="Text">The whole of it.</param>
/// <param name="IsFinal">Nothing will be added.</param>
internal sealed record QuestionReceipt(string Title, string Text, bool IsFinal)
{
    private const int LongestAnswer = 300;

    /// <summary>Until then a client may turn out not to have the answer: its terminal was first.</summary>
    private static readonly TimeSpan MayBeTakenBack = TimeSpan.FromMinutes(10);

    public static async Task<QuestionReceipt> OfAsync(Reading reading, Question question, CancellationToken cancellationToken)
    {
        if (question.IsOpen)
            return new QuestionReceipt($"Asked again (#{question.Id})", "its answer was given up; a newer page asks again", IsFinal: true);
        var answer = Visible.Of(Excerpt.Of(AnswerText.Of(question), LongestAnswer));
        if (question.State == QuestionState.Expired)
            return question.Answer is null
                ? new QuestionReceipt(
                    $"Relay: #{question.Id} of {question.Whose} is settled", $"no longer asked: {question.AnsweredVia}", IsFinal: true)
                : new QuestionReceipt(
                    $"Answered too late (#{question.Id})", $"answered: {answer}, and nothing came of it: {question.AnsweredVia}",
                    IsFinal: true);
        var said = question.ByDefault ? $"nobody answered, so the default was taken: {answer}"
            : question.AnsweredVia == PhoneWords.Via ? $"answered: {answer}"
            : $"answered: {answer}, by {question.AnsweredVia}";
        return question.Message is { } message
            ? await OfAdvisorsAsync(reading, question, message, said, cancellationToken)
            : new QuestionReceipt(
                $"Answered (#{question.Id})", said, IsFinal: (reading.Now - question.AnsweredAt)?.Duration() > MayBeTakenBack);
    }

    /// <summary>Delivered is what lies in the session's folder, or was handed to it.</summary>
    private static async Task<QuestionReceipt> OfAdvisorsAsync(
        Reading reading, Question question, MessageId message, string said, CancellationToken cancellationToken)
    {
        var raised = await MessageStore.FindAsync(reading, question.Conversation, message, cancellationToken);
        var reply = raised is null ? null : await Outbox.RecordOfAsync(reading, raised, cancellationToken);
        var isThere = reply?.PlacedAt is not null || reply?.ConsumedAt is not null;
        var asked = await QuestionStore.OfAsync(reading, question.Conversation, message, cancellationToken);
        var next = asked.Find(each => each.Id > question.Id)?.Id;
        var end = next is not null ? $"; the advisor asks again (#{next})"
            : isThere || reply?.HandedAt is not null ? $", delivered to {reply!.Session}"
            : raised is { State: MessageState.Dead } ? "; its message was given up, so no reply comes"
            : "";
        var ruling = (await RulingStore.OfQuestionAsync(reading, question.Id, cancellationToken)).FirstOrDefault();
        var title = $"{(question.ByDefault ? "Default taken" : "Answered")} (#{question.Id})";
        return new QuestionReceipt(
            title + (ruling is null ? "" : $", ruling {ruling.Id}") + (end.StartsWith(',') ? end : ""), said + end,
            IsFinal: isThere || next is not null || raised is null or { State: MessageState.Dead }
                || (raised.State == MessageState.Answered && reply is null));
    }
}
