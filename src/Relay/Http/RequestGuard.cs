using System.Net;
using System.Security.Claims;
using Relay.Configuration;

namespace Relay.Http;

/// <summary>Lets a request through if (1) its Host header names this machine (against DNS rebinding), (2) a web page that sent it comes
/// from this relay, (3) its token is good, and (4) the route is for whoever has that token, under the name that is given.</summary>
internal sealed class RequestGuard(
    RequestDelegate next, SettingsSource settings, Credentials credentials, ConnectionWatch watch, WrongTokens wrong)
{
    public async Task InvokeAsync(HttpContext context)
    {
        context.Features.Get<Guest>()?.Begin();
        var refusal = Refusal(context);
        if (refusal is { Status: StatusCodes.Status401Unauthorized } && await wrong.IsRefusedAsync(context))
            return;
        if (refusal is null || (refusal.Value.Status == StatusCodes.Status401Unauthorized && IsForEverybody(context)))
        {
            using var watched = context.Features.Get<Caller>() is Caller.Connection ? watch.Enter(context) : null;
            await next(context);
            return;
        }
        if (refusal.Value.Status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Bearer";
        if (refusal.Value.Status == StatusCodes.Status401Unauthorized && DoorFor(context) is { } door)
            await door.AnswerAsync(context, refusal.Value.Detail);
        else
            await Problem.WriteAsync(context, refusal.Value.Status, refusal.Value.Detail);
    }

    /// <summary>For people, who did not come with a token.</summary>
    private static AtTheDoor? DoorFor(HttpContext context) =>
        context.Request.Headers.Authorization.Count == 0
        && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
            ? context.GetEndpoint()?.Metadata.GetMetadata<AtTheDoor>()
            : null;

    /// <summary>By that very path: routing takes one with a slash at its end for the same.</summary>
    private static bool IsForEverybody(HttpContext context) =>
        RouteAccess.Of(context.GetEndpoint()) == Access.Everybody && context.Request.Path.Value?.EndsWith('/') == false;

    private (int Status, string Detail)? Refusal(HttpContext context)
    {
        var request = context.Request;
        if (!IsOurHost(request.Host.Host, context)) // (1)
            return (StatusCodes.Status403Forbidden, "the Host header names another host");
        foreach (var origin in request.Headers.Origin) // (2)
            if (!IsOurOrigin(origin, context))
                return (StatusCodes.Status403Forbidden, "the Origin header names another site");
        var access = RouteAccess.Of(context.GetEndpoint());
        if (IsForEverybody(context) && Credentials.TokenOf(request).Length == 0)
            return null;
        try
        {
            return credentials.Of(request) switch // (3)
            {
                Credentials.Shown.Accepted accepted => Refusal(context, accepted.Caller, access),
                Credentials.Shown.Refused refused => (StatusCodes.Status401Unauthorized, refused.Reason),
                _ => throw new InvalidOperationException(),
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return (StatusCodes.Status503ServiceUnavailable, "the list of connections cannot be read");
        }
    }

    private (int Status, string Detail)? Refusal(HttpContext context, Caller caller, Access access)
    {
        if (caller is Caller.Connection connection) // (4)
        {
            if (access == Access.Operator)
                return (StatusCodes.Status403Forbidden, "this is the operator's alone");
            if (SessionHeader.Given(context.Request) is { } session && !caller.MaySpeakAs(session))
                return (StatusCodes.Status403Forbidden, Caller.NotYours(session, connection.Name));
            credentials.NoteUse(connection, context);
            context.Features.Set(new StillGood(() => IsStillGood(context.Request)));
            context.Response.OnStarting(() => BreakOffIfRevoked(context));
        }
        else if (caller is Caller.Operator { Browser: not null })
            context.Features.Set(new StillGood(() => IsStillGood(context.Request)));
        context.Features.Get<Guest>()?.Prove();
        context.Features.Set(caller);
        context.User = Principal(caller);
        return null;
    }

    /// <summary>A held request brings nothing to a token that was revoked meanwhile.</summary>
    private Task BreakOffIfRevoked(HttpContext context)
    {
        if (!IsStillGood(context.Request))
            context.Abort();
        return Task.CompletedTask;
    }

    private bool IsStillGood(HttpRequest request)
    {
        try
        {
            return credentials.Of(request) is Credentials.Shown.Accepted;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>The MCP SDK lets an MCP session be used only by the user that began it.</summary>
    private static ClaimsPrincipal Principal(Caller caller)
    {
        var name = caller is Caller.Connection connection ? "connection " + connection.Name : "operator";
        return new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, name)], "relay"));
    }

    /// <summary>The port must match, too: another program on this machine is another site.</summary>
    private bool IsOurOrigin(string? origin, HttpContext context) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https")
        && (IsPublic(uri) || IsOfRequest(uri, context));

    private bool IsPublic(Uri uri) => settings.Current.Config.PublicUrl is { } own
        && own.GetLeftPart(UriPartial.Authority).Equals(uri.GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase);

    private bool IsOfRequest(Uri uri, HttpContext context) =>
        uri.Port == (context.Request.Host.Port ?? (context.Request.IsHttps ? 443 : 80)) && IsOurHost(uri.Host, context);

    private bool IsOurHost(string host, HttpContext context)
    {
        var bare = host.Trim('[', ']').ToLowerInvariant();
        if (bare is "localhost" or "127.0.0.1" or "::1")
            return true;
        if (string.Equals(bare, settings.Current.Config.PublicUrl?.Host.Trim('[', ']'), StringComparison.OrdinalIgnoreCase))
            return true;
        var listen = settings.Current.Config.Listen.Host;
        if (string.Equals(bare, listen, StringComparison.OrdinalIgnoreCase))
            return true;
        if (listen is not ("0.0.0.0" or "::"))
            return false;
        // The relay listens on all addresses: the machine's name is ours, and so is the address at which the connection arrived.
        if (string.Equals(bare, Dns.GetHostName(), StringComparison.OrdinalIgnoreCase))
            return true;
        var local = context.Connection.LocalIpAddress;
        if (local is { IsIPv4MappedToIPv6: true })
            local = local.MapToIPv4();
        return IPAddress.TryParse(bare, out var address) && address.Equals(local);
    }
}

/// <summary>Whether the token a request came with is still good, as one that is held may find it revoked.</summary>
internal sealed record StillGood(Func<bool> Ask);
