using Relay.Conversations;
using Relay.Dispatch;
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

    public static async Task<QuestionReceipt> OfAsync(Reading reading, Question question, CancellationToken cancellationToken)
    {
        if (question.IsOpen)
            return new QuestionReceipt($"Asked again (#{question.Id})", "its answer was given up; a newer page asks again", IsFinal: true);
        if (question.State == QuestionState.Expired)
            return new QuestionReceipt($"No longer asked (#{question.Id})", $"no longer asked: {question.AnsweredVia}", IsFinal: true);
        var answer = Visible.Of(Excerpt.Of((question.Answer ?? "").Trim(), LongestAnswer));
        var by = question.AnsweredVia == PhoneWords.Via ? "" : $", by {question.AnsweredVia}";
        if (question.Message is not { } message)
            return new QuestionReceipt($"Answered (#{question.Id})", $"answered: {answer}{by}", IsFinal: true);
        var raised = await MessageStore.FindAsync(reading, question.Conversation, message, cancellationToken);
        var reply = raised is null ? null : await Outbox.RecordOfAsync(reading, raised, cancellationToken);
        var isDelivered = reply?.PlacedAt is not null || reply?.ConsumedAt is not null;
        var isDone = raised is null or { State: MessageState.Dead } or { State: MessageState.Answered }
            && (isDelivered || reply is null);
        var asked = await QuestionStore.OfAsync(reading, question.Conversation, message, cancellationToken);
        var next = asked.Find(each => each.Id > question.Id)?.Id;
        var end = next is not null ? $"; the advisor asks again (#{next})" : isDelivered ? $", delivered to {question.Session}" : "";
        return new QuestionReceipt(
            $"Answered (#{question.Id}){(isDelivered && next is null ? $", delivered to {question.Session}" : "")}",
            $"answered: {answer}{by}{end}",
            IsFinal: isDone || next is not null);
    }
}
