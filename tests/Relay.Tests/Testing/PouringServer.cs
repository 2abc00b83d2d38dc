using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Relay.Tests.Testing;

/// <summary>Answers each request with a beginning and then one piece again and again: 500 MiB, or until nobody takes it.</summary>
internal sealed class PouringServer : IAsyncDisposable
{
    private const int Most = 500 * 1024 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _serving;
    private long _sent;

    public PouringServer(int status, string type, string piece, string start = "")
    {
        _listener.Start();
        var head = $"HTTP/1.1 {status} Answer\r\nContent-Type: {type}\r\nConnection: close\r\n\r\n{start}";
        var many = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(piece, 64 * 1024 / piece.Length)));
        _serving = ServeAsync(Encoding.UTF8.GetBytes(head), many);
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}/");

    /// <summary>How many bytes were taken, of which some may lie in between.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private async Task ServeAsync(byte[] head, byte[] many)
    {
        while (true)
        {
            using var client = await _listener.AcceptSocketAsync(_ending.Token);
            try
            {
                await client.ReceiveAsync(new byte[64 * 1024], _ending.Token);
                await client.SendAsync(head, _ending.Token);
                for (var sent = 0L; sent < Most; sent += many.Length)
                    Interlocked.Add(ref _sent, await client.SendAsync(many, _ending.Token));
            }
            catch (SocketException)
            {
                // Enough was read.
            }
        }
    }
}
