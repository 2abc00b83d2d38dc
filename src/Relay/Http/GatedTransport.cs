using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Relay.Configuration;
using Relay.Files.Platform;

namespace Relay.Http;

/// <summary>Accepts connections as the server itself does, one after the other, and hands on those that the doorkeeper lets in. The server
/// would accept all that come before it looks at any of them.</summary>
internal sealed class GatedTransport(SocketTransportFactory sockets, Doorkeeper door)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => sockets.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new Listener(await sockets.BindAsync(endpoint, cancellationToken), door);

    private sealed class Listener(IConnectionListener inner, Doorkeeper door) : IConnectionListener
    {
        public EndPoint EndPoint => inner.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (await inner.AcceptAsync(cancellationToken) is { } connection)
                if (await door.IsLetInAsync(connection, isLocal: inner.EndPoint is UnixDomainSocketEndPoint))
                    return connection;
            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => inner.UnbindAsync(cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}

/// <summary>Who may come in: at the socket who the system says is the home's owner, everywhere as many as the gate allows.</summary>
internal sealed class Doorkeeper(ConnectionGate gate, PeerCounts counts, Settings settings)
{
    private readonly uint _owner = Posix.Lstat(settings.Home.State)?.Owner ?? Peer.OwnUser;
    private readonly bool _isPlain = settings.Config.Listen.Tls is null;

    /// <summary>The folder keeps others from the socket already; the system says who came all the same.</summary>
    public async ValueTask<bool> IsLetInAsync(ConnectionContext connection, bool isLocal)
    {
        var socket = connection.Features.Get<IConnectionSocketFeature>()?.Socket;
        if (!isLocal || (socket is not null && Peer.IsTrusted(socket, _owner)))
            return await gate.AdmitAsync(connection, _isPlain || isLocal);
        counts.CountUntrusted();
        connection.Abort();
        await connection.DisposeAsync();
        return false;
    }
}
