using System.Text;
using System.Text.Json;

namespace Relay.Operator.Pages;

/// <summary>The line that is coming in. Of one that is too long only the beginning is kept, which says what it is; the rest is read and
/// forgotten.</summary>
internal sealed class NtfyLineBuffer(int longest, int longestSkipped)
{
    private readonly List<byte> _line = [];
    private long _skipped;

    /// <exception cref="TopicUnreadException">It has no end.</exception>
    public void Add(byte value)
    {
        if (_line.Count < longest)
            _line.Add(value);
        else if (++_skipped > longestSkipped)
            throw new TopicUnreadException("a line without an end");
    }

    /// <summary>What came in; null when it says nothing. The next line begins.</summary>
    public NtfyLine? Take()
    {
        var (bytes, isOverlong) = (_line.ToArray(), _skipped > 0);
        _line.Clear();
        _skipped = 0;
        return isOverlong ? Beginning(bytes) : Whole(bytes);
    }

    private static NtfyLine? Whole(byte[] bytes)
    {
        try
        {
            var json = JsonSerializer.Deserialize<JsonElement>(Encoding.UTF8.GetString(bytes));
            return json.ValueKind != JsonValueKind.Object
                ? null
                : new NtfyLine(Text("id"), Text("event"), Text("message"), At()) { NoWords = NoWords() };

            string Text(string name) =>
                json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

            string? NoWords() =>
                json.TryGetProperty("attachment", out var file) && file.ValueKind == JsonValueKind.Object
                    ? "it came as a file, as the server has it of more than 4096 bytes, and files are not read"
                    : Text("encoding").Length > 0 ? "it is not valid UTF-8"
                    : Text("message") == "triggered" ? "it is empty: the server writes \"triggered\" then"
                    : null;

            DateTimeOffset At() => json.TryGetProperty("time", out var value) && value.ValueKind == JsonValueKind.Number
                && value.TryGetInt64(out var seconds) ? TimeOf(seconds) : DateTimeOffset.MaxValue;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static DateTimeOffset TimeOf(long seconds) =>
        seconds is > 0 and < 100_000_000_000 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : DateTimeOffset.MaxValue;

    /// <summary>The server's own names come first.</summary>
    private static NtfyLine Beginning(byte[] bytes)
    {
        var (id, at) = ("", DateTimeOffset.MaxValue);
        var reader = new Utf8JsonReader(bytes, isFinalBlock: false, default);
        try
        {
            while (reader.Read())
            {
                if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName)
                    continue;
                var (isId, isTime) = (reader.ValueTextEquals("id"), reader.ValueTextEquals("time"));
                if (!reader.Read())
                    break;
                if (isId && reader.TokenType == JsonTokenType.String)
                    id = reader.GetString()!;
                else if (isTime && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var seconds))
                    at = TimeOf(seconds);
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            id = ""; // No JSON, or no text.
        }
        return new NtfyLine(id, "message", "", at)
        {
            IsOverlong = true,
            NoWords = $"it is longer than {NtfyTopicReader.LongestLine} bytes, so it was not read",
        };
    }
}
