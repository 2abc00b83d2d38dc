using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Relay.Conversations;

namespace Relay.Agents;

/// <summary>Who makes a tool call. The tool use is Claude Code's id of it, the key under which a repetition is the same call.</summary>
internal sealed record AgentCall(SessionId Session, string? ToolUse);

/// <summary>Finds out which session calls: by the header it was given, else by the hook that saw the same tool call.</summary>
internal sealed class AgentCaller(AgentStore agents, IHttpContextAccessor http)
{
    private static readonly SessionId Unnamed = SessionId.Stored("claude");

    public async Task<AgentCall> IdentifyAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var use = request.Params?.Meta?["claudecode/toolUseId"]?.GetValue<string>();
        var agent = use is null ? null : await agents.OfToolUseAsync(use, cancellationToken);
        var session = SessionHeader.Of(http.HttpContext?.Request) ?? agent?.Session ?? Unnamed;
        return new AgentCall(session, use);
    }

    /// <summary>The replies are consumed once the response that carries them went out whole.</summary>
    public CallToolResult Deliver(Handover.Lease lease)
    {
        http.HttpContext!.Items[DeliveryReceipt.Key] = lease;
        return new CallToolResult { Content = [new TextContentBlock { Text = lease.Text }] };
    }
}

/// <summary>X-Relay-Session; "none" and an unexpanded variable count as absent.</summary>
internal static class SessionHeader
{
    public static SessionId? Of(HttpRequest? request) =>
        request?.Headers["X-Relay-Session"].ToString() is { Length: > 0 } name and not "none" ? SessionId.TryParse(name) : null;
}

/// <summary>Settles, when a response is through, what was handed over with it: consumed if it was sent whole, else free for the next opportunity.</summary>
internal sealed class DeliveryReceipt(RequestDelegate next)
{
    public const string Key = "relay.delivery";

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (context.Items[Key] is not Handover.Lease sent)
                return;
            await context.Response.CompleteAsync();
            if (!context.RequestAborted.IsCancellationRequested)
                await sent.ConsumedAsync(CancellationToken.None); // It is out: that is recorded even when we are stopping.
        }
        finally
        {
            (context.Items[Key] as Handover.Lease)?.Dispose();
        }
    }
}
