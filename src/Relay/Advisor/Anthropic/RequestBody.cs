using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
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

    private readonly ReadOnlySequence<byte> _bytes;

    public RequestBody(AdvisorCall call)
        : this(ToBody(call))
    {
    }

    private RequestBody(Body body)
    {
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var pipe = new Pipe(Segments);
        using (var json = new Utf8JsonWriter(pipe.Writer, Plain))
            JsonSerializer.Serialize(json, body, BodyJson.Default.Body);
        pipe.Writer.Complete();
        _bytes = pipe.Reader.TryRead(out var all) ? all.Buffer : default; // Never given back to the pool: it may still be on its way.
    }

    /// <summary>The same prompt, to be counted.</summary>
    public static RequestBody ToCount(AdvisorCall call) => new(ToBody(call) with { MaxTokens = null, Stream = null });

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

    private static Body ToBody(AdvisorCall call)
    {
        var breakpoint = call.CacheTtl switch
        {
            CacheTtl.FiveMinutes => new CacheControl("ephemeral", "5m"),
            CacheTtl.OneHour => new CacheControl("ephemeral", "1h"),
            _ => null,
        };
        var users = Enumerable.Range(0, call.Messages.Count).Where(index => call.Messages[index].Role == EntryRole.User);
        var marked = users.TakeLast(2).ToHashSet();
        var last = call.Messages.Count - 1;
        var messages = call.Messages.Select((message, index) =>
            ToMessage(message, marked.Contains(index) ? breakpoint : null, index == last ? call.Aside : null));
        return new Body(call.Model, call.MaxTokens, Stream: true, [new Block("text", call.System, breakpoint)], messages);
    }

    private static Message ToMessage(PromptMessage message, CacheControl? breakpoint, string? aside)
    {
        var content = message.Blocks.ConvertAll(text => new Block("text", text));
        if (breakpoint is not null && content is [.., var last])
            content[^1] = last with { CacheControl = breakpoint };
        if (aside is not null)
            content.Add(new Block("text", aside));
        return new Message(message.Role == EntryRole.User ? "user" : "assistant", content);
    }
}

// The messages are made one by one as they are written: all at once, those of a long history would outlive collections.
internal sealed record Body(string Model, int? MaxTokens, bool? Stream, List<Block> System, IEnumerable<Message> Messages);

internal sealed record Message(string Role, List<Block> Content);

internal sealed record Block(string Type, string Text, CacheControl? CacheControl = null);

internal sealed record CacheControl(string Type, string Ttl);

/// <summary>The API's names, in the order of the records: another order is another prefix, which no cache knows.</summary>
[JsonSerializable(typeof(Body), GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class BodyJson : JsonSerializerContext;
