using Relay.Conversations;
using Relay.Dispatch;
using Relay.Http;
using Relay.Running;

namespace Relay.Agents.Waking;

/// <summary>GET /sessions/NAME/replies: waits up to 20 s for replies to a session, which the session's channel then shows it.
/// The text is empty when none came.</summary>
internal sealed class ChannelEndpoint(
    Handover handover, SessionDirectory directory, ChangeFeed changes, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    private static readonly Hold Hold = new(Limit: TimeSpan.FromSeconds(20), Poll: TimeSpan.FromSeconds(5));

    public async Task WaitAsync(HttpContext context)
    {
        var name = (string)context.Request.RouteValues["session"]!;
        if (Caller.Of(context) is Caller.Connection caller && !caller.MaySpeakAs(name))
        {
            await Problem.WriteAsync(context, StatusCodes.Status403Forbidden, Caller.NotYours(name, caller.Name));
            return;
        }
        if (SessionId.TryParse(name) is not { } session || directory.IsOperators(name))
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, SessionId.Allowed);
            return;
        }
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        using var changed = changes.Subscribe(Topic.Replies, session.Value);
        var lease = await changed.HoldAsync(() => TakeAsync(session, context.RequestAborted), Hold, clock, ended.Token);
        if (lease is not null)
            Delivery.Of(context).Carry(lease, to: null);
        await context.Response.WriteAsJsonAsync(
            new { text = lease?.Text ?? "" }, lease is null ? CancellationToken.None : context.RequestAborted);
    }

    private async Task<Handover.Lease?> TakeAsync(SessionId session, CancellationToken cancellationToken) =>
        await handover.TakeAsync(session, cancellationToken) is { IsEmpty: false } lease ? lease : null;
}
