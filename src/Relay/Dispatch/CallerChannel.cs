using System.Collections.Concurrent;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Dispatch;

/// <summary>Replies that somebody waits for over HTTP. When nobody has for ten seconds, the reply goes to the session's folder
/// instead; at once where the caller has said that it waits no longer, and soon where its connection has ended.</summary>
internal sealed class CallerChannel(Database database, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>A caller whose connection broke may ask again at once.</summary>
    private static readonly TimeSpan Reconnecting = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<MessageId, Waiter> _waiters = new();

    /// <summary>Since when each reply is seen lying here: a time stamp of the clock, which no setting of it changes.</summary>
    private readonly Dictionary<string, long> _seen = [];
    private readonly DateTimeOffset _startedAt = clock.GetUtcNow();

    /// <summary>When to look again: what callers gave up is found by time alone.</summary>
    public TimeSpan Poll { get; private set; } = TimeSpan.FromSeconds(10);

    /// <summary>Keeps the reply to a message from going to the folder until disposed.</summary>
    public Waiter Wait(MessageId message)
    {
        var waiter = _waiters.AddOrUpdate(message, _ => new Waiter(this), (_, existing) => existing);
        waiter.Enter();
        return waiter;
    }

    public bool IsAwaited(MessageId? message) =>
        message is { } id && _waiters.TryGetValue(id, out var waiter) && waiter.IsPresent;

    public async Task ReleaseAbandonedAsync(CancellationToken cancellationToken)
    {
        var waiting = await database.ReadAsync(reading => Outbox.ForCallersAsync(reading, cancellationToken), cancellationToken);
        foreach (var gone in _seen.Keys.Except(waiting.Select(reply => reply.Id)).ToList())
            _seen.Remove(gone);
        foreach (var reply in waiting.Where(IsAbandoned).OrderBy(reply => reply.Number).ToList())
        {
            await database.WriteAsync(writing => Outbox.ToFolderAsync(writing, reply, cancellationToken), cancellationToken);
            Forget(reply);
        }
        Poll = waiting.Exists(HasGone) ? TimeSpan.FromMilliseconds(250) : TimeSpan.FromSeconds(waiting.Count > 0 ? 2 : 10);
    }

    private bool HasGone(OutboundReply reply) =>
        reply.Message is { } message && _waiters.TryGetValue(message, out var waiter) && waiter is { IsPresent: false, Patience: not null };

    /// <summary>After the reply has found its way.</summary>
    public void Forget(OutboundReply reply)
    {
        if (reply.Message is { } message)
            _waiters.TryRemove(message, out _);
    }

    private bool IsAbandoned(OutboundReply reply)
    {
        var seen = _seen.TryGetValue(reply.Id, out var first) ? first : _seen[reply.Id] = clock.GetTimestamp();
        if (reply.Message is { } message && _waiters.TryGetValue(message, out var waiter))
        {
            if (waiter.IsPresent)
                return false;
            if (waiter is { LeftAt: { } gone, Patience: { } patience })
                return clock.GetElapsedTime(gone) >= patience;
            if (waiter.LeftAt is { } left)
                return clock.GetElapsedTime(left) >= Patience && HasLain(reply, seen);
        }
        return HasLain(reply, seen);
    }

    private bool HasLain(OutboundReply reply, long seen)
    {
        var since = reply.CreatedAt > _startedAt ? reply.CreatedAt : _startedAt;
        return clock.GetUtcNow() - since >= Patience || clock.GetElapsedTime(seen) >= Patience;
    }

    internal sealed class Waiter(CallerChannel channel) : IDisposable
    {
        private int _present;

        public bool IsPresent => Volatile.Read(ref _present) > 0;

        /// <summary>A time stamp of the clock.</summary>
        public long? LeftAt { get; private set; }

        /// <summary>How long after it left its reply is kept for it; null where it may come again as usual.</summary>
        public TimeSpan? Patience { get; private set; }

        public void Enter()
        {
            Patience = null;
            Interlocked.Increment(ref _present);
        }

        /// <summary>The caller has said that it will not come again.</summary>
        public void GivesUp() => Patience = TimeSpan.Zero;

        /// <summary>Its connection has ended before it had an answer.</summary>
        public void IsCutOff() => Patience = Reconnecting;

        public void Dispose()
        {
            LeftAt = channel.Now;
            Interlocked.Decrement(ref _present);
        }
    }

    private long Now => clock.GetTimestamp();
}
