namespace Relay.Http;

/// <summary>The header X-Relay-Session: the name under which a session speaks.</summary>
internal static class SessionHeader
{
    /// <summary>Null where there is none; "none" and a variable that the client has not expanded count as that.</summary>
    public static string? Given(HttpRequest request) =>
        request.Headers["X-Relay-Session"].ToString() is { Length: > 0 } name and not "none" && name[0] != '$' ? name : null;
}
