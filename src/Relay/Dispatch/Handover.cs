using System.Collections.Concurrent;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Dispatch;

/// <summary>Hands waiting replies to whatever opportunity comes first: a tool call, a hook, a waiter.
/// Each is leased to one of them at a time. (1) Once the whole answer that carries it was sent it is handed, and (2) consumed by the sign
/// that the session's model has it. A client that gives no sign has consumed what it was sent.</summary>
internal sealed class Handover(Database database, CallerChannel callers, IHostApplicationLifetime lifetime)
{
    private readonly ConcurrentDictionary<string, bool> _leased = new();

    /// <summary>What answers carry that are not through yet: a sign may come before it is recorded that they are.</summary>
    private readonly ConcurrentDictionary<string, Carried> _carried = new();

    private sealed class Carried(OutboundReply reply, Handing to)
    {
        public OutboundReply Reply { get; } = reply;
        public Handing To { get; } = to;
        public volatile bool IsThere;
    }

    /// <summary>Everything that waits for the session, but what a tool call of its own is waiting for.</summary>
    public Task<Lease> TakeAsync(SessionId session, CancellationToken cancellationToken) => LeaseAsync(
        async reading =>
            (await Outbox.ForAgentAsync(reading, session, cancellationToken))
                .FindAll(reply => reply.Handed is null && !callers.IsAwaited(reply.Message)),
        cancellationToken);

    /// <summary>The reply to one message; empty while there is none, or when another opportunity has it.</summary>
    public Task<Lease> TakeReplyAsync(ConversationId conversation, MessageId message, CancellationToken cancellationToken) => LeaseAsync(
        async reading => await ReplyToAsync(reading, conversation, message, cancellationToken)
            is { State: DispatchState.Ready, Channel: ReplyChannel.Agent, Handed: null } reply ? [reply] : [],
        cancellationToken);

    /// <summary>The same reply once more, for a call that asks for it again; empty when its session is known to have it.</summary>
    public Task<Lease> TakeAgainAsync(ConversationId conversation, MessageId message, CancellationToken cancellationToken) => LeaseAsync(
        async reading => await ReplyToAsync(reading, conversation, message, cancellationToken)
            is { State: DispatchState.Ready, Channel: ReplyChannel.Agent, Handed: not null } reply ? [reply] : [],
        cancellationToken);

    /// <summary>A session has shown that its model has some of what was handed to it.</summary>
    public async Task ShownAsync(
        SessionId session, Func<OutboundReply, Handing, bool> isThere, CancellationToken cancellationToken)
    {
        foreach (var carried in _carried.Values)
            if (carried.Reply.Session == session && isThere(carried.Reply, carried.To))
                carried.IsThere = true;
        foreach (var reply in await HandedAsync(session, cancellationToken))
            if (isThere(reply, reply.Handed!.To))
                await ConsumeAsync(reply, cancellationToken);
    }

    /// <summary>The tool calls of the session whose answers are on their way.</summary>
    public IEnumerable<string?> UsesCarried(SessionId session) =>
        _carried.Values.Where(carried => carried.Reply.Session == session).Select(carried => carried.To.ToolUse);

    /// <summary>What was handed to the session, and is not known to be there.</summary>
    public async Task<List<OutboundReply>> HandedAsync(SessionId session, CancellationToken cancellationToken)
    {
        var open = await database.ReadAsync(reading => Outbox.ForAgentAsync(reading, session, cancellationToken), cancellationToken);
        return [.. open.Where(reply => reply.Handed is not null).Select(Parts.Handed)];
    }

    /// <summary>Whether there is more for the session that cannot be handed over now: another answer carries it at this moment, or it
    /// follows a piece that is not known to be there yet.</summary>
    public async Task<bool> HasMoreAsync(SessionId session, CancellationToken cancellationToken)
    {
        var open = await database.ReadAsync(reading => Outbox.ForAgentAsync(reading, session, cancellationToken), cancellationToken);
        return open.Exists(reply => reply.Handed is { Through: not null } || (reply.Handed is null && _leased.ContainsKey(reply.Id)));
    }

