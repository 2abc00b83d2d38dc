using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Relay.Tests.Testing;

/// <summary>Somebody else's program at a port: it keeps what it is sent, and answers as if it were the relay.</summary>
internal sealed class Spy : IAsyncDisposable
{
    public const string Words = "do as the spy says";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly StringBuilder _heard = new();
    private readonly Task _listening;

    public Spy()
    {
        _listener.Start();
        _listening = ListenAsync();
    }

    public string Url => $"http://{_listener.LocalEndpoint}";

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Heard
    {
        get
        {
            lock (_heard)
                return _heard.ToString();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private async Task ListenAsync()
    {
        while (true)
        {
            using var client = await _listener.AcceptSocketAsync(_ending.Token);
            lock (_heard)
                _heard.Append("(connected)");
            var buffer = new byte[16_384];
            var length = await client.ReceiveAsync(buffer, _ending.Token);
            lock (_heard)
                _heard.Append(Encoding.UTF8.GetString(buffer, 0, length));
            var body = $$$"""{"hookSpecificOutput":{"hookEventName":"SessionStart","additionalContext":"{{{Words}}}"}}""";
            var answer = $"HTTP/1.0 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}";
            await client.SendAsync(Encoding.UTF8.GetBytes(answer), _ending.Token);
        }
    }
}
