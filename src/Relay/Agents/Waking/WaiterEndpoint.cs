using System.Globalization;
using Relay.Agents.Hooks;
using Relay.Dispatch;

namespace Relay.Agents.Waking;

/// <summary>GET /agents/ID/wait: holds until a reply waits for an idle session, for the command hook that wakes it. The newest waiter of an
/// agent alone may get it; older ones are sent home (204), and all of them when the relay stops (503). X-Relay-Hold limits the seconds of one
/// request, which then ends with 202, ask again: a waiter that looks after its session must not have to break off a request that may just be answered.</summary>
internal sealed class WaiterEndpoint(
    AgentStore agents, AgentReplies replies, Handover handover, AgentWaiters waiters, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    public async Task WaitAsync(HttpContext context)
    {
        var id = (string)context.Request.RouteValues["agent"]!;
        var mine = waiters.Enter(id);
        try
        {
            if (await WaitAsync(context, id, mine) is { } status)
                context.Response.StatusCode = status;
        }
        finally
        {
            waiters.Leave(id, mine);
        }
    }

    /// <summary>The status of an answer without a reply; null when a reply was written.</summary>
    private async Task<int?> WaitAsync(HttpContext context, string id, long mine)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var hold = Hold(context.Request);
        var started = clock.GetTimestamp();
        while (waiters.IsNewest(id, mine) && !ended.IsCancellationRequested)
        {
            waiters.IsThere(id);
            var agent = await agents.FindAsync(id, context.RequestAborted);
            if (agent is { State: AgentState.Ended })
                break;
            if (agent is { State: AgentState.Idle } && await DeliverAsync(context, agent))
                return null;
            if (clock.GetElapsedTime(started) >= hold)
                return StatusCodes.Status202Accepted;
            await Task.Delay(Poll, clock, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return lifetime.ApplicationStopping.IsCancellationRequested ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status204NoContent;
    }

    private async Task<bool> DeliverAsync(HttpContext context, Agent agent)
    {
        var lease = await handover.TakeAsync(agent.Session, context.RequestAborted);
        if (lease.Replies.All(StopHook.IsDone)) // Nobody is woken to be told that it may stop; its next prompt brings the words.
        {
            lease.Dispose();
            return false;
        }
        await replies.CarryAsync(context, agent, lease, context.RequestAborted);
        await context.Response.WriteAsync(lease.Text, context.RequestAborted);
        return true;
    }

    private static TimeSpan Hold(HttpRequest request) =>
        int.TryParse(request.Headers["X-Relay-Hold"], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue;
}

/// <summary>Which waiter of an agent came last, and when one was last there.</summary>
internal sealed class AgentWaiters(TimeProvider clock)
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, long> _newest = new();
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, long> _present = new();
    private long _last;

    /// <summary>Between two of its requests a waiter is away for a moment.</summary>
    public bool IsWaitedFor(string agent, TimeSpan within) => _present.TryGetValue(agent, out var seen) && clock.GetElapsedTime(seen) < within;

    public void IsThere(string agent) => _present[agent] = clock.GetTimestamp();

    public long Enter(string agent) => _newest[agent] = Interlocked.Increment(ref _last);

    public void Leave(string agent, long waiter) => _newest.TryRemove(new(agent, waiter));

    public bool IsNewest(string agent, long waiter) => _newest.GetValueOrDefault(agent) == waiter;
}
