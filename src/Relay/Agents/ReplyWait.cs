using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Storage;

namespace Relay.Agents;

/// <summary>How a wait for a reply ended.</summary>
internal abstract record Waited
{
    private Waited() { }

    /// <summary>The operator has been asked: this can take hours.</summary>
    public sealed record OperatorAsked(long Question) : Waited;

    public sealed record Replied(Handover.Lease Lease) : Waited;

    /// <summary>Another opportunity has handed the reply over: the same call was made twice.</summary>
    public sealed record TakenElsewhere(string Text) : Waited;

    /// <summary>Nobody will answer: the operator gave the message up.</summary>
    public sealed record GivenUp(string Reason) : Waited;

    public sealed record NotYet(string State) : Waited;
}

/// <summary>Waits for the reply to one message. While it does, no other opportunity gets that reply.</summary>
internal sealed class ReplyWait(Handover handover, CallerChannel callers, QuestionStore questions, Database database, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);

    /// <param name="conversation">Of the message.</param>
    /// <param name="message">Whose reply is waited for.</param>
    /// <param name="limit">After which the wait ends without it; it ends before when the relay stops.</param>
    /// <param name="leaveToOperator">End the wait when the operator is asked, or needed to mend what holds the message.</param>
    /// <param name="onPoll">Called every two seconds at most, with what the message is doing.</param>
    /// <param name="cancellationToken">Ends the wait with an exception.</param>
    public async Task<Waited> WaitAsync(
        ConversationId conversation, MessageId message, TimeSpan limit, bool leaveToOperator, Action<string> onPoll, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        using var waiter = callers.Wait(message);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        while (true)
        {
            var lease = await handover.TakeReplyAsync(conversation, message, cancellationToken);
            if (!lease.IsEmpty)
                return new Waited.Replied(lease);
            var current = await database.ReadAsync(connection => MessageStore.FindAsync(connection, conversation, message, cancellationToken), cancellationToken);
            if (current is { State: MessageState.Dead })
                return new Waited.GivenUp(current.Reason ?? "given up by the operator");
            if (current is { State: MessageState.Consumed } && await handover.DeliveredAsync(conversation, message, cancellationToken) is { } text)
                return new Waited.TakenElsewhere(text);
            var open = (await questions.OpenAsync(cancellationToken)).Find(question => question.Message == message);
            if (leaveToOperator && open is not null)
                return new Waited.OperatorAsked(open.Id);
            var state = open is null ? Describe(current) : $"the operator was asked, question #{open.Id}";
            var left = limit - clock.GetElapsedTime(started);
            if (left <= TimeSpan.Zero || lifetime.ApplicationStopping.IsCancellationRequested || (leaveToOperator && current is { State: MessageState.Held }))
                return new Waited.NotYet(state);
            onPoll(state);
            await waiter.Signal.WaitAsync(left < Poll ? left : Poll, clock, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static string Describe(Message? message) => message switch
    {
        null => "unknown",
        { State: MessageState.Accepted, Reason: null } => "accepted, waits for its turn",
        { Reason: { } reason } => $"{message.State.Word()}: {reason}",
        _ => message.State.Word(),
    };
}
