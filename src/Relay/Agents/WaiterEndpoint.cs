using Relay.Conversations;
using Relay.Storage;

namespace Relay.Agents;

/// <summary>GET /agents/ID/wait: holds until a reply waits for an idle session, for the command hook that wakes it. The newest waiter of an
/// agent alone may get it; older ones are sent home.</summary>
internal sealed class WaiterEndpoint(AgentStore agents, Handover handover, AgentWaiters waiters, TimeProvider clock)
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    public async Task WaitAsync(HttpContext context)
    {
        var id = (string)context.Request.RouteValues["agent"]!;
        var mine = waiters.Enter(id);
        while (waiters.IsNewest(id, mine))
        {
            var agent = await agents.FindAsync(id, context.RequestAborted);
            if (agent is { State: AgentState.Ended })
                break;
            if (agent is { State: AgentState.Idle } && await handover.TakeAsync(agent.Session, context.RequestAborted) is { IsEmpty: false } lease)
            {
                context.Items[DeliveryReceipt.Key] = lease;
                await context.Response.WriteAsync(lease.Text, context.RequestAborted);
                return;
            }
            await Task.Delay(Poll, clock, context.RequestAborted);
        }
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}

/// <summary>Which waiter of an agent came last.</summary>
internal sealed class AgentWaiters
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, long> _newest = new();
    private long _last;

    public long Enter(string agent) => _newest[agent] = Interlocked.Increment(ref _last);

    public bool IsNewest(string agent, long waiter) => _newest.GetValueOrDefault(agent) == waiter;
}
