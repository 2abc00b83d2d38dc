using Relay.Conversations;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>Releases held messages so that they are asked again, or gives them up.</summary>
internal sealed class Holds(Database database)
{
    /// <summary>Releases all held messages and returns their number. Their pages remain, for a cause is paged again
    /// only after it was cleared.</summary>
    public Task<int> ReleaseAllAsync(string why, CancellationToken cancellationToken) =>
        database.WriteAsync(writing => ReleaseAllAsync(writing, why, cancellationToken), cancellationToken);

    /// <summary>A message that the advisor refused is not released: it waits for the operator.</summary>
    public static async Task<int> ReleaseAllAsync(Writing writing, string why, CancellationToken cancellationToken)
    {
        var all = await MessageStore.HeldAsync(writing, cancellationToken);
        var held = all.FindAll(message => message.Cause != HoldCause.Refusal);
        foreach (var message in held)
            await ResumeAsync(writing, message, why, cancellationToken);
        return held.Count;
    }

    /// <summary>Releases a held message, or ends the wait of a deferred one. False when it is neither.</summary>
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

    /// <summary>Gives a message up. False when it is answered, is being asked, or has an open question:
    /// then the operator answers that instead.</summary>
    public Task<bool> DropAsync(Message message, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            var current = await MessageStore.FindAsync(writing, message.Conversation, message.Id, cancellationToken);
            if (current?.State is not (MessageState.Accepted or MessageState.Deferred or MessageState.Held)
                || current.Cause == HoldCause.Refusal)
                return false;
            var dead = new Change(MessageState.Dead, Reason: "given up by the operator");
            await MessageStore.ChangeAsync(writing, message.Conversation, message.Id, dead, cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>The message may be asked from now on.</summary>
    public static Task ResumeAsync(Writing writing, Message message, string why, CancellationToken cancellationToken)
    {
        var change = new Change(MessageState.Accepted, Reason: why, DueAt: writing.Now);
        return MessageStore.ChangeAsync(writing, message.Conversation, message.Id, change, cancellationToken);
    }
}
