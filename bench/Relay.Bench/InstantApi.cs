using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Http;
using Relay.Loopback;

namespace Relay.Bench;

/// <summary>A Messages API that reads each request to its end and answers "Yes." at once, whatever was asked: it shares the two cores with the relay,
/// so the scripted one, which parses and bills every request, would be half of what is measured.</summary>
internal sealed class InstantApi : IAsyncDisposable
{
    private static readonly byte[] Answer = Encoding.UTF8.GetBytes(
        """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"claude","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1,"service_tier":"standard"}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Yes."}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":9,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":2}}

        event: message_stop
        data: {"type":"message_stop"}


        """);

    private readonly ConcurrentQueue<Call> _calls = new();
    private LoopbackHost? _host;

    /// <summary>In Stopwatch ticks: the request's head is there, and its body was read.</summary>
    internal sealed record Call(long Arrived, long Read);

    public Uri Address => _host!.Address;

    public int Count => _calls.Count;

    public IReadOnlyList<Call> Calls => _calls.ToArray();

    public static async Task<InstantApi> StartAsync()
    {
        var api = new InstantApi();
        api._host = await LoopbackHost.StartAsync(port: 0, api.HandleAsync);
        return api;
    }

    public ValueTask DisposeAsync() => _host!.DisposeAsync();

    private async Task HandleAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var arrived = Stopwatch.GetTimestamp();
        var body = context.Request.BodyReader;
        while (await body.ReadAsync(cancellationToken) is var read)
        {
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                break;
        }
        _calls.Enqueue(new Call(arrived, Stopwatch.GetTimestamp()));
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        await context.Response.BodyWriter.WriteAsync(Answer, cancellationToken);
    }
}
