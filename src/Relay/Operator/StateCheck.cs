using Relay.Conversations;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>What a message or a conversation waits for, and why that is nothing.</summary>
internal sealed record Stranded(ConversationId Conversation, MessageId? Message, string Reason)
{
    public override string ToString() =>
        Message is { } message ? $"message {message} of {Conversation}: {Reason}" : $"conversation {Conversation}: {Reason}";
}

/// <summary>Finds what waits for nothing. Every message without an answer waits for exactly one thing that exists: its turn, a time, the
/// end of a call, a question to the operator or his answer on its way, or a cause that he was paged about.</summary>
internal sealed class StateCheck
{
    private readonly List<Stranded> _found = [];
    private readonly Reading _reading;
    private readonly List<Question> _open;
    private readonly List<Message> _answers;
    private readonly List<WaitingConversation> _waiting;

    private StateCheck(Reading reading, List<Question> open, List<Message> answers, List<WaitingConversation> waiting)
    {
        _reading = reading;
        _open = open.FindAll(question => !question.IsOfClient);
        _answers = answers;
        _waiting = waiting;
    }

    /// <summary>Empty when all is well. The time it takes depends on what is unfinished only.</summary>
    public static async Task<List<Stranded>> ReadAsync(Reading reading, CancellationToken cancellationToken)
    {
        var check = new StateCheck(
            reading,
            await QuestionStore.OpenAsync(reading, cancellationToken),
            await MessageStore.AnswersUnderWayAsync(reading, cancellationToken),
            await ConversationStore.WaitingAsync(reading, cancellationToken));
        check.LookAtQuestions();
        await check.LookAtMessagesAsync(cancellationToken);
        await check.LookAtAnswersAsync(cancellationToken);
        return check._found;
    }

    /// <summary>A conversation waits for a question exactly as long as it is open.</summary>
    private void LookAtQuestions()
    {
        foreach (var waiting in _waiting)
            if (!_open.Exists(question => question.Id == waiting.Question && question.Conversation == waiting.Id))
                Add(waiting.Id, message: null, $"it waits for question #{waiting.Question}, which is not open");
        foreach (var question in _open)
            if (!_waiting.Exists(waiting => waiting.Question == question.Id))
                Add(question.Conversation, question.Message, $"question #{question.Id} is open, and the conversation does not wait for it");
    }

    private async Task LookAtMessagesAsync(CancellationToken cancellationToken)
    {
        foreach (var message in await MessageStore.WithoutDueAsync(_reading, cancellationToken))
            Add(message, $"it is {message.State} and never due");
        var calls = await ConversationStore.RunningCallsAsync(_reading, cancellationToken);
        foreach (var message in await MessageStore.AskingAsync(_reading, cancellationToken))
            if (!calls.Exists(call => call.Conversation == message.Conversation && call.Message == message.Root.Value))
                Add(message, "it is being asked, and no call is under way for it");
        foreach (var message in await MessageStore.WaitingAsync(_reading, cancellationToken))
            LookAtQuestionOf(message);
        foreach (var message in await MessageStore.HeldAsync(_reading, cancellationToken))
            await LookAtHeldAsync(message, cancellationToken);
    }

    private async Task LookAtHeldAsync(Message message, CancellationToken cancellationToken)
    {
        if (message.Cause == HoldCause.Refusal)
            LookAtQuestionOf(message);
        else if (message.Cause is not { } cause)
            Add(message, "it is held without a cause");
        else if (await PageStore.StandingSinceAsync(_reading, HoldPages.CauseOf(message, cause), cancellationToken) is null
            && (cause != HoldCause.Context
                || await PageStore.StandingSinceAsync(_reading, PageCause.Hold(cause), cancellationToken) is null))
            Add(message, $"it is held, {cause}, and no page says so");
    }

    /// <summary>Either the operator is asked, or his answer is on its way.</summary>
    private void LookAtQuestionOf(Message message)
    {
        var open = _open.Count(question => question.Message == message.Id && question.Conversation == message.Conversation);
        var answers = _answers.Count(answer => answer.Origin == message.Id && answer.Conversation == message.Conversation);
        if (open + answers != 1)
            Add(message, $"it waits for the operator, with {open} open questions and {answers} answers on their way");
    }

    private async Task LookAtAnswersAsync(CancellationToken cancellationToken)
    {
        foreach (var answer in _answers)
            if (await MessageStore.FindAsync(_reading, answer.Conversation, answer.Origin!.Value, cancellationToken)
                is not { IsUnanswered: true })
                Add(answer, $"it answers a question about {answer.Origin}, which is settled");
    }

    private void Add(Message message, string reason) => Add(message.Conversation, message.Id, reason);

    private void Add(ConversationId conversation, MessageId? message, string reason) =>
        _found.Add(new Stranded(conversation, message, reason));
}
