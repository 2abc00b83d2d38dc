using System.Collections.Concurrent;

namespace Relay.Agents;

/// <summary>Which waiter of an agent is the newest, and when a waiter was last there.</summary>
internal sealed class AgentWaiters(TimeProvider clock)
{
    private const int Many = 1_000;
    private static readonly TimeSpan LongGone = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, long> _newest = new();
    private readonly ConcurrentDictionary<string, long> _present = new();
    private readonly ConcurrentDictionary<string, long> _begun = new();
    private long _last;

    /// <summary>Whether a waiter was there within the given time. Between two of its requests it is away for a moment.</summary>
    public bool IsWaitedFor(string agent, TimeSpan within) =>
        _present.TryGetValue(agent, out var seen) && clock.GetElapsedTime(seen) < within;

    /// <summary>Of how many it is known that a waiter was there.</summary>
    public int Known => _present.Count;

    public void IsThere(string agent) => Note(_present, agent);

    /// <summary>The hook of its beginning has taken what waited for it.</summary>
    public void Begun(string agent) => Note(_begun, agent);

    /// <summary>For one waiter: whether the hook that runs beside it at the beginning was answered within the given time.</summary>
    public bool TakeBegun(string agent, TimeSpan within) =>
        _begun.TryRemove(agent, out var at) && clock.GetElapsedTime(at) < within;

    /// <summary>An agent's id is whatever the caller says, so of those that are long gone nothing is kept.</summary>
    private void Note(ConcurrentDictionary<string, long> times, string agent)
    {
        times[agent] = clock.GetTimestamp();
        if (times.Count > Many)
            foreach (var (gone, seen) in times)
                if (clock.GetElapsedTime(seen) > LongGone)
                    times.TryRemove(gone, out _);
    }

    public long Enter(string agent) => _newest[agent] = Interlocked.Increment(ref _last);

    public void Leave(string agent, long waiter) => _newest.TryRemove(new(agent, waiter));

    public bool IsNewest(string agent, long waiter) => _newest.GetValueOrDefault(agent) == waiter;
}
