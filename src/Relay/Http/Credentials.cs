using Relay.Configuration;

namespace Relay.Http;

/// <summary>Tells who makes a request: by its bearer token, or where the route allows it by the cookie of the operator's page.</summary>
internal sealed class Credentials(SettingsSource settings, ConnectionBook connections, ConnectionUses uses, SignIns signIns)
{
    private const string Scheme = "Bearer ";

    public abstract record Shown
    {
        private Shown() { }

        public sealed record Accepted(Caller Caller) : Shown;

        public sealed record Refused(string Reason) : Shown;
    }

    public Shown Of(HttpRequest request)
    {
        if (BrowserOf(request) is { } browser)
            return new Shown.Accepted(new Caller.Operator { Browser = browser });
        var given = TokenOf(request);
        var operators = settings.Current.Secrets.Token;
        if (operators.Length > 0 && ConnectionToken.AreSame(given, operators))
            return new Shown.Accepted(new Caller.Operator());
        return connections.Find(given) switch
        {
            ConnectionBook.Found.Valid valid => new Shown.Accepted(Of(valid)),
            ConnectionBook.Found.Revoked revoked => new Shown.Refused(
                $"this token was revoked; relay token {revoked.Entry.Name} prints a new one"),
            // Clients show it as it is: without a sign that JSON would escape.
            _ when given.Length == 0 => new Shown.Refused(
                "no token was sent; relay connect claude-code gives a project one, relay token NAME prints one"),
            _ => new Shown.Refused(
                "the token is not one of this relay; relay connect claude-code gives a project one, relay token NAME prints one"),
        };
    }

    /// <summary>One for all projects may take no name that the configuration has given away, nor another connection's.</summary>
    private Caller.Connection Of(ConnectionBook.Found.Valid valid) => valid.Entry.IsOfFolders
        ? new Caller.Connection(
            valid.Entry.Name, valid.Names.Union(settings.Current.Config.Sessions.Select(session => session.SessionId)).ToHashSet())
        {
            IsOfFolders = true,
        }
        : new Caller.Connection(valid.Entry.Name, valid.Names);

    /// <summary>A cookie goes with whatever a browser sends, so it opens only what changes nothing, and forms that carry a proof of their
    /// own (<see cref="FormAccess"/>). A bearer comes before it.</summary>
    private SignIn? BrowserOf(HttpRequest request)
    {
        var endpoint = request.HttpContext.GetEndpoint();
        return request.Headers.Authorization.Count == 0 && RouteAccess.Of(endpoint) == Access.Operator
            && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || FormAccess.IsOf(endpoint))
            && SignInCookie.Of(request) is { } cookie
                ? signIns.Find(cookie)
                : null;
    }

    /// <summary>Empty where there is none.</summary>
    public static string TokenOf(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : "";
    }

    public void NoteUse(Caller.Connection connection, HttpContext context) =>
        uses.Note(connection.Name, context.Connection.RemoteIpAddress is { } address
            ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString()
            : "this machine");
}
