using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Relay.Bench;

/// <summary>A Messages API that reads each request to its end and answers the same ten characters at once, whatever was asked. It shares
/// the two cores with what is measured, so it is bare sockets: a thread a connection, blocked in the kernel, one read and one write a small
/// request.</summary>
internal sealed class InstantApi : IAsyncDisposable
{
    private const string Message =
        """
        "id":"msg_1","type":"message","role":"assistant","content":[],"model":"claude","stop_reason":null,"stop_sequence":null
        """;

    private const string Tokens =
        """
        "input_tokens":9,"cache_creation_input_tokens":0,"cache_read_input_tokens":0
        """;

    /// <summary>The data of a stream's events; each one's type is its event's name.</summary>
    private static readonly string[] Events =
    [
        """{"type":"message_start","message":{""" + Message +
            ""","usage":{""" + Tokens + ""","output_tokens":1,"service_tier":"standard"}}}""",
        """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"REPLY"}}""",
        """{"type":"content_block_stop","index":0}""",
        """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},""" +
            "\"usage\":{" + Tokens + ""","output_tokens":2}}""",
        """{"type":"message_stop"}""",
    ];

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<Socket, Thread> _connections = new();
    private readonly ConcurrentQueue<Call> _calls = new();
    private readonly Thread _accepting;

    private volatile byte[] _answer = Answer("Yes, do it");

    private InstantApi()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(backlog: 64);
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}"));
        _accepting = new Thread(Accept);
        _accepting.Start();
    }

    /// <summary>In Stopwatch ticks: the request's head is there, and its body was read.</summary>
    internal sealed record Call(long Arrived, long Read);

    public Uri Address { get; }

    public int Count => _calls.Count;

    public IReadOnlyList<Call> Calls => _calls.ToArray();

    public static InstantApi Start() => new();

    /// <summary>What it answers from now on, instead of "Yes, do it".</summary>
    public void AnswerWith(string reply) => _answer = Answer(reply);

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        _accepting.Join();
        foreach (var (connection, thread) in _connections)
        {
            connection.Dispose(); // Wakes the thread that reads from it.
            thread.Join();
        }
        return ValueTask.CompletedTask;
    }

    private void Accept()
    {
        while (true)
        {
            Socket connection;
            try
            {
                connection = _listener.Accept();
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return;
            }
            connection.NoDelay = true;
            var thread = new Thread(() => Serve(connection), maxStackSize: 256 * 1024);
            _connections[connection] = thread;
            thread.Start();
        }
    }

    private void Serve(Socket connection)
    {
        try
        {
            var reader = new RequestReader(connection);
            while (reader.ReadHead())
            {
                var arrived = Stopwatch.GetTimestamp();
                reader.ReadBody();
                _calls.Enqueue(new Call(arrived, Stopwatch.GetTimestamp()));
                connection.Send(_answer);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or EndOfStreamException)
        {
            // The client was killed, or the stand-in is taken down: either way there is nobody to answer.
        }
    }

    private static byte[] Answer(string reply)
    {
        var events = string.Concat(Events.Select(data => $"event: {data.Split('"')[3]}\ndata: {data}\n\n"));
        var body = Encoding.UTF8.GetBytes(events.Replace("REPLY", reply, StringComparison.Ordinal));
        var head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nrequest-id: req_1\r\n" +
            string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }
}
