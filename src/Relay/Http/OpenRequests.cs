namespace Relay.Http;

/// <summary>Counts the requests that are open, by who makes them. Most of them wait for something, and nobody's may take the places of
/// others: a session's, those of all sessions of one connection, the operator's own and those of sessions with his token each have
/// theirs.</summary>
internal sealed class OpenRequests(ConnectionLimits limits)
{
    public const int MostOfOneSession = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _open = [];

    /// <summary>An eighth of the connections that may be open.</summary>
    public int MostOfOneConnection { get; } = Math.Clamp(limits.InAll / 8, 8, 250);

    /// <summary>Who has the token: "connection NAME", "the operator", or "sessions with the operator's token". Null for nobody.</summary>
    public static string? PartyOf(HttpContext context) => context.Features.Get<Caller>() switch
    {
        Caller.Connection connection => "connection " + connection.Name,
        Caller.Operator => SessionOf(context.Request) is null ? "the operator" : "sessions with the operator's token",
        _ => null,
    };

    /// <summary>Why there is no place; null when the request has one, until <see cref="Leave"/>.</summary>
    public string? Refusal(HttpContext context)
    {
        if (PartyOf(context) is not { } party)
            return null;
        var session = SessionKey(context, party);
        lock (_lock)
        {
            if (_open.GetValueOrDefault(party) >= MostOfOneConnection)
                return $"{MostOfOneConnection} requests of {party} are open already";
            if (session is not null && _open.GetValueOrDefault(session) >= MostOfOneSession)
                return $"{MostOfOneSession} requests of this session are open already";
            Add_NeedsLock(party, 1);
            Add_NeedsLock(session, 1);
        }
        return null;
    }

    public void Leave(HttpContext context)
    {
        if (PartyOf(context) is not { } party)
            return;
        lock (_lock)
        {
            Add_NeedsLock(party, -1);
            Add_NeedsLock(SessionKey(context, party), -1);
        }
    }

    private void Add_NeedsLock(string? key, int more)
    {
        if (key is null)
            return;
        var open = _open.GetValueOrDefault(key) + more;
        if (open == 0)
            _open.Remove(key);
        else
            _open[key] = open;
    }

    /// <summary>A session is counted with its connection: else a request could take a place from another's session by naming it.</summary>
    private static string? SessionKey(HttpContext context, string party) =>
        SessionOf(context.Request) is { } session ? $"{party}/{session}" : null;

    /// <summary>As the request names it; null where it names none, as those of the command line.</summary>
    private static string? SessionOf(HttpRequest request)
    {
        if (request.Headers["X-Relay-Session"].ToString() is { Length: > 0 and <= 200 } name)
            return name;
        return request.Path.Value?.Split('/') is ["", "agents" or "sessions", { Length: > 0 } segment, ..] ? segment : null;
    }
}
