using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Relay.Configuration;
using Relay.Conversations;

namespace Relay.Advisor.Anthropic;

/// <summary>The body of a call, written directly as JSON. The SDK would serialise each block when it is created, and all of them again:
/// for a long history that takes ten times as long as the rest of a turn. Cache breakpoints are at the system prompt and at the last
/// two user messages: so the cache entry of the call before is found even if many blocks were added since.</summary>
internal sealed class RequestBody : HttpContent, IBufferWriter<byte>
{
    /// <summary>Small enough not to be put on the heap of large objects, which is expensive to collect.</summary>
    private const int PieceBytes = 64 * 1024;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Encoded only once, for a long history contains them thousands of times.
    private static readonly JsonEncodedText RoleName = JsonEncodedText.Encode("role");
    private static readonly JsonEncodedText User = JsonEncodedText.Encode("user");
    private static readonly JsonEncodedText Assistant = JsonEncodedText.Encode("assistant");
    private static readonly JsonEncodedText Content = JsonEncodedText.Encode("content");
    private static readonly JsonEncodedText Type = JsonEncodedText.Encode("type");
    private static readonly JsonEncodedText Text = JsonEncodedText.Encode("text");

    private readonly List<ReadOnlyMemory<byte>> _pieces = [];
    private byte[] _open = [];
    private int _used;

    public RequestBody(AdvisorCall call)
    {
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using (var json = new Utf8JsonWriter(this, Plain))
            Write(json, call);
        Close();
    }

    void IBufferWriter<byte>.Advance(int count) => _used += count;

    Memory<byte> IBufferWriter<byte>.GetMemory(int sizeHint)
    {
        if (_open.Length - _used < Math.Max(sizeHint, 1))
        {
            Close();
            _open = GC.AllocateUninitializedArray<byte>(Math.Max(sizeHint, PieceBytes));
            _used = 0;
        }
        return _open.AsMemory(_used);
    }

    Span<byte> IBufferWriter<byte>.GetSpan(int sizeHint) => ((IBufferWriter<byte>)this).GetMemory(sizeHint).Span;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        foreach (var piece in _pieces)
            await stream.WriteAsync(piece, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _pieces.Sum(piece => (long)piece.Length);
        return true;
    }

    private void Close() => _pieces.Add(_open.AsMemory(0, _used));

    private static void Write(Utf8JsonWriter json, AdvisorCall call)
    {
        json.WriteStartObject();
        json.WriteString("model", call.Model);
        json.WriteNumber("max_tokens", call.MaxTokens);
        json.WriteBoolean("stream", true);
        json.WriteStartArray("system");
        WriteBlock(json, call.System, call.CacheTtl);
        json.WriteEndArray();
        json.WriteStartArray("messages");
        var marked = Enumerable.Range(0, call.Messages.Count)
            .Where(index => call.Messages[index].Role == EntryRole.User)
            .TakeLast(2)
            .ToHashSet();
        var last = call.Messages.Count - 1;
        for (var index = 0; index <= last; index++)
        {
            var ttl = marked.Contains(index) ? call.CacheTtl : CacheTtl.Off;
            WriteMessage(json, call.Messages[index], ttl, index == last ? call.Aside : null);
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteMessage(Utf8JsonWriter json, PromptMessage message, CacheTtl ttl, string? aside)
    {
        json.WriteStartObject();
        json.WriteString(RoleName, message.Role == EntryRole.User ? User : Assistant);
        json.WriteStartArray(Content);
        for (var index = 0; index < message.Blocks.Count; index++)
            WriteBlock(json, message.Blocks[index], index == message.Blocks.Count - 1 ? ttl : CacheTtl.Off);
        if (aside is not null)
            WriteBlock(json, aside, CacheTtl.Off);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteBlock(Utf8JsonWriter json, string text, CacheTtl ttl)
    {
        json.WriteStartObject();
        json.WriteString(Type, Text);
        json.WriteString(Text, text);
        if (ttl is CacheTtl.FiveMinutes or CacheTtl.OneHour)
        {
            json.WriteStartObject("cache_control");
            json.WriteString("type", "ephemeral");
            json.WriteString("ttl", ttl == CacheTtl.OneHour ? "1h" : "5m");
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }
}
