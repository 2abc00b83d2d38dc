using System.Globalization;
using Relay.Agents.Hooks;
using Relay.Dispatch;
using Relay.Http;
using Relay.Running;

namespace Relay.Agents.Waking;

/// <summary>GET /agents/ID/wait: the command hook that wakes an idle session waits here for a reply to it. Only the newest waiter of
/// an agent gets the reply; older waiters end with 204, and all waiters with 503 when the relay stops. X-Relay-Hold limits the seconds
/// of one request, which then ends with 202: ask again. So a waiter that has to check on its session need not break off a request
/// that may just be answered.</summary>
internal sealed class WaiterEndpoint(
    WaiterRegistration registration, AgentReplies replies, AgentWaiters waiters, ChangeFeed changes, IHostApplicationLifetime lifetime)
{
    /// <summary>Short, because a newer waiter does not change the database and so gives no signal.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    /// <summary>At a session's beginning its hook brings what waits, and takes what was handed before for lost: a waiter that is heard
    /// first waits for it, for so long.</summary>
    private static readonly TimeSpan Beginning = TimeSpan.FromSeconds(10);

    /// <summary>For a client that is gone without a word, as with its machine.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>Sent by a waiter that shows the answer as it is.</summary>
    private const string IntroduceHeader = "X-Relay-Introduce";

    public async Task WaitAsync(HttpContext context)
    {
        var id = (string)context.Request.RouteValues["agent"]!;
        if (await FindAsync(id, context.RequestAborted) is { } known && !known.Belongs(Caller.Of(context)))
        {
            await Problem.WriteAsync(context, StatusCodes.Status403Forbidden, "this Claude Code session is another connection's");
            return;
        }
        await registration.NoteAsync(context, id);
        var mine = waiters.Enter(id);
        try
        {
            await WaitAsync(context, id, mine);
        }
        finally
        {
            waiters.Leave(id, mine);
        }
    }

    private async Task WaitAsync(HttpContext context, string id, long mine)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var agent = await FindAsync(id, context.RequestAborted);
        using var changed = changes.Subscribe(Topic.Replies, agent?.Session.Value ?? id);
        var hold = new Hold(HoldOf(context.Request), Poll);
        var mayDeliver = MayDeliver(context.Request, id);
        var end = await changed.HoldAsync(() => LookAsync(context, id, mine, mayDeliver), hold, registration.Clock, ended.Token);
        if (end is null)
            context.Response.StatusCode = lifetime.ApplicationStopping.IsCancellationRequested
                ? StatusCodes.Status503ServiceUnavailable
                : StatusCodes.Status202Accepted;
        else if (end.Text is null)
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        else
            await context.Response.WriteAsync(end.Text, context.RequestAborted);
    }

    /// <summary>The end of a wait: the text is the reply, or null when this waiter is not needed any more.</summary>
    private sealed record End(string? Text);

    private async Task<End?> LookAsync(HttpContext context, string id, long mine, Func<bool> mayDeliver)
    {
        if (!waiters.IsNewest(id, mine))
            return new End(Text: null);
        waiters.IsThere(id);
        var agent = await FindAsync(id, context.RequestAborted);
        var caller = Caller.Of(context);
        if (agent?.Belongs(caller) == false)
            return new End(Text: null); // It has turned out to be another's meanwhile.
        if (agent is not null && !caller.MaySpeakAs(agent.Session.Value))
            return null; // Its next event gives it a name of this connection.
        return agent?.State switch
        {
            AgentState.Ended => new End(Text: null),
            AgentState.Idle when mayDeliver() => await DeliverAsync(context, agent),
            _ => null,
        };
    }

    /// <summary>A session whose window was killed is idle still when the next one begins, so its state does not tell.</summary>
    private Func<bool> MayDeliver(HttpRequest request, string id)
    {
        var (since, may) = (registration.Clock.GetTimestamp(), !WaiterRegistration.IsBeginning(request));
        return () => may = may || waiters.TakeBegun(id, Beginning) || registration.Clock.GetElapsedTime(since) >= Beginning;
    }

    private Task<Agent?> FindAsync(string id, CancellationToken cancellationToken) =>
        registration.FindAsync(id, cancellationToken);

    private async Task<End?> DeliverAsync(HttpContext context, Agent agent)
    {
        var lease = await replies.TakeAsync(agent, context.RequestAborted);
        // No reason to wake the session: it may stop. It gets the words with its next prompt.
        if (lease.Replies.All(StopHook.IsDone) || await replies.IsRepeatedAsync(agent, lease, context.RequestAborted))
        {
            lease.Dispose();
            return null;
        }
        lease.Fit(Carries.Hook);
        AgentReplies.Carry(context, lease, Handing.ByWaking(agent.Id));
        return new End(context.Request.Headers.ContainsKey(IntroduceHeader) ? Introduction.Of(lease) : lease.Text);
    }

    private static TimeSpan HoldOf(HttpRequest request) =>
        int.TryParse(request.Headers["X-Relay-Hold"], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds < Longest.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : Longest;
}
