using System.Collections.Concurrent;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Dispatch;

/// <summary>Hands waiting replies to whatever opportunity comes first: a tool call, a hook, a waiter.
/// Each is leased to one of them at a time and consumed only once the whole answer that carries it was sent.</summary>
internal sealed class Handover(Database database, CallerChannel callers, IHostApplicationLifetime lifetime)
{
    private readonly ConcurrentDictionary<string, bool> _leased = new();

    /// <summary>Everything that waits for the session, but what a tool call of its own is waiting for.</summary>
    public Task<Lease> TakeAsync(SessionId session, CancellationToken cancellationToken) => LeaseAsync(
        async reading =>
            (await Outbox.ForAgentAsync(reading, session, cancellationToken)).FindAll(reply => !callers.IsAwaited(reply.Message)),
        cancellationToken);

    /// <summary>The reply to one message; empty while there is none, or when another opportunity has it.</summary>
    public Task<Lease> TakeReplyAsync(ConversationId conversation, MessageId message, CancellationToken cancellationToken) => LeaseAsync(
        async reading => await ReplyToAsync(reading, conversation, message, cancellationToken)
            is { State: DispatchState.Ready, Channel: ReplyChannel.Agent } reply ? [reply] : [],
        cancellationToken);

    /// <summary>What a message was answered with before; null when its reply has not been handed over yet.</summary>
    public Task<string?> DeliveredAsync(ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        database.ReadAsync(
        async reading => await ReplyToAsync(reading, conversation, message, cancellationToken)
            is { State: DispatchState.Consumed } reply ? reply.Content : null,
        cancellationToken);

    private static async Task<OutboundReply?> ReplyToAsync(
        Reading reading, ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        await Outbox.ReplyToAsync(
            reading, await MessageStore.FindAsync(reading, conversation, message, cancellationToken), cancellationToken);

    /// <summary>Dispose it when the answer failed: the replies wait for the next opportunity.</summary>
    internal sealed class Lease(Handover handover, IReadOnlyList<OutboundReply> replies) : IDisposable
    {
        public IReadOnlyList<OutboundReply> Replies { get; } = replies;

        public bool IsEmpty => Replies.Count == 0;

        /// <summary>The answers to what was asked come first, which bear no line that says whose they are: after another's words they
        /// would be taken for more of those.</summary>
        public IEnumerable<OutboundReply> Ordered => Replies.OrderBy(reply => reply.Message is null);

        public string Text => string.Join("\n\n", Ordered.Select(reply => reply.Content));

        /// <summary>The answer went out whole.</summary>
        public async Task ConsumedAsync(CancellationToken cancellationToken)
        {
            foreach (var reply in Replies)
                await handover.ConsumeAsync(reply, cancellationToken);
        }

        public void Dispose() => handover.Release(Replies);
    }

    private async Task<Lease> LeaseAsync(Func<Reading, Task<List<OutboundReply>>> read, CancellationToken cancellationToken)
    {
        var mine = (await database.ReadAsync(read, cancellationToken)).FindAll(reply => _leased.TryAdd(reply.Id, true));
        if (mine.Count == 0)
            return new Lease(this, []);
        try
        {
            // Whoever had one of them may have got through with it between the reading and the leasing.
            var still = (await database.ReadAsync(read, cancellationToken)).Select(reply => reply.Id).ToHashSet();
            var kept = mine.FindAll(reply => still.Contains(reply.Id));
            var spoken = await database.ReadAsync(reading => WithSpeakersAsync(reading, kept, cancellationToken), cancellationToken);
            Release(mine.Where(reply => !still.Contains(reply.Id)));
            return new Lease(this, spoken);
        }
        catch
        {
            Release(mine);
            throw;
        }
    }

    private static async Task<List<OutboundReply>> WithSpeakersAsync(
        Reading reading, List<OutboundReply> replies, CancellationToken cancellationToken)
    {
        var spoken = new List<OutboundReply>();
        foreach (var reply in replies)
        {
            var speaker = await Journal.SpeakerAsync(reading, reply.Conversation, reply.Position, cancellationToken);
            spoken.Add(reply with { Speaker = speaker });
        }
        return spoken;
    }

    private void Release(IEnumerable<OutboundReply> replies)
    {
        foreach (var reply in replies)
            _leased.TryRemove(reply.Id, out _);
    }

    /// <summary>The answer is out. Until that is recorded the lease is kept: given back, its replies would be handed over again.</summary>
    private async Task ConsumeAsync(OutboundReply reply, CancellationToken cancellationToken)
    {
        await database.RecordAsync(writing => Outbox.ConsumedAsync(writing, reply, cancellationToken), lifetime.ApplicationStopping);
        callers.Forget(reply);
    }
}
