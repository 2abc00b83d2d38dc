using System.Globalization;

namespace Relay.Agents;

/// <summary>GET /agents/ID/wait: holds until a reply waits for an idle session, for the command hook that wakes it. The newest waiter of an
/// agent alone may get it; older ones are sent home (204). X-Relay-Hold limits the seconds of one request, which then ends with 202, ask again:
/// a waiter that looks after its session must not have to break off a request that may just be answered.</summary>
internal sealed class WaiterEndpoint(AgentStore agents, Handover handover, AgentWaiters waiters, TimeProvider clock)
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    public async Task WaitAsync(HttpContext context)
    {
        var id = (string)context.Request.RouteValues["agent"]!;
        var mine = waiters.Enter(id);
        var hold = Hold(context.Request);
        var started = clock.GetTimestamp();
        while (waiters.IsNewest(id, mine))
        {
            waiters.IsThere(id);
            var agent = await agents.FindAsync(id, context.RequestAborted);
            if (agent is { State: AgentState.Ended })
                break;
            if (agent is { State: AgentState.Idle } && await handover.TakeAsync(agent.Session, context.RequestAborted) is { IsEmpty: false } lease)
            {
                context.Items[DeliveryReceipt.Key] = lease;
                await context.Response.WriteAsync(lease.Text, context.RequestAborted);
                return;
            }
            if (clock.GetElapsedTime(started) >= hold)
            {
                context.Response.StatusCode = StatusCodes.Status202Accepted;
                return;
            }
            await Task.Delay(Poll, clock, context.RequestAborted);
        }
        context.Response.StatusCode = StatusCodes.Status204NoContent;
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

    public bool IsNewest(string agent, long waiter) => _newest.GetValueOrDefault(agent) == waiter;
}
