using System.Net;
using Relay.Configuration;

namespace Relay.Http;

/// <summary>Sets up the address at which the relay listens.</summary>
internal static class Listening
{
    private const int LargestRequest = 128 * 1024 * 1024;

    public static void ListenOn(this WebApplicationBuilder builder, ListenAddress address)
    {
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = LargestRequest;
            if (IPAddress.TryParse(address.Host, out var ip))
                options.Listen(ip, address.Port);
            else if (address.Port == 0)
                options.Listen(IPAddress.Loopback, 0); // "localhost" opens two sockets, and they would get different ports.
            else
                options.ListenLocalhost(address.Port);
        });
        builder.Services.AddRoutingCore();
    }
}
