using System.Net;
using System.Security.Cryptography;
using System.Text;
using Relay.Configuration;

namespace Relay.Http;

/// <summary>Lets a request through if its Host header names this machine (against DNS rebinding), if a web page that sent it
/// comes from this relay, and if it has the token. Only /healthz needs no token.</summary>
internal sealed class RequestGuard(RequestDelegate next, SettingsSource settings)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (Refusal(context) is not { } refusal)
        {
            await next(context);
            return;
        }
        if (refusal.Status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Bearer";
        await Problem.WriteAsync(context, refusal.Status, refusal.Detail);
    }

    private (int Status, string Detail)? Refusal(HttpContext context)
    {
        var request = context.Request;
        if (!IsOurHost(request.Host.Host, context))
            return (StatusCodes.Status403Forbidden, "the Host header names another host");
        foreach (var origin in request.Headers.Origin)
            if (!IsOurOrigin(origin, context))
                return (StatusCodes.Status403Forbidden, "the Origin header names another site");
        if (request.Path == "/healthz" || HasToken(request))
            return null;
        return (StatusCodes.Status401Unauthorized, "a bearer token is needed: RELAY_TOKEN, in the home's .env");
    }

    /// <summary>The port must match, too: another program on this machine is another site.</summary>
    private bool IsOurOrigin(string? origin, HttpContext context) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https")
        && uri.Port == (context.Request.Host.Port ?? 80) && IsOurHost(uri.Host, context);

    private bool IsOurHost(string host, HttpContext context)
    {
        var bare = host.Trim('[', ']').ToLowerInvariant();
        if (bare is "localhost" or "127.0.0.1" or "::1")
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

    private bool HasToken(HttpRequest request)
    {
        const string scheme = "Bearer ";
        var header = request.Headers.Authorization.ToString();
        var token = settings.Current.Secrets.Token;
        if (token.Length == 0 || !header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            return false;
        var given = header[scheme.Length..].Trim();
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(token));
    }
}
