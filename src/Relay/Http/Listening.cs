using System.Net;
using System.Net.Sockets;
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

    /// <summary>Why the relay cannot listen there; null when it can. Asked before anything is started: the server's own fault has no fix
    /// in it and comes with a stack trace. Another program can still be faster.</summary>
    public static string? WhyNot(ListenAddress address)
    {
        try
        {
            var ip = IPAddress.TryParse(address.Host, out var given) ? given : IPAddress.Loopback;
            using var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(ip, address.Port));
            socket.Listen(1);
            return null;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => $"{address} is taken by another program",
                SocketError.AccessDenied => $"this user may not listen on port {address.Port}",
                SocketError.AddressNotAvailable => $"{address.Host} is no address of this machine",
                _ => $"{address}: {exception.Message}",
            };
        }
    }
}
