using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Anthropic.Models.Messages;
using Relay.Configuration;
using Relay.Conversations;

namespace Relay.Advisor;

/// <summary>The body of a call, written straight as JSON and handed to the SDK whole: its typed blocks are serialised one by one as they are made,
/// which for a long history took ten times as long as all the rest of a turn. Breakpoints: the system prompt, and the last two user messages,
/// so that the entry of the call before is found even if many blocks came since.</summary>
internal static class RequestBody
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly Dictionary<string, JsonElement> Nothing = [];

    public static MessageCreateParams Of(AdvisorCall call)
    {
        var bytes = new ArrayBufferWriter<byte>((int)Math.Min(call.PromptBytes + call.PromptBytes / 4 + 4_096, Array.MaxLength));
        using (var json = new Utf8JsonWriter(bytes, Plain))
            Write(json, call);
        var body = JsonDocument.Parse(bytes.WrittenMemory).RootElement.EnumerateObject().ToDictionary(property => property.Name, property => property.Value);
        return MessageCreateParams.FromRawUnchecked(Nothing, Nothing, body);
    }

    private static void Write(Utf8JsonWriter json, AdvisorCall call)
    {
        json.WriteStartObject();
        json.WriteString("model", call.Model);
        json.WriteNumber("max_tokens", call.MaxTokens);
        json.WriteStartArray("system");
        WriteBlock(json, call.System, call.CacheTtl);
        json.WriteEndArray();
        json.WriteStartArray("messages");
        var marked = Enumerable.Range(0, call.Messages.Count).Where(index => call.Messages[index].Role == EntryRole.User).TakeLast(2).ToHashSet();
        for (var index = 0; index < call.Messages.Count; index++)
            WriteMessage(
                json, call.Messages[index], marked.Contains(index) ? call.CacheTtl : CacheTtl.Off, index == call.Messages.Count - 1 ? call.Aside : null);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteMessage(Utf8JsonWriter json, PromptMessage message, CacheTtl ttl, string? aside)
    {
        json.WriteStartObject();
        json.WriteString("role", message.Role == EntryRole.User ? "user" : "assistant");
        json.WriteStartArray("content");
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
        json.WriteString("type", "text");
        json.WriteString("text", text);
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
