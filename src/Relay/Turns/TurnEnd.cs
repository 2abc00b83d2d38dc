using Relay.Advisor;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>The last transaction of a turn: (1) the fence, (2) the ledger row, (3) what the outcome means for the message, the journal, the
/// outbox and the operator.</summary>
internal sealed partial class TurnEnd(
    Replies replies, PaidCalls calls, SettingsSource settings, ILogger<TurnEnd> log)
{
    private static readonly Backoff Retry = new(TimeSpan.FromSeconds(0.5), TimeSpan.FromMinutes(5));

    /// <summary>False when the claim was stale: another has taken the conversation since, or this very end is recorded already.</summary>
    public async Task<bool> CommitAsync(
        Writing writing, Claim claim, AdvisorOutcome outcome, string? staged, CancellationToken cancellationToken)
    {
        var message = claim.Message;
        if (!await ConversationStore.EndCallAsync(writing, message.Conversation, claim.Epoch, claim.Ledger.Id, cancellationToken)) // (1)
            return false;
        var finished = outcome.ToFinishedCall();
        await calls.RecordAsync(writing, claim.Ledger, finished, cancellationToken); // (2)
        if (finished.IsBought && outcome is not (AdvisorOutcome.Replied or AdvisorOutcome.Refused))
            await MessageStore.WasteAsync(writing, message, finished.Note, cancellationToken);
        await RecordAsync(writing, claim, outcome, staged, cancellationToken); // (3)
        return true;
    }

    /// <summary>After a window that was too long: what came of shortening it.
    /// The message was given back to be asked again in the meantime.</summary>
    public async Task CommitAsync(
        Writing writing, Claim claim, string exceeded, Shortening shortening, CancellationToken cancellationToken)
    {
        var message = await MessageStore.FindAsync(writing, claim.Message.Conversation, claim.Message.Id, cancellationToken);
        if (message?.State != MessageState.Accepted)
            return;
        if (shortening is Shortening.Impossible impossible
            && await HoldAsync(
                writing, claim, new Change(MessageState.Held, HoldCause.Context, $"{exceeded}; {impossible.Reason}"),
                impossible.IsCarried, cancellationToken))
        {
            await Journal.LeaveOutAsync(
                writing, message.Conversation, claim.Position, "it does not fit the model's context", cancellationToken);
            await MessageStore.LeaveOutAsync(writing, message, cancellationToken);
        }
        else if (shortening is Shortening.Spent spent)
            await HoldAsync(writing, claim, HoldCause.Wasted, $"{exceeded}; no summary makes room: {spent.Reason}", cancellationToken);
        else if (shortening is Shortening.Held held)
            await HoldAsync(writing, claim, held.Cause, $"{held.Reason} (to a summary, without which: {exceeded})", cancellationToken);
        else if (shortening is Shortening.Failed failed)
            await DeferAsync(
                writing, message, message.Attempts, new AdvisorOutcome.Deferred(failed.Reason, RetryAfter: null), cancellationToken);
    }

    /// <summary>A fault of this program: the message is held until somebody looks, and its conversation with it.
    /// A call that was made for it is perhaps paid.</summary>
    public async Task HoldFaultAsync(Writing writing, Message message, Claim? claim, Exception fault, CancellationToken cancellationToken)
    {
        var reason = $"a fault of the program: {fault.GetType().Name}: {fault.Message}";
        if (claim is not null)
        {
            if (!await ConversationStore.EndCallAsync(writing, message.Conversation, claim.Epoch, claim.Ledger.Id, cancellationToken))
                return;
            await calls.RecordAsync(writing, claim.Ledger, FinishedCall.Unknown(reason), cancellationToken);
            await MessageStore.WasteAsync(writing, message, reason, cancellationToken);
        }
        await ChangeAsync(writing, message, new Change(MessageState.Held, HoldCause.Fault, reason), cancellationToken);
        await HoldPages.PageAsync(writing, message, HoldCause.Fault, reason, cancellationToken);
        writing.OnceCommitted(() => LogFault(message.Id, fault));
    }

    /// <summary>There was no memory for the message. It is asked once more, alone; if there is none for it then, it is held, and the others
    /// go on without it.</summary>
    public async Task WithoutMemoryAsync(Writing writing, Message message, Claim? claim, bool wasAlone)
    {
        const string reason = HoldReasons.NoMemory;
        if (claim is not null)
        {
            if (!await ConversationStore.EndCallAsync(writing, message.Conversation, claim.Epoch, claim.Ledger.Id, CancellationToken.None))
                return;
            await calls.RecordAsync(writing, claim.Ledger, FinishedCall.Unknown(reason), CancellationToken.None);
            await MessageStore.WasteAsync(writing, message, reason, CancellationToken.None);
        }
        if (!wasAlone)
        {
            var alone = new AdvisorOutcome.Deferred(reason + "; it is asked again by itself", RetryAfter: null);
            await DeferAsync(writing, message, attempt: 1, alone, CancellationToken.None);
            return;
        }
        await ChangeAsync(writing, message, new Change(MessageState.Held, HoldCause.Context, reason), CancellationToken.None);
        await HoldPages.PageAsync(writing, message, HoldCause.Context, reason, CancellationToken.None);
        if ((claim?.Position ?? message.AskedPosition) is { } position)
        {
            await Journal.LeaveOutAsync(writing, message.Conversation, position, reason, CancellationToken.None);
            await MessageStore.LeaveOutAsync(writing, message, CancellationToken.None);
        }
        writing.OnceCommitted(() => LogHeld(message.Id, HoldCause.Context, reason));
    }

    /// <inheritdoc cref="Replies.StageAheadAsync"/>
    public Task<string?> StageAheadAsync(Claim claim, AdvisorOutcome outcome, CancellationToken cancellationToken) =>
        replies.StageAheadAsync(claim, outcome, cancellationToken);

    public void Discard(string staged) => replies.Discard(staged);

    private Task RecordAsync(Writing writing, Claim claim, AdvisorOutcome outcome, string? staged, CancellationToken cancellationToken)
    {
        var message = claim.Message;
        return outcome switch
        {
            AdvisorOutcome.Replied replied => replies.RecordAsync(writing, claim, replied, staged, cancellationToken),
            AdvisorOutcome.Refused refused => replies.RecordRefusalAsync(writing, claim, refused, cancellationToken),
            AdvisorOutcome.Empty => TryAgainAsync(
                writing, claim, HoldCause.Empty, new AdvisorOutcome.Deferred("the reply was empty", RetryAfter: null), cancellationToken),
            AdvisorOutcome.Deferred deferred => TryAgainAsync(writing, claim, HoldCause.Wasted, deferred, cancellationToken),
            AdvisorOutcome.Held held => HoldAsync(writing, claim, held.Cause, held.Reason, cancellationToken),
            AdvisorOutcome.ContextExceeded exceeded => GiveBackAsync(writing, message, exceeded.Reason, cancellationToken),
            _ => throw new InvalidOperationException($"an outcome nobody thought of: {outcome.GetType().Name}"),
        };
    }

    /// <summary>Later, and no more once too much was paid for nothing.</summary>
    private async Task TryAgainAsync(
        Writing writing, Claim claim, HoldCause otherwise, AdvisorOutcome.Deferred deferred, CancellationToken cancellationToken)
    {
        var message = claim.Message;
        if (await Waste.WhyNoMoreAsync(writing, message, deferred.Reason, cancellationToken) is { } why)
            await HoldAsync(writing, claim, otherwise, why, cancellationToken);
        else
            await DeferAsync(writing, message, message.Attempts + 1, deferred, cancellationToken);
    }

    private async Task DeferAsync(
        Writing writing, Message message, int attempt, AdvisorOutcome.Deferred deferred, CancellationToken cancellationToken)
    {
        var delay = Retry.Delay(attempt, deferred.RetryAfter);
        await ChangeAsync(
            writing, message, new Change(MessageState.Deferred, Reason: deferred.Reason, DueAt: writing.Now + delay), cancellationToken);
        writing.OnceCommitted(() => LogDeferred(message.Id, attempt, delay.TotalSeconds, deferred.Reason));
    }

    /// <summary>False when the settings have changed since the call: then the message is asked again.</summary>
    private Task<bool> HoldAsync(Writing writing, Claim claim, HoldCause cause, string reason, CancellationToken cancellationToken) =>
        HoldAsync(writing, claim, new Change(MessageState.Held, cause, reason), isCarried: false, cancellationToken);

    private async Task<bool> HoldAsync(Writing writing, Claim claim, Change change, bool isCarried, CancellationToken cancellationToken)
    {
        var (message, cause, reason) = (claim.Message, change.Cause!.Value, change.Reason!);
        if (!ReferenceEquals(claim.Settings, settings.Current))
        {
            // What was mended during the call released the holds before this one stood; nothing would release it later.
            await GiveBackAsync(writing, message, reason, cancellationToken);
            return false;
        }
        await ChangeAsync(writing, message, change, cancellationToken);
        await (isCarried
            ? HoldPages.PageCarriedAsync(writing, reason, cancellationToken)
            : HoldPages.PageAsync(writing, message, cause, reason, cancellationToken));
        writing.OnceCommitted(() => LogHeld(message.Id, cause, reason));
        return true;
    }

    private static Task GiveBackAsync(Writing writing, Message message, string reason, CancellationToken cancellationToken) =>
        ChangeAsync(writing, message, new Change(MessageState.Accepted, Reason: reason, DueAt: writing.Now), cancellationToken);

    private static Task ChangeAsync(Writing writing, Message message, Change change, CancellationToken cancellationToken) =>
        MessageStore.ChangeAsync(writing, message.Conversation, message.Id, change, cancellationToken);

    [LoggerMessage(LogLevel.Warning, "{MessageId} deferred after attempt {Attempt}, again in {Seconds} s: {Reason}")]
    private partial void LogDeferred(MessageId messageId, int attempt, double seconds, string reason);

    [LoggerMessage(LogLevel.Error, "{MessageId} is held, {Cause}: {Reason}")]
    private partial void LogHeld(MessageId messageId, HoldCause cause, string reason);

    [LoggerMessage(LogLevel.Error, "A fault of the program holds {MessageId}")]
    private partial void LogFault(MessageId messageId, Exception fault);
}