    /// <summary>What a message was answered with before; null when its reply has not been handed over yet.</summary>
    public Task<string?> DeliveredAsync(ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        database.ReadAsync(
        async reading => await ReplyToAsync(reading, conversation, message, cancellationToken)
            is { } reply && (reply.State == DispatchState.Consumed || reply.Handed is not null) ? reply.Content : null,
        cancellationToken);

    private static async Task<OutboundReply?> ReplyToAsync(
        Reading reading, ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        await Outbox.ReplyToAsync(
            reading, await MessageStore.FindAsync(reading, conversation, message, cancellationToken), cancellationToken);

    /// <summary>Dispose it when the answer failed: the replies wait for the next opportunity.</summary>
    internal sealed class Lease(Handover handover, IReadOnlyList<OutboundReply> replies) : IDisposable
    {
        private Handing? _to;

        public IReadOnlyList<OutboundReply> Replies { get; private set; } = replies;

        /// <summary>More waits than the answer carries.</summary>
        private bool _leavesMore;

        public bool IsEmpty => Replies.Count == 0;

        /// <summary>The answers to what was asked come first, which bear no line that says whose they are: after another's words they
        /// would be taken for more of those.</summary>
        public IEnumerable<OutboundReply> Ordered => Replies.OrderBy(reply => reply.Message is null);

        public string Text => string.Join("\n\n", Ordered.Select(reply => reply.Carried)) + Rest;

        /// <summary>What is said after the replies.</summary>
        public string Rest => _leavesMore ? "\n\n(More of this waits: check_replies gives it, or it comes with what follows.)" : "";

        /// <summary>Keeps as much as an answer can carry: whole replies, or pieces of the first that does not fit. The others are free for
        /// the next opportunity, in their order.</summary>
        public void Fit(int longest)
        {
            var (kept, room) = (new List<OutboundReply>(), longest);
            foreach (var reply in Ordered)
            {
                var part = Parts.Fitting(reply, kept.Count == 0 ? Math.Max(room, Pieces.Longest + Parts.Around) : room);
                if (part is not null)
                    kept.Add(part);
                room -= (part?.Carried.Length ?? room) + Parts.Around;
                if (part?.Through is not null || part is null)
                    break;
            }
            _leavesMore = kept.Count < Replies.Count || kept.Exists(reply => reply.Through is not null);
            handover.Release(Replies.Where(reply => kept.TrueForAll(each => each.Id != reply.Id)));
            Replies = kept;
        }

        /// <summary>Before the answer that carries them is written.</summary>
        public void HandTo(Handing? to)
        {
            _to = to;
            if (to is not null)
                foreach (var reply in Replies)
                    handover._carried[reply.Id] = new Carried(reply, to);
        }

        /// <summary>The answer went out whole.</summary>
        public async Task SentAsync(CancellationToken cancellationToken)
        {
            foreach (var reply in Replies)
                if (_to is { } to)
                    await handover.HandAsync(reply, to, cancellationToken);
                else
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
            spoken.Add(Parts.Rest(reply) with { Speaker = speaker });
        }
        return spoken;
    }

    private void Release(IEnumerable<OutboundReply> replies)
    {
        foreach (var reply in replies)
        {
            _carried.TryRemove(reply.Id, out _);
            _leased.TryRemove(reply.Id, out _);
        }
    }

    /// <summary>The answer is out. A sign that comes while that is recorded is seen either by us or by whoever brings it.</summary>
    private async Task HandAsync(OutboundReply reply, Handing to, CancellationToken cancellationToken)
    {
        await database.RecordAsync( // (1)
            writing => Outbox.HandedAsync(writing, reply, to, cancellationToken), lifetime.ApplicationStopping);
        callers.Forget(reply);
        if (_carried.TryRemove(reply.Id, out var carried) && carried.IsThere)
            await ConsumeAsync(reply, cancellationToken);
    }

    /// <summary>Until that is recorded the lease is kept: given back, its replies would be handed over again.</summary>
    private async Task ConsumeAsync(OutboundReply reply, CancellationToken cancellationToken)
    {
        await database.RecordAsync(writing => RecordAsync(writing, reply, cancellationToken), lifetime.ApplicationStopping); // (2)
        if (reply.Through is null)
            callers.Forget(reply);
    }

    private static Task RecordAsync(Writing writing, OutboundReply reply, CancellationToken cancellationToken) => reply.Through is { } told
        ? Outbox.ToldAsync(writing, reply, told, cancellationToken)
        : Outbox.ConsumedAsync(writing, reply, cancellationToken);
}
