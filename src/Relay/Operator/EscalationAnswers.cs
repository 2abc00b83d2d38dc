using Relay.Conversations;
using Relay.Operator.Rulings;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>Takes the answer to what the advisor asked: it becomes the advisor's next turn, and a ruling.</summary>
internal static class EscalationAnswers
{
    public static async Task TakeAsync(Writing writing, Question question, OperatorInput input, CancellationToken cancellationToken)
    {
        var message = await InsertAsync(writing, question, $"answer:{question.Id}", input.Text, cancellationToken);
        var chosen = Escalation.ChosenBy(input.Text, question.Options);
        var answer = new Answer(input.Via, input.Text, message) { Chosen = chosen?.Key };
        await Answers.CloseAsync(writing, question, answer, cancellationToken);
        await RuleAsync(writing, question, message, input, cancellationToken);
    }

    /// <summary>The words are a ruling, in place of the one that the question overturned, if it did.</summary>
    public static async Task<RulingRecord> RuleAsync(
        Writing writing, Question question, MessageId? message, OperatorInput input, CancellationToken cancellationToken)
    {
        var before = question.Overturns is { } number ? await RulingStore.HolderAsync(writing, number, cancellationToken) : null;
        var scope = input.Scope ?? before?.Scope ?? RulingScope.Conversation;
        var words = new NewRuling(question.Conversation, message, input.Text, scope)
        {
            Question = question.Id,
            Asked = Overturning.Asked(question),
        };
        var ruling = await RulingStore.AddAsync(writing, words, cancellationToken);
        if (before is not null && scope != RulingScope.Once)
            await RulingChanges.SupersedeAsync(writing, before.Id, ruling.Id, cancellationToken);
        return ruling;
    }

    /// <summary>The message that carries an answer to the advisor. It is the next turn, and the reply goes where that to the message goes
    /// which raised the question.</summary>
    public static async Task<MessageId> InsertAsync(
        Writing writing, Question question, string key, string text, CancellationToken cancellationToken)
    {
        var raised = await MessageStore.FindAsync(writing, question.Conversation, question.Message!.Value, cancellationToken);
        var message = new NewMessage(
            question.Conversation, question.Session, Speaker.Operator, raised!.Channel,
            question.Message, $"{key}:{Guid.CreateVersion7(writing.Now)}", text);
        return (await MessageStore.InsertAsync(writing, message, cancellationToken))!.Id;
    }
}
