using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Relay.Configuration;
using Relay.Conversations;

namespace Relay.Advisor.Anthropic;

/// <summary>The body of a call, serialised once. The SDK would serialise each block when it is created, and all of them again:
/// for a long history that takes ten times as long as the rest of a turn. Cache breakpoints are at the system prompt and at the last
/// two user messages: so the cache entry of the call before is found even if many blocks were added since.</summary>
internal sealed class RequestBody : HttpContent
{
    /// <summary>A segment is small enough not to be put on the heap of large objects, which is expensive to collect. The pipe only
    /// keeps what was written, so it must never wait for a reader.</summary>
    private static readonly PipeOptions Segments = new(minimumSegmentSize: 64 * 1024, pauseWriterThreshold: 0);

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A text is written in pieces of so many characters. For all of it at once the writer takes room for the longest it could
    /// become, a multiple of its length, and .NET keeps that.</summary>
    private const int Piece = 8 * 1024;

    private readonly ReadOnlySequence<byte> _bytes;

    public RequestBody(AdvisorCall call)
        : this(call, isCount: false)
    {
    }

    private RequestBody(AdvisorCall call, bool isCount)
    {
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var pipe = new Pipe(Segments);
        using (var json = new Utf8JsonWriter(pipe.Writer, Plain))
            Write(json, call, isCount);
        pipe.Writer.Complete();
        _bytes = pipe.Reader.TryRead(out var all) ? all.Buffer : default; // Never given back to the pool: it may still be on its way.
    }

    /// <summary>The same prompt, to be counted.</summary>
    public static RequestBody ToCount(AdvisorCall call) => new(call, isCount: true);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        foreach (var segment in _bytes)
            await stream.WriteAsync(segment, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _bytes.Length;
        return true;
    }

    /// <summary>The API's names, always in this order: another order is another prefix, which no cache knows.</summary>
    private static void Write(Utf8JsonWriter json, AdvisorCall call, bool isCount)
    {
        var ttl = call.CacheTtl switch
        {
            CacheTtl.FiveMinutes => "5m",
            CacheTtl.OneHour => "1h",
            _ => null,
        };
        json.WriteStartObject();
        json.WriteString("model", call.Model);
        if (!isCount)
        {
            json.WriteNumber("max_tokens", call.MaxTokens);
            json.WriteBoolean("stream", true);
        }
        json.WriteStartArray("system");
        WriteBlock(json, call.System, call.Reading is null ? ttl : null);
        if (call.Reading is { } reading)
            WriteBlock(json, reading, ttl);
        json.WriteEndArray();
        WriteMessages(json, call, ttl);
        json.WriteEndObject();
    }

    private static void WriteMessages(Utf8JsonWriter json, AdvisorCall call, string? ttl)
    {
        var users = Enumerable.Range(0, call.Messages.Count).Where(index => call.Messages[index].Role == EntryRole.User);
        var marked = users.TakeLast(2).ToHashSet();
        json.WriteStartArray("messages");
        for (var index = 0; index < call.Messages.Count; index++)
        {
            var message = call.Messages[index];
            json.WriteStartObject();
            json.WriteString("role", message.Role == EntryRole.User ? "user" : "assistant");
            json.WriteStartArray("content");
            for (var block = 0; block < message.Blocks.Count; block++)
                WriteBlock(json, message.Blocks[block], block == message.Blocks.Count - 1 && marked.Contains(index) ? ttl : null);
            if (index == call.Messages.Count - 1 && call.Aside is { } aside)
                WriteBlock(json, aside, ttl: null);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteBlock(Utf8JsonWriter json, string text, string? ttl)
    {
        json.WriteStartObject();
        json.WriteString("type", "text");
        json.WritePropertyName("text");
        WriteText(json, text);
        if (ttl is not null)
        {
            json.WriteStartObject("cache_control");
            json.WriteString("type", "ephemeral");
            json.WriteString("ttl", ttl);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, ReadOnlySpan<char> text)
    {
        if (text.Length <= Piece)
        {
            json.WriteStringValue(text);
            return;
        }
        while (text.Length > Piece)
        {
            var end = char.IsHighSurrogate(text[Piece - 1]) ? Piece - 1 : Piece;
            json.WriteStringValueSegment(text[..end], isFinalSegment: false);
            text = text[end..];
        }
        json.WriteStringValueSegment(text, isFinalSegment: true);
    }
}
