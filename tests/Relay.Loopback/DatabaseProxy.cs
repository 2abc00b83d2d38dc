using System.Net;
using System.Net.Sockets;

namespace Relay.Loopback;

/// <summary>Stands between the relay and its database server, and can cut the line at the worst moment:
/// after a commit has reached the server, before its answer is back.</summary>
public sealed class DatabaseProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Uri _server;
    private readonly Task _accepting;
    private int _cutsAfterCommit;

    public DatabaseProxy(Uri server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The server's, through this. A prepared statement would hide its text from it.</summary>
    public Uri Url => new UriBuilder(_server)
    {
        Host = "127.0.0.1",
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port,
        Query = string.Join(
            '&', _server.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Append("Max%20Auto%20Prepare=0")),
    }.Uri;

    /// <summary>How many lines were cut.</summary>
    public int Cut { get; private set; }

    /// <summary>The next commit of what was written is done, and nobody is told.</summary>
    public void CutAfterCommit() => Interlocked.Increment(ref _cutsAfterCommit);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
            _ = CarryAsync(await _listener.AcceptTcpClientAsync(_stopping.Token));
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            await server.ConnectAsync(_server.Host, _server.Port, _stopping.Token);
            var line = new Line(this, client.GetStream(), server.GetStream());
            await Task.WhenAny(line.ForwardAsync(_stopping.Token), line.BackwardAsync(_stopping.Token));
        }
    }

    private bool IsCutNow(ReadOnlySpan<byte> sent)
    {
        if (sent.IndexOf("COMMIT\0"u8) < 0 || Volatile.Read(ref _cutsAfterCommit) == 0)
            return false;
        Interlocked.Decrement(ref _cutsAfterCommit);
        Cut++;
        return true;
    }

    private sealed class Line(DatabaseProxy proxy, NetworkStream client, NetworkStream server)
    {
        private volatile bool _isCut;
        private bool _isWriting;

        public async Task ForwardAsync(CancellationToken stopping)
        {
            var buffer = new byte[64 * 1024];
            while (await client.ReadAsync(buffer, stopping) is var count and > 0)
            {
                _isWriting |= buffer.AsSpan(0, count).IndexOf("READ COMMITTED"u8) >= 0;
                _isCut |= _isWriting && proxy.IsCutNow(buffer.AsSpan(0, count));
                await server.WriteAsync(buffer.AsMemory(0, count), stopping);
            }
        }

        /// <summary>The answer to what it was cut after is not passed on; with it the line ends.</summary>
        public async Task BackwardAsync(CancellationToken stopping)
        {
            var buffer = new byte[64 * 1024];
            while (await server.ReadAsync(buffer, stopping) is var count and > 0 && !_isCut)
                await client.WriteAsync(buffer.AsMemory(0, count), stopping);
        }
    }
}
