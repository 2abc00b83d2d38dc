using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Http;
using Relay.Storage;

namespace Relay.Agents;

/// <summary>Who makes a tool call.</summary>
/// <param name="Session">The session that calls. It gets the replies.</param>
/// <param name="ToolUse">Claude Code's id of the call: a call with the same id is a repetition. Null for clients that send none.</param>
/// <param name="Delivery">Records whether the response with the replies was sent.</param>
/// <param name="Gone">Fires when the connection ends. After an MCP handshake the SDK lets the call go on then,
/// but nobody would get its reply.</param>
internal sealed record AgentCall(SessionId Session, string? ToolUse, Delivery Delivery, CancellationToken Gone)
{
    /// <summary>By whose credential.</summary>
    public required Caller Caller { get; init; }

    /// <summary>The call as a hook has reported it; null for clients that have none.</summary>
    public ToolUse? Reported { get; init; }

    /// <summary>A client with hooks shows by one of them that its model has the result. Of others it has it when the whole response was
    /// sent.</summary>
    public CallToolResult Deliver(Handover.Lease lease)
    {
        if (ToolUse is not null) // Claude Code. Of others no limit is known.
            lease.Fit(Carries.Tool);
        Delivery.Carry(lease, Reported is { } use ? Handing.InAnswerTo(use.Agent, use.Id) : null);
        return new CallToolResult { Content = [new TextContentBlock { Text = lease.Text }] };
    }
}

/// <summary>Finds out which session makes a call: from the request's header, else from the hook event of the same tool call.</summary>
internal sealed class AgentCaller(Database database, SessionDirectory directory, IHttpContextAccessor http)
{
    private const int LongestToolUse = 200;

    private const string NameYourself =
        "the relay cannot tell which session this call is from, and a reply could reach another one: "
        + "send the header X-Relay-Session: NAME with every request, a name of your own";

    /// <exception cref="McpException">The header is not a session's name, or nothing tells one. The caller gets the message.</exception>
    public async Task<AgentCall> IdentifyAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var context = http.HttpContext ?? throw new McpException("the connection of this call has ended");
        var (delivery, gone) = (Delivery.Of(context), context.RequestAborted);
        if (SessionName.Fault(context.Request) is { } fault)
            throw new McpException(fault);
        var caller = Caller.Of(context);
        var use = ToolUseOf(request);
        var (reported, agent) = use is null ? (null, null) : await ReportedAsync(use, cancellationToken);
        if (agent is not null && !(agent.Belongs(caller) && caller.MaySpeakAs(agent.Session.Value)))
            agent = null; // The id of the call is only claimed.
        var session = SessionName.Of(context.Request) ?? agent?.Session ?? OfCaller(caller, context.Request);
        if (session is not { } known)
            throw new McpException(NameYourself);
        return directory.IsOperators(known.Value)
            ? throw new McpException(directory.Refusal(known)!)
            : new AgentCall(known, use, delivery, gone) { Caller = caller, Reported = agent?.Session == known ? reported : null };
    }

    private Task<(ToolUse? Use, Agent? Agent)> ReportedAsync(string use, CancellationToken cancellationToken) => database.ReadAsync(
        async reading => await ToolUseStore.FindAsync(reading, use, cancellationToken) is { } found
            ? (found, await AgentStore.FindAsync(reading, found.Agent, cancellationToken))
            : ((ToolUse?)null, (Agent?)null),
        cancellationToken);

    private static SessionId? OfCaller(Caller caller, HttpRequest request) =>
        caller is Caller.Connection connection ? SessionId.Stored(connection.Name) : OfConnection(request);

    /// <summary>A client without a name that made the handshake of the protocol is a session as long as its connection lasts.</summary>
    private static SessionId? OfConnection(HttpRequest request)
    {
        if (request.Headers["Mcp-Session-Id"].ToString() is not { Length: > 0 } connection)
            return null;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(connection));
        return SessionId.Stored("mcp-" + Convert.ToHexStringLower(hash.AsSpan(0, 6)));
    }

    private static string? ToolUseOf(RequestContext<CallToolRequestParams> request) =>
        request.Params?.Meta?["claudecode/toolUseId"] is JsonValue value
        && value.TryGetValue<string>(out var use)
        && use.Length is > 0 and <= LongestToolUse
            ? use
            : null;
}

/// <summary>The session that the header X-Relay-Session names.</summary>
internal static class SessionName
{
    public static SessionId? Of(HttpRequest request) => SessionHeader.Given(request) is { } name ? SessionId.TryParse(name) : null;

    /// <summary>Null when there is no header, or when it is a valid name.</summary>
    public static string? Fault(HttpRequest request) =>
        SessionHeader.Given(request) is { } name && SessionId.TryParse(name) is null
            ? $"the header X-Relay-Session must be {SessionId.Allowed}"
            : null;
}
