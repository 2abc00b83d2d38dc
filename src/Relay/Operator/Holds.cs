using Relay.Conversations;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>Gives what is held a new try, or gives it up.</summary>
internal sealed class Holds(Database database)
{
    /// <summary>How many held messages are tried again. Their pages stay: a cause is paged again only after it had cleared.</summary>
    public Task<int> ReleaseAllAsync(string why, CancellationToken cancellationToken) =>
        database.WriteAsync(writing => ReleaseAllAsync(writing, why, cancellationToken), cancellationToken);

    /// <summary>A refusal keeps waiting for the operator.</summary>
    public static async Task<int> ReleaseAllAsync(Writing writing, string why, CancellationToken cancellationToken)
    {
        var held = (await MessageStore.HeldAsync(writing, cancellationToken)).FindAll(message => message.Cause != HoldCause.Refusal);
        foreach (var message in held)
            await ResumeAsync(writing, message, why, cancellationToken);
        return held.Count;
    }

    /// <summary>One message, now: a held one is released, a deferred one does not wait any longer.</summary>
    public Task<bool> RetryAsync(Message message, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            var current = await MessageStore.FindAsync(writing, message.Conversation, message.Id, cancellationToken);
            if (current is not { State: MessageState.Held or MessageState.Deferred } || current.Cause == HoldCause.Refusal)
                return false;
            await ResumeAsync(writing, current, "the operator said so", cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>The operator gives a message up. False when it is answered, being asked this moment, or has a question open: that is answered instead.</summary>
    public Task<bool> DropAsync(Message message, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            var current = await MessageStore.FindAsync(writing, message.Conversation, message.Id, cancellationToken);
            if (current?.State is not (MessageState.Accepted or MessageState.Deferred or MessageState.Held) || current.Cause == HoldCause.Refusal)
                return false;
            var dead = new Change(MessageState.Dead, Reason: "given up by the operator");
            await MessageStore.ChangeAsync(writing, message.Conversation, message.Id, dead, cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>The message is to be asked from now on.</summary>
    public static Task ResumeAsync(Writing writing, Message message, string why, CancellationToken cancellationToken) =>
        MessageStore.ChangeAsync(
            writing, message.Conversation, message.Id, new Change(MessageState.Accepted, Reason: why, DueAt: writing.Now), cancellationToken);
}
