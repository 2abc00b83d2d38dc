using Relay.Conversations;
using Relay.Dispatch;
using Relay.Http;

namespace Relay.Agents.Waking;

/// <summary>GET /sessions/NAME/replies: holds up to 20 s for what waits for a session, for the channel that pushes it. The text is
/// empty when nothing came.</summary>
internal sealed class ChannelEndpoint(Handover handover, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(20);

    public async Task WaitAsync(HttpContext context)
    {
        if (SessionId.TryParse((string)context.Request.RouteValues["session"]!) is not { } session)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, SessionId.Allowed);
            return;
        }
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        for (var started = clock.GetTimestamp(); clock.GetElapsedTime(started) < Hold && !ended.IsCancellationRequested;)
        {
            var lease = await handover.TakeAsync(session, context.RequestAborted);
            if (!lease.IsEmpty)
            {
                Delivery.Of(context).Carry(lease);
                await context.Response.WriteAsJsonAsync(new { text = lease.Text }, context.RequestAborted);
                return;
            }
            await Task.Delay(Poll, clock, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await context.Response.WriteAsJsonAsync(new { text = "" }, CancellationToken.None);
    }
}
