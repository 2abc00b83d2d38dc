using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Relay.Texts;

/// <summary>JSON of others in which a string holds what is no text: half a surrogate pair, or bytes that are no UTF-8. The runtime's reader
/// gives nothing of such a string.</summary>
internal static class JsonText
{
    /// <summary>\ud800</summary>
    private const int EscapeLength = 6;

    /// <summary>The same with a U+FFFD in each such place.</summary>
    public static byte[] Mended(byte[] json)
    {
        var mended = Utf8.IsValid(json) ? json : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json));
        for (var at = 0; HalfAt(mended, at) is { } half; at = half + EscapeLength)
            "fffd"u8.CopyTo(mended.AsSpan(half + 2)); // In place, since one escape is as long as the other.
        return mended;
    }

    /// <summary>What is wrong with it, and which string it is; null when nothing is.</summary>
    public static string? Fault(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
            return $"it is not valid UTF-8, at {Field(json, InvalidAt(json))}";
        return HalfAt(json, 0) is { } half ? $"{Field(json, half)} holds a lone surrogate, which is no text" : null;
    }

    /// <summary>The text of a string, in which a half may stand alone: what comes after it may begin with the other one.</summary>
    public static string Of(JsonElement text)
    {
        try
        {
            return text.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return Unescaped(text.GetRawText().AsSpan()[1..^1]);
        }
    }

    /// <summary>Where the first escape stands, from there on, that is half a pair.</summary>
    private static int? HalfAt(ReadOnlySpan<byte> json, int at)
    {
        while (json[at..].IndexOf((byte)'\\') is var next and >= 0)
        {
            at += next;
            if (Unit(json[at..]) is not { } unit)
                at += Math.Min(2, json.Length - at);
            else if (char.IsHighSurrogate(unit) && Unit(json[(at + EscapeLength)..]) is { } other && char.IsLowSurrogate(other))
                at += 2 * EscapeLength;
            else if (char.IsSurrogate(unit))
                return at;
            else
                at += EscapeLength;
        }
        return null;
    }

    private static int InvalidAt(ReadOnlySpan<byte> json)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(json[at..], out _, out var length) == OperationStatus.Done)
            at += length;
        return at;
    }

    /// <summary>The field in whose text a byte lies.</summary>
    private static string Field(ReadOnlySpan<byte> json, int at)
    {
        var reader = new Utf8JsonReader(json);
        var name = "a string";
        try
        {
            while (reader.Read() && reader.BytesConsumed <= at)
                if (reader.TokenType == JsonTokenType.PropertyName)
                    name = Printable.Quoted(Encoding.UTF8.GetString(reader.ValueSpan));
            return reader.TokenType == JsonTokenType.PropertyName ? "a field's name" : name;
        }
        catch (JsonException)
        {
            return name;
        }
    }

    /// <summary>The UTF-16 code that an escape stands for; null when there is none at the beginning.</summary>
    private static char? Unit(ReadOnlySpan<byte> json) =>
        json.Length >= EscapeLength && json.StartsWith("\\u"u8)
        && ushort.TryParse(json[2..EscapeLength], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? (char)unit
            : null;

    private static string Unescaped(ReadOnlySpan<char> raw)
    {
        var text = new StringBuilder(raw.Length);
        for (var at = 0; at < raw.Length; at++)
        {
            if (raw[at] != '\\')
            {
                text.Append(raw[at]);
                continue;
            }
            text.Append(raw[++at] switch
            {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\b',
                'f' => '\f',
                'u' => (char)ushort.Parse(raw.Slice(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                var other => other,
            });
            at += raw[at] == 'u' ? 4 : 0;
        }
        return text.ToString();
    }
}
