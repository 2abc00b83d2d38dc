using System.Net;
using System.Net.Sockets;

namespace Relay.Loopback;

/// <summary>A free port that stays ours though nobody listens at it for a while: the system gives a port that is bound to nobody else, and
/// still refuses who connects to it. A server that allows the reuse of addresses, as all do here, can listen at it meanwhile.</summary>
public sealed class KeptPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public KeptPort(int port = 0) => _socket.Bind(new IPEndPoint(IPAddress.Loopback, port));

    public int Number => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public void Dispose() => _socket.Dispose();
}
