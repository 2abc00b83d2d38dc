using Relay.Conversations;
using Relay.Costs;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>What becomes of a message whose call gets no leave, and when that is over.</summary>
internal sealed partial class BudgetWaits(ILogger<BudgetWaits> log)
{
    /// <summary>Should the end of a call be missed.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private static readonly HoldCause[] Causes = [HoldCause.Budget, HoldCause.Price];

    /// <summary>Known after a start only by looking.</summary>
    private volatile bool _mayWait = true, _mayBeHeld = true;

    public async Task WaitAsync(Writing writing, Message message, Budget.Leave refused, CancellationToken cancellationToken)
    {
        switch (refused)
        {
            case Budget.Leave.Crowded crowded:
                _mayWait = true;
                await DeferAsync(writing, message, crowded.Reason, cancellationToken);
                break;
            case Budget.Leave.Denied denied:
                await HoldAsync(
                    writing, message, new Change(MessageState.Held, HoldCause.Budget, denied.Reason, denied.Until), cancellationToken);
                break;
            case Budget.Leave.Unpriced unpriced:
                await HoldAsync(writing, message, new Change(MessageState.Held, HoldCause.Price, unpriced.Reason), cancellationToken);
                break;
        }
    }

    /// <summary>A message that was given leave is being asked. A cause ends with the last message that it held.</summary>
    public async Task GrantedAsync(Writing writing, CancellationToken cancellationToken)
    {
        if (!_mayBeHeld)
            return;
        _mayBeHeld = false;
        foreach (var cause in Causes)
            if (await MessageStore.AnyHeldAsync(writing, cause, cancellationToken))
                _mayBeHeld = true;
            else
                await PageStore.ClearAsync(writing, PageCause.Hold(cause), cancellationToken);
    }

    /// <summary>A call has ended, and what it reserved and did not cost is free.</summary>
    public async Task EndAsync(Writing writing, CancellationToken cancellationToken)
    {
        if (!_mayWait)
            return;
        _mayWait = false;
        if (await MessageStore.HurryAsync(writing, HoldCause.Budget, cancellationToken) > 0)
            writing.Wake(Topic.Turns);
    }

    private static async Task DeferAsync(Writing writing, Message message, string reason, CancellationToken cancellationToken)
    {
        var change = new Change(MessageState.Deferred, HoldCause.Budget, reason, writing.Now + LongestWait);
        if (message is { State: MessageState.Deferred, Cause: HoldCause.Budget })
            await MessageStore.PutOffAsync(writing, message, change.DueAt!.Value, cancellationToken); // It is said already.
        else
            await MessageStore.ChangeAsync(writing, message.Conversation, message.Id, change, cancellationToken);
    }

    private async Task HoldAsync(Writing writing, Message message, Change change, CancellationToken cancellationToken)
    {
        _mayBeHeld = true;
        await MessageStore.ChangeAsync(writing, message.Conversation, message.Id, change, cancellationToken);
        await HoldPages.PageAsync(writing, message, change.Cause!.Value, change.Reason!, cancellationToken);
        writing.OnceCommitted(() => LogHeld(message.Id, change.Reason!));
    }

    [LoggerMessage(LogLevel.Error, "{MessageId} is held: {Reason}")]
    private partial void LogHeld(MessageId messageId, string reason);
}
