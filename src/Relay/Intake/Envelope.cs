using System.Text;
using System.Text.Json;
using Relay.Conversations;
using Relay.Texts;

namespace Relay.Intake;

/// <summary>The content of a file that a session puts into queue/: the session, its message, and optionally an id.
/// An envelope with the same id is the same message.</summary>
internal sealed record Envelope(SessionId Session, string Content, string? Id)
{
    /// <summary>The id that relay send has printed for the message. Of no use, it is ignored, as every other field is.</summary>
    public string? MessageId { get; init; }

    /// <summary>Unknown fields may be nested to any depth; only the size of the file is limited.</summary>
    private static readonly JsonReaderOptions AnyDepth = new() { MaxDepth = int.MaxValue };
    private static readonly string[] Names = ["session_id", "content", "id", "message_id"];
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public abstract record Read
    {
        private Read() { }

        public sealed record Valid(Envelope Envelope) : Read;

        /// <summary>Not JSON, or not yet: its writer may not have finished.</summary>
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
            return FromJson(bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            return new Read.Unfinished("not valid UTF-8");
        }
        catch (JsonException)
        {
            return new Read.Unfinished(JsonFault.Of(bytes.Span, "the file") ?? "not JSON");
        }
        catch (InvalidOperationException) // Comparing a name decodes its escapes, and one of them is invalid.
        {
            return new Read.Invalid("a field's name holds a lone surrogate, which is no text");
        }
    }

    /// <summary>Who has written a file that is no envelope, if its beginning tells.</summary>
    public static SessionId? SessionIn(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith(Encoding.UTF8.Preamble))
            start = start[Encoding.UTF8.Preamble.Length..];
        var reader = new Utf8JsonReader(start, isFinalBlock: false, new JsonReaderState(AnyDepth));
        try
        {
            while (reader.Read())
                if (reader is { CurrentDepth: 1, TokenType: JsonTokenType.PropertyName } && reader.ValueTextEquals("session_id"))
                    return reader.Read() && reader.TokenType == JsonTokenType.String ? SessionId.TryParse(reader.GetString()!) : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null; // What comes before it is no JSON, or no text.
        }
        return null;
    }

    /// <summary>Reads once from start to end. A JsonDocument would take time that grows with the square of the nesting depth.</summary>
    private static Read FromJson(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, AnyDepth);
        reader.Read();
        var root = reader.TokenType;
        var fields = new Dictionary<string, Field>();
        while (reader.Read())
            if (root == JsonTokenType.StartObject && reader is { CurrentDepth: 1, TokenType: JsonTokenType.PropertyName })
                ReadField(ref reader, fields);
        return root == JsonTokenType.StartObject
            ? FromFields(fields)
            : new Read.Invalid($"a JSON object is expected, this is {Named(root)}");
    }

    private static void ReadField(ref Utf8JsonReader reader, Dictionary<string, Field> fields)
    {
        string? name = null;
        foreach (var known in Names)
            if (reader.ValueTextEquals(known))
                name = known;
        reader.Read();
        if (name is not null)
            fields[name] = Field.From(ref reader);
        reader.Skip();
    }

    private static Read FromFields(Dictionary<string, Field> fields)
    {
        var faults = new List<string>();
        var session = Text(fields, "session_id", required: true, faults);
        var content = Text(fields, "content", required: true, faults);
        var id = Text(fields, "id", required: false, faults);
        var sessionId = session is null ? null : SessionId.TryParse(session);
        if (session is not null && sessionId is null)
            faults.Add($"\"session_id\" must be {SessionId.Allowed}");
        return faults.Count == 0
            ? new Read.Valid(new Envelope(sessionId!.Value, content!, id) { MessageId = fields.GetValueOrDefault("message_id").Text })
            : new Read.Invalid(string.Join("; ", faults));
    }

    private static string? Text(Dictionary<string, Field> fields, string name, bool required, List<string> faults)
    {
        if (!fields.TryGetValue(name, out var field) || (!required && field.Kind == JsonTokenType.Null))
        {
            if (required)
                faults.Add($"\"{name}\" is missing");
            return null;
        }
        if (field.Kind != JsonTokenType.String)
            faults.Add($"\"{name}\" must be a string, it is {Named(field.Kind)}");
        else if (field.Text is null)
            faults.Add($"\"{name}\" holds a lone surrogate, which is no text");
        else if (string.IsNullOrWhiteSpace(field.Text))
            faults.Add($"\"{name}\" is empty");
        else
            return field.Text;
        return null;
    }

    private static string Named(JsonTokenType kind) => kind switch
    {
        JsonTokenType.StartArray => "an array",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "a boolean",
    };

    /// <summary>A field. Its text is null when it is not a string, or when the string is not valid text.</summary>
    private readonly record struct Field(JsonTokenType Kind, string? Text)
    {
        public static Field From(ref Utf8JsonReader reader)
        {
            if (reader.TokenType != JsonTokenType.String)
                return new Field(reader.TokenType, Text: null);
            try
            {
                return new Field(JsonTokenType.String, reader.GetString());
            }
            catch (InvalidOperationException) // An escape that is a lone surrogate.
            {
                return new Field(JsonTokenType.String, Text: null);
            }
        }
    }
}
