using System.Net;
using Relay.Configuration;

namespace Relay.Http;

/// <summary>Believes what the proxies that the settings name say of a request: from where it came and whether it came by TLS. From anybody
/// else such headers are only text. Who asks for public_url, where that is https, came by TLS, though no proxy is named.</summary>
internal sealed class ForwardedBy(RequestDelegate next, SettingsSource settings)
{
    public Task InvokeAsync(HttpContext context)
    {
        var proxies = settings.Current.Config.Proxies;
        if (proxies.Count > 0 && IsProxy(context.Connection.RemoteIpAddress, proxies))
        {
            if (Client(context.Request.Headers["X-Forwarded-For"].ToString(), proxies) is { } client)
                context.Connection.RemoteIpAddress = client;
            if (context.Request.Headers["X-Forwarded-Proto"] == "https")
                context.Request.Scheme = "https";
        }
        if (settings.Current.Config.PublicUrl is { Scheme: "https" } url && IsAt(url, context.Request.Host))
            context.Request.Scheme = "https";
        return next(context);
    }

    private static bool IsAt(Uri url, HostString host) =>
        (host.Port ?? url.Port) == url.Port && url.Host.Trim('[', ']').Equals(host.Host.Trim('[', ']'), StringComparison.OrdinalIgnoreCase);

    /// <summary>The last one that is no proxy of ours: those before it anybody can have written.</summary>
    private static IPAddress? Client(string forwarded, IReadOnlyList<IPNetwork> proxies)
    {
        foreach (var part in forwarded.Split(',', StringSplitOptions.TrimEntries).Reverse())
            if (!IPAddress.TryParse(part, out var address))
                return null;
            else if (!IsProxy(address, proxies))
                return address;
        return null;
    }

    private static bool IsProxy(IPAddress? address, IReadOnlyList<IPNetwork> proxies)
    {
        if (address is { IsIPv4MappedToIPv6: true })
            address = address.MapToIPv4();
        return address is not null && proxies.Any(proxy => proxy.Contains(address));
    }
}
