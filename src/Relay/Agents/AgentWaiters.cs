using System.Collections.Concurrent;

namespace Relay.Agents;

/// <summary>Which waiter of an agent is the newest, and when a waiter was last there.</summary>
internal sealed class AgentWaiters(TimeProvider clock)
{
    private const int Many = 1_000;
    private static readonly TimeSpan LongGone = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, long> _newest = new();
    private readonly ConcurrentDictionary<string, long> _present = new();
    private long _last;

    /// <summary>Whether a waiter was there within the given time. Between two of its requests it is away for a moment.</summary>
    public bool IsWaitedFor(string agent, TimeSpan within) =>
        _present.TryGetValue(agent, out var seen) && clock.GetElapsedTime(seen) < within;

    /// <summary>Of how many it is known that a waiter was there.</summary>
    public int Known => _present.Count;

    /// <summary>An agent's id is whatever the caller says, so of those that are long gone nothing is kept.</summary>
    public void IsThere(string agent)
    {
        _present[agent] = clock.GetTimestamp();
        if (_present.Count > Many)
            foreach (var (gone, seen) in _present)
                if (clock.GetElapsedTime(seen) > LongGone)
                    _present.TryRemove(gone, out _);
    }

    public long Enter(string agent) => _newest[agent] = Interlocked.Increment(ref _last);

    public void Leave(string agent, long waiter) => _newest.TryRemove(new(agent, waiter));

    public bool IsNewest(string agent, long waiter) => _newest.GetValueOrDefault(agent) == waiter;
}
