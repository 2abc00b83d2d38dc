using System.Data.Common;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Running;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>Puts back to work what a crash, a bad key or an empty account had stopped.</summary>
internal sealed partial class Recovery(Database database, MessageStore messages, Signals signals, TimeProvider clock, ILogger<Recovery> log)
{
    /// <summary>At the start: what was being asked when the relay stopped is asked again, and holds get a new try. A refusal keeps waiting for the operator.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        var (asked, lost) = await database.WriteAsync(
            async transaction => (
                await ResumeAsync(transaction, MessageState.Asking, "asked again after a restart", cancellationToken),
                await Ledger.NoteLostAsync(transaction, cancellationToken)),
            cancellationToken);
        if (asked + lost > 0)
            LogResumed(asked, lost);
        await ReleaseHoldsAsync("tried again at the start", cancellationToken);
    }

    /// <summary>How many held messages are tried again. Their pages stay: a cause is paged again only after it had cleared.</summary>
    public async Task<int> ReleaseHoldsAsync(string why, CancellationToken cancellationToken)
    {
        var released = await database.WriteAsync(
            transaction => ResumeAsync(transaction, MessageState.Held, why, cancellationToken), cancellationToken);
        signals.Work.Set();
        return released;
    }

    /// <summary>One message, now: a held one is released, a deferred one does not wait any longer.</summary>
    public async Task<bool> RetryAsync(Message message, CancellationToken cancellationToken)
    {
        var released = await database.WriteAsync(
            async transaction =>
            {
                var current = await MessageStore.FindAsync(transaction.Connection!, message.Conversation, message.Id, cancellationToken);
                if (current is not { State: MessageState.Held or MessageState.Deferred } || current.Cause == HoldCause.Refusal.Word())
                    return false;
                await ResumeAsync(transaction, current, "the operator said so", cancellationToken);
                return true;
            },
            cancellationToken);
        signals.Work.Set();
        return released;
    }

    /// <summary>The operator gives a message up. False when it is answered, being asked this moment, or has a question open: that is answered instead.</summary>
    public async Task<bool> DropAsync(Message message, CancellationToken cancellationToken)
    {
        var dropped = await database.WriteAsync(
            async transaction =>
            {
                var current = await MessageStore.FindAsync(transaction.Connection!, message.Conversation, message.Id, cancellationToken);
                if (current?.State is not (MessageState.Accepted or MessageState.Deferred or MessageState.Held) || current.Cause == HoldCause.Refusal.Word())
                    return false;
                await messages.ChangeAsync(transaction, message.Conversation, message.Id, new Change(MessageState.Dead, Reason: "given up by the operator"), cancellationToken);
                return true;
            },
            cancellationToken);
        signals.Work.Set();
        signals.Status.Set();
        return dropped;
    }

    private async Task<int> ResumeAsync(DbTransaction transaction, MessageState state, string why, CancellationToken cancellationToken)
    {
        var found = await transaction.Command(
            $"""
            SELECT {Message.Columns}
            FROM messages
            WHERE state = @state AND (cause IS NULL OR cause <> 'refusal')
            """)
            .With("@state", state.Word())
            .ListAsync(Message.From, cancellationToken);
        foreach (var message in found)
            await ResumeAsync(transaction, message, why, cancellationToken);
        return found.Count;
    }

    private Task ResumeAsync(DbTransaction transaction, Message message, string why, CancellationToken cancellationToken) =>
        messages.ChangeAsync(
            transaction, message.Conversation, message.Id, new Change(MessageState.Accepted, Reason: why, DueAt: clock.GetUtcNow()), cancellationToken);

    [LoggerMessage(LogLevel.Warning, "After a restart {Messages} messages are asked again; {Calls} calls were perhaps paid for nothing")]
    private partial void LogResumed(int messages, int calls);
}
