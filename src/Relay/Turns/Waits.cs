using Relay.Conversations;
using Relay.Operator;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Turns;

/// <summary>What a message without a reply waits for, in words for people.</summary>
/// <param name="Words">One line.</param>
/// <param name="IsUsual">Nothing is in its way.</param>
/// <param name="IsOver">No reply will come.</param>
internal sealed record Wait(string Words, bool IsUsual = false, bool IsOver = false)
{
    /// <summary>The same for the session itself, which is told no names and words of others.</summary>
    public string ForSession { get; init; } = Words;

    /// <summary>It goes on only after somebody has done something about another message or question.</summary>
    public bool IsBehindOperator { get; init; }

    /// <summary>The operator has paused its conversation.</summary>
    public bool IsPaused { get; init; }

    /// <summary>The same in a conversation that the operator has paused.</summary>
    public Wait Paused(ConversationId conversation, Pause pause)
    {
        const string session = "the operator has paused the conversation";
        var paused = FormattableString.Invariant(
            $"its conversation, {conversation}, is paused since {pause.At:yyyy-MM-dd HH:mm'Z'} ({pause.Via}): relay resume {conversation}");
        return this with
        {
            Words = IsUsual ? paused : $"{Words}; {paused}",
            IsUsual = false,
            ForSession = IsUsual ? session : $"{ForSession}; {session}",
            IsBehindOperator = true,
            IsPaused = true,
        };
    }
}

/// <summary>Tells of a message what it waits for now.</summary>
internal static class Waits
{
    public static readonly Wait Working = new("the advisor is working", IsUsual: true);
    private static readonly Wait ItsTurn = new("waiting for its turn", IsUsual: true);

    public static async Task<Wait> OfAsync(Reading reading, Message message, CancellationToken cancellationToken)
    {
        var wait = await ItselfAsync(reading, message, cancellationToken);
        return message.IsUnanswered && wait != Working
            && await ConversationStore.FindAsync(reading, message.Conversation, cancellationToken) is { Pause: { } pause }
            ? wait.Paused(message.Conversation, pause)
            : wait;
    }

    /// <summary>Whether the conversation is paused is left out of it.</summary>
    private static async Task<Wait> ItselfAsync(
        Reading reading, Message message, CancellationToken cancellationToken) => message.State switch
        {
            MessageState.Accepted => await InLineAsync(reading, message, cancellationToken),
            MessageState.Asking => Working,
            MessageState.Waiting => await ForOperatorAsync(reading, message, cancellationToken),
            MessageState.Held when message.Cause == HoldCause.Refusal => await ForOperatorAsync(reading, message, cancellationToken),
            MessageState.Deferred or MessageState.Held => new Wait(Hindrance(message)),
            MessageState.Dead => new Wait($"given up: {message.Reason}", IsOver: true),
            _ => new Wait("the reply is on its way", IsUsual: true),
        };

    private static string Hindrance(Message message) => message is { State: MessageState.Deferred, DueAt: { } due }
        ? FormattableString.Invariant($"deferred until {due:yyyy-MM-dd HH:mm:ss'Z'}: {message.Reason}")
        : $"{message.State.Word()}: {message.Reason}";

    /// <summary>Its conversation may wait for the operator, or for whoever stands before it.</summary>
    private static async Task<Wait> InLineAsync(Reading reading, Message message, CancellationToken cancellationToken)
    {
        var conversation = await ConversationStore.FindAsync(reading, message.Conversation, cancellationToken);
        if (message.Speaker == Speaker.Session && conversation?.OpenQuestion is { } question)
            return await QuestionStore.FindAsync(reading, question, cancellationToken) is { } asked
                ? new Wait($"waiting for the operator (#{question} of {asked.Session})")
                {
                    ForSession = ForSession(asked, message),
                    IsBehindOperator = true,
                }
                : ItsTurn;
        var next = await TurnStart.NextAsync(reading, message.Conversation, cancellationToken);
        return next is { State: MessageState.Held or MessageState.Deferred } && next.Id != message.Id
            ? new Wait($"behind {next.Id}{Of(next)}, {Hindrance(next)}")
            {
                ForSession = ForSession(next, message),
                IsBehindOperator = next.State == MessageState.Held,
            }
            : ItsTurn;
    }

    private static string ForSession(Question asked, Message message) => asked.Session == message.Session
        ? FormattableString.Invariant($"waiting for the operator (#{asked.Id})")
        : FormattableString.Invariant($"waits behind question #{asked.Id} for the operator");

    private static string ForSession(Message next, Message message) => next.Session == message.Session
        ? $"behind {next.Id}, {Hindrance(next)}"
        : $"behind another message, which is {next.State.Word()}";

    private static string Of(Message message) => message.Session == SessionId.None ? " of the operator" : $" of {message.Session}";

    /// <summary>An answer that was given is a message of its own, which can wait for something in turn.</summary>
    private static async Task<Wait> ForOperatorAsync(Reading reading, Message message, CancellationToken cancellationToken)
    {
        var questions = await QuestionStore.OfAsync(reading, message.Conversation, message.Id, cancellationToken);
        if (questions.FindLast(question => question.IsOpen) is { } open)
            return new Wait($"waiting for the operator (#{open.Id})");
        var family = await MessageStore.FamilyAsync(reading, message, cancellationToken);
        return family.FindLast(each => each.Id != message.Id) is { State: not MessageState.Answered } answer
            ? await ItselfAsync(reading, answer, cancellationToken) with { IsOver = false }
            : Working;
    }
}
