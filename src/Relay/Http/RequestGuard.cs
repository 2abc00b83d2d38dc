using System.Net;
using System.Security.Cryptography;
using System.Text;
using Relay.Agents.Connect;
using Relay.Configuration;

namespace Relay.Http;

/// <summary>Who may speak to the relay: only requests meant for this host (against DNS rebinding), from pages of this host, with the token.
/// The health page alone needs no token.</summary>
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
            if (!IsOurs(origin, context))
                return (StatusCodes.Status403Forbidden, "the Origin header names another site");
        if (request.Path == "/healthz")
            return null;
        return HasToken(request) ? null : (StatusCodes.Status401Unauthorized, "a bearer token is needed: RELAY_TOKEN, in the home's .env");
    }

    /// <summary>The port counts too: what another program serves on this host is another site.</summary>
    private bool IsOurs(string? origin, HttpContext context) =>
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
        // Listening everywhere: this machine's name, and the very address the connection came in on.
        return string.Equals(bare, Dns.GetHostName(), StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(bare, out var address) && context.Connection.LocalIpAddress is { } local && address.Equals(local.IsIPv4MappedToIPv6 ? local.MapToIPv4() : local));
    }

    private bool HasToken(HttpRequest request)
    {
        const string scheme = "Bearer ";
        var given = request.Headers.Authorization.ToString();
        return given.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
            && settings.Current.Secrets.Token.Length > 0
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given[scheme.Length..].Trim()), Encoding.UTF8.GetBytes(settings.Current.Secrets.Token));
    }
}
