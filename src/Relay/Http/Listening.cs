using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Relay.Configuration;
using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Http;

/// <summary>Sets up where the relay listens: the socket in the home for this machine's commands, and the address of the settings.</summary>
internal static class Listening
{
    /// <summary>Only names the socket to the server; where it lies is found when it is bound.</summary>
    private static readonly UnixDomainSocketEndPoint Local = new("/" + LocalSocket.Name);

    public static void ListenOn(this WebApplicationBuilder builder, Settings settings, TimeProvider clock)
    {
        var socket = new LocalSocket(settings.Home.State);
        var counts = new PeerCounts();
        var limits = ConnectionLimits.Of(Handles.Raise());
        var gate = new ConnectionGate(limits, counts, clock);
        builder.Services
            .AddSingleton(counts).AddSingleton(gate).AddSingleton(new OpenRequests(limits)).AddSingleton<WrongTokens>()
            .AddSingleton(_ => socket) // So that the container disposes it.
            .AddSingleton<SocketTransportFactory>()
            .AddSingleton(new Doorkeeper(gate, counts, settings))
            .AddSingleton<IConnectionListenerFactory, GatedTransport>()
            .Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = end =>
                end is UnixDomainSocketEndPoint ? socket.Bind() : SocketTransportOptions.CreateDefaultBoundListenSocket(end));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            SetLimits(server.Limits);
            server.Listen(Local, listen => listen.Serve(gate, certificate: null));
            var certificate = settings.Config.Listen.Tls?.Load();
            server.ListenAt(settings.Config.Listen, listen => listen.Serve(gate, certificate));
        });
        builder.Services.AddRoutingCore();
    }

    private static void SetLimits(KestrelServerLimits limits)
    {
        limits.RequestHeadersTimeout = ConnectionGate.HeadersLimit;
        limits.MaxRequestBodySize = RequestBounds.RoomForOtherFields; // More only where the path allows it.
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1_000, gracePeriod: TimeSpan.FromSeconds(5));
    }

    private static void ListenAt(this KestrelServerOptions server, ListenAddress address, Action<ListenOptions> configure)
    {
        if (IPAddress.TryParse(address.Host, out var ip))
            server.Listen(ip, address.Port, configure);
        else if (address.Port == 0)
            server.Listen(IPAddress.Loopback, 0, configure); // "localhost" opens two sockets, and they would get different ports.
        else
            server.ListenLocalhost(address.Port, configure);
    }

    private static void Serve(this ListenOptions listen, ConnectionGate gate, TlsCertificate? certificate)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => connection => gate.PassAsync(connection, next));
        if (certificate is null)
            return;
        listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = certificate.Own,
            ServerCertificateChain = certificate.Chain,
            SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            HandshakeTimeout = ConnectionGate.HeadersLimit,
        });
    }

    /// <summary>The address at which a started server listens, besides the socket.</summary>
    public static string TcpOf(IServer server) => server.Features.Get<IServerAddressesFeature>()!.Addresses
        .First(address => !address.StartsWith("http://unix:", StringComparison.Ordinal));

    /// <summary>The same with the loopback address in place of 0.0.0.0 and [::], to which nobody can connect.</summary>
    public static string Reachable(string url)
    {
        var address = new UriBuilder(url);
        if (address.Host.Trim('[', ']') is "0.0.0.0" or "::")
            address.Host = "127.0.0.1";
        return address.Uri.GetLeftPart(UriPartial.Authority);
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
