using System.Text;
using System.Text.Json;
using Relay.Conversations;

namespace Relay.Intake;

/// <summary>What a session drops into queue/: who speaks, what, and optionally a key under which a repetition is the same message.</summary>
internal sealed record Envelope(SessionId Session, string Content, string? Id)
{
    /// <summary>Foreign fields may nest as deep as they like: the file's size is the limit.</summary>
    private static readonly JsonDocumentOptions AnyDepth = new() { MaxDepth = int.MaxValue };
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public abstract record Read
    {
        private Read() { }
        public sealed record Valid(Envelope Envelope) : Read;

        /// <summary>No JSON, or not yet: its writer may still be at work.</summary>
        public sealed record Unfinished(string Reason) : Read;

        public sealed record Invalid(string Reason) : Read;
    }

    public static Read Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Span.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        try
        {
            StrictUtf8.GetCharCount(bytes.Span);
            using var document = JsonDocument.Parse(bytes, AnyDepth);
            return FromJson(document.RootElement);
        }
        catch (DecoderFallbackException)
        {
            return new Read.Unfinished("not valid UTF-8");
        }
        catch (JsonException exception)
        {
            return new Read.Unfinished($"not JSON: {exception.Message}");
        }
        catch (InvalidOperationException) // Comparing names unescapes them.
        {
            return new Read.Invalid("a field's name holds a lone surrogate, which is no text");
        }
    }

    private static Read FromJson(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return new Read.Invalid($"a JSON object is expected, this is {Named(root.ValueKind)}");
        var faults = new List<string>();
        var session = Text(root, "session_id", required: true, faults);
        var content = Text(root, "content", required: true, faults);
        var id = Text(root, "id", required: false, faults);
        var sessionId = session is null ? null : SessionId.TryParse(session);
        if (session is not null && sessionId is null)
            faults.Add($"\"session_id\" must be {SessionId.Allowed}");
        return faults.Count == 0
            ? new Read.Valid(new Envelope(sessionId!.Value, content!, id))
            : new Read.Invalid(string.Join("; ", faults));
    }

    private static string? Text(JsonElement root, string name, bool required, List<string> faults)
    {
        if (!root.TryGetProperty(name, out var value) || (!required && value.ValueKind == JsonValueKind.Null))
        {
            if (required)
                faults.Add($"\"{name}\" is missing");
            return null;
        }
        if (value.ValueKind != JsonValueKind.String)
        {
            faults.Add($"\"{name}\" must be a string, it is {Named(value.ValueKind)}");
            return null;
        }
        try
        {
            var text = value.GetString()!;
            if (!string.IsNullOrWhiteSpace(text))
                return text;
            faults.Add($"\"{name}\" is empty");
        }
        catch (InvalidOperationException) // A lone surrogate, written as an escape.
        {
            faults.Add($"\"{name}\" holds a lone surrogate, which is no text");
        }
        return null;
    }

    private static string Named(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };
}
