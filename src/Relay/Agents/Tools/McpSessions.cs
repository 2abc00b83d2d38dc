using Relay.Http;

namespace Relay.Agents.Tools;

/// <summary>Bounds the MCP sessions by connection; only clients that make the initialize handshake have one, and few say goodbye. Where one
/// connection has too many, its own goes that was unused longest, and the client of that begins anew.</summary>
internal sealed partial class McpSessions(EndpointDataSource endpoints, IServiceProvider services, ILogger<McpSessions> log) : IMiddleware
{
    public const int MostOfOneConnection = 50;

    private const string Header = "Mcp-Session-Id";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Session> _sessions = [];
    private long _uses;

    private sealed class Session(string party)
    {
        public string Party { get; } = party;
        public int Open { get; set; }
        public long LastUse { get; set; }
    }

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!McpPath.Is(context.Request) || OpenRequests.PartyOf(context) is not { } party)
        {
            await next(context);
            return;
        }
        var given = context.Request.Headers[Header].ToString();
        if (given.Length == 0)
            context.Response.OnStarting(() => Note(context.Response, party));
        Use(given, 1);
        try
        {
            await next(context);
        }
        finally
        {
            Use(given, -1);
        }
        if (given.Length == 0)
            await EndOldestAsync(context, party);
        else if (HttpMethods.IsDelete(context.Request.Method) || context.Response.StatusCode == StatusCodes.Status404NotFound)
            Forget(given);
    }

    private Task Note(HttpResponse response, string party)
    {
        if (response.Headers[Header].ToString() is { Length: > 0 } id)
            lock (_lock)
                _sessions[id] = new Session(party) { LastUse = ++_uses };
        return Task.CompletedTask;
    }

    private void Use(string id, int more)
    {
        lock (_lock)
            if (_sessions.TryGetValue(id, out var session))
                (session.Open, session.LastUse) = (session.Open + more, ++_uses);
    }

    private void Forget(string id)
    {
        lock (_lock)
            _sessions.Remove(id);
    }

    private async Task EndOldestAsync(HttpContext context, string party)
    {
        while (TakeOldest(party) is { } id)
        {
            await EndAsync(id, context);
            LogEnded(party);
        }
    }

    /// <summary>Null where there are not too many, or each has an open request, of which there is a bound, too.</summary>
    private string? TakeOldest(string party)
    {
        lock (_lock)
        {
            var own = _sessions.Where(each => each.Value.Party == party).ToList();
            if (own.Count <= MostOfOneConnection)
                return null;
            var id = own.Where(each => each.Value.Open == 0).OrderBy(each => each.Value.LastUse).Select(each => each.Key).FirstOrDefault();
            if (id is not null)
                _sessions.Remove(id);
            return id;
        }
    }

    /// <summary>As its client would: the SDK has no other way.</summary>
    private async Task EndAsync(string id, HttpContext cause)
    {
        var end = endpoints.Endpoints.OfType<RouteEndpoint>().First(endpoint =>
            endpoint.RoutePattern.RawText?.TrimEnd('/') == "/mcp"
            && endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains(HttpMethods.Delete) == true);
        await using var scope = services.CreateAsyncScope();
        var goodbye = new DefaultHttpContext { RequestServices = scope.ServiceProvider, User = cause.User };
        goodbye.Request.Method = HttpMethods.Delete;
        goodbye.Request.Path = "/mcp";
        goodbye.Request.Headers[Header] = id;
        await end.RequestDelegate!(goodbye);
    }

    [LoggerMessage(LogLevel.Information, "An MCP session of {Party} was ended for a newer one: it has too many")]
    private partial void LogEnded(string party);
}
