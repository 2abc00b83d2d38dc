using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Running;
using Relay.Storage;
using Relay.Turns;

namespace Relay.Agents;

/// <summary>How a wait for a reply ended.</summary>
internal abstract record Waited
{
    private Waited() { }

    /// <summary>The operator was asked, so the reply can take hours.</summary>
    public sealed record OperatorAsked(long Question) : Waited;

    public sealed record Replied(Handover.Lease Lease) : Waited;

    /// <summary>The same call was made twice, and the other one got the reply.</summary>
    public sealed record TakenElsewhere(string Text) : Waited;

    /// <summary>The operator gave the message up, so there will be no reply.</summary>
    public sealed record GivenUp(string Reason) : Waited;

    public sealed record NotYet(string State) : Waited;
}

/// <summary>Which reply to wait for, and how long.</summary>
/// <param name="Conversation">The conversation of the message.</param>
/// <param name="Message">The message whose reply is waited for.</param>
/// <param name="Limit">The longest wait. The wait also ends when the relay stops.</param>
internal sealed record ReplyRequest(ConversationId Conversation, MessageId Message, TimeSpan Limit)
{
    /// <summary>Whether the wait also ends when the operator is asked, or must remove what holds the message.</summary>
    public bool LeaveToOperator { get; init; }

    /// <summary>Called with the state of the message each time it is looked up.</summary>
    public Action<string> Progress { get; init; } = _ => { };

    /// <summary>Whether the wait may end after so long, since the reply has another way.</summary>
    public Func<TimeSpan, bool> IsEnough { get; init; } = _ => false;
}

/// <summary>Waits for the reply to one message. Meanwhile the reply is delivered in no other way.</summary>
internal sealed class ReplyWait(
    Handover handover, CallerChannel callers, Database database, ChangeFeed changes, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async Task<Waited> WaitAsync(ReplyRequest request, CancellationToken cancellationToken)
    {
        using var waiter = callers.Wait(request.Message);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        using var changed = changes.Subscribe(Topic.Replies, request.Message.Value).And(Topic.Turns, request.Conversation.Value);
        var state = "unknown";
        var started = database.Clock.GetTimestamp();
        var waited = await changed.HoldAsync(
            async () =>
            {
                (var end, state) = await LookAsync(request, cancellationToken);
                if (end is null)
                    request.Progress(state);
                return end ?? (request.IsEnough(database.Clock.GetElapsedTime(started)) ? new Waited.NotYet(state) : null);
            },
            new Hold(request.Limit, Poll),
            database.Clock,
            ended.Token);
        if (waited is not Waited.Replied) // Whoever carries a reply gives it back when the client has gone.
            cancellationToken.ThrowIfCancellationRequested();
        return waited ?? new Waited.NotYet(state);
    }

    /// <summary>How the wait ends, or null to go on waiting; and the state of the message.</summary>
    private async Task<(Waited? End, string State)> LookAsync(ReplyRequest request, CancellationToken cancellationToken)
    {
        var lease = await handover.TakeReplyAsync(request.Conversation, request.Message, cancellationToken);
        if (!lease.IsEmpty)
            return (new Waited.Replied(lease), "answered");
        var (message, questions, why) = await database.ReadAsync(
            async reading =>
            {
                var found = await MessageStore.FindAsync(reading, request.Conversation, request.Message, cancellationToken);
                var asked = await QuestionStore.OfAsync(reading, request.Conversation, request.Message, cancellationToken);
                return (found, asked, found is null ? null : await Waits.OfAsync(reading, found, cancellationToken));
            },
            cancellationToken);
        var open = questions.Find(question => question.IsOpen);
        if (message is { State: MessageState.Dead })
            return (new Waited.GivenUp(message.Reason ?? "given up by the operator"), "given up");
        if (message is { State: MessageState.Answered }
            && await handover.DeliveredAsync(request.Conversation, request.Message, cancellationToken) is { } text)
            return (new Waited.TakenElsewhere(text), "answered");
        if (request.LeaveToOperator && open is not null)
            return (new Waited.OperatorAsked(open.Id), "");
        var state = open is null ? why?.ForSession ?? "unknown" : $"the operator was asked, question #{open.Id}";
        var isLeft = request.LeaveToOperator && (message is { State: MessageState.Held } || why?.IsBehindOperator == true);
        return (isLeft ? new Waited.NotYet(state) : null, state);
    }
}
