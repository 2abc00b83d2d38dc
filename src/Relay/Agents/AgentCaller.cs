using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Storage;

namespace Relay.Agents;

/// <summary>Who makes a tool call. The tool use is Claude Code's id of it, the key under which a repetition is the same call.</summary>
/// <param name="Session">Whose replies it gets.</param>
/// <param name="ToolUse">Null for clients that do not tell it.</param>
/// <param name="Delivery">What the response carries is settled by it.</param>
/// <param name="Gone">Fires when the connection ends. The protocol with a handshake lets a call go on then, but nobody would get its reply.</param>
internal sealed record AgentCall(SessionId Session, string? ToolUse, Delivery Delivery, CancellationToken Gone)
{
    /// <summary>The replies are consumed once the response that carries them went out whole.</summary>
    public CallToolResult Deliver(Handover.Lease lease)
    {
        Delivery.Carry(lease);
        return new CallToolResult { Content = [new TextContentBlock { Text = lease.Text }] };
    }
}

/// <summary>Finds out which session calls: by the header it was given, else by the hook that saw the same tool call.</summary>
internal sealed class AgentCaller(Database database, IHttpContextAccessor http)
{
    private const int LongestToolUse = 200;
    private static readonly SessionId Unnamed = SessionId.Stored("claude");

    /// <summary>Throws what the caller is told when its header names no session.</summary>
    public async Task<AgentCall> IdentifyAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var context = http.HttpContext ?? throw new McpException("the connection of this call has ended");
        var (delivery, gone) = (Delivery.Of(context), context.RequestAborted);
        if (SessionHeader.Fault(context.Request) is { } fault)
            throw new McpException(fault);
        var use = ToolUseOf(request);
        var agent = use is null ? null : await database.ReadAsync(reading => AgentStore.OfToolUseAsync(reading, use, cancellationToken), cancellationToken);
        return new AgentCall(SessionHeader.Of(context.Request) ?? agent?.Session ?? Unnamed, use, delivery, gone);
    }

    private static string? ToolUseOf(RequestContext<CallToolRequestParams> request) =>
        request.Params?.Meta?["claudecode/toolUseId"] is JsonValue value && value.TryGetValue<string>(out var use) && use.Length is > 0 and <= LongestToolUse
            ? use
            : null;
}

/// <summary>X-Relay-Session; "none" and a variable that was not expanded count as absent.</summary>
internal static class SessionHeader
{
    public static SessionId? Of(HttpRequest request) => Given(request) is { } name ? SessionId.TryParse(name) : null;

    /// <summary>Null when the header is absent or names a session.</summary>
    public static string? Fault(HttpRequest request) =>
        Given(request) is { } name && SessionId.TryParse(name) is null ? $"the header X-Relay-Session must be {SessionId.Allowed}" : null;

    private static string? Given(HttpRequest request) =>
        request.Headers["X-Relay-Session"].ToString() is { Length: > 0 } name and not "none" && name[0] != '$' ? name : null;
}
