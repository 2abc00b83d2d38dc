using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Relay.Texts;

/// <summary>Says in words what keeps a text from being JSON, and where. Lines and columns count from 1, columns in characters.</summary>
internal static class JsonFault
{
    /// <summary>Null where it is JSON: then the fault is in what it says.</summary>
    /// <param name="json">UTF-8 without a byte order mark.</param>
    /// <param name="what">What the text is called, such as "the file".</param>
    public static string? Of(ReadOnlySpan<byte> json, string what)
    {
        var text = json.TrimEnd(" \t\r\n"u8);
        if (text.IsEmpty)
            return json.IsEmpty ? $"{what} is empty" : $"{what} holds nothing but blanks";
        if (FaultIn(text, isWhole: false) is { } fault)
            return $"not JSON: {Unexpected(text, fault)}";
        return FaultIn(text, isWhole: true) is null ? null : $"not JSON: the JSON ends too early, {Place(text, text.Length)}";
    }

    /// <summary>Whether a string of it holds half a surrogate pair. What reads JSON says that in words only.</summary>
    public static bool IsNoText(Exception exception) =>
        (exception.InnerException ?? exception) is InvalidOperationException fault
        && fault.Message.Contains("UTF-16", StringComparison.Ordinal);

    /// <summary>What is wrong with a string that cannot be read.</summary>
    /// <param name="name">The string's.</param>
    /// <param name="reading">How it was found.</param>
    public static string OfString(string name, Exception reading) =>
        (reading.InnerException ?? reading).Message.Contains("UTF-8", StringComparison.Ordinal)
            ? $"{name} is not valid UTF-8"
            : $"{name} holds a lone surrogate, which is no text";

    /// <summary>Where the first fault is; null when there is none. Of a part, only what no rest could mend is one.</summary>
    private static int? FaultIn(ReadOnlySpan<byte> text, bool isWhole)
    {
        var reader = new Utf8JsonReader(text, isWhole, new JsonReaderState(new JsonReaderOptions { MaxDepth = int.MaxValue }));
        try
        {
            while (reader.Read())
            {
            }
            return null;
        }
        catch (JsonException exception)
        {
            return Math.Min(Start(text, exception.LineNumber ?? 0) + (int)(exception.BytePositionInLine ?? 0), text.Length);
        }
    }

    /// <summary>Of a line, counted from 0.</summary>
    private static int Start(ReadOnlySpan<byte> text, long line)
    {
        var start = 0;
        for (; line > 0 && text[start..].IndexOf((byte)'\n') is var end and >= 0; line--)
            start += end + 1;
        return start;
    }

    private static string Unexpected(ReadOnlySpan<byte> text, int at)
    {
        Rune.DecodeFromUtf8(text[at..], out var rune, out _);
        var shown = at == text.Length ? "the end"
            : Rune.IsControl(rune) ? "a control character"
            : Visible.IsHidden(rune) ? Visible.Code(rune.Value) : $"{rune}";
        return $"{shown} is not expected there, {Place(text, at)}";
    }

    private static string Place(ReadOnlySpan<byte> text, int at)
    {
        var before = text[..at];
        var start = before.LastIndexOf((byte)'\n') + 1;
        var column = Encoding.UTF8.GetString(before[start..]).EnumerateRunes().Count() + 1;
        return string.Create(CultureInfo.InvariantCulture, $"line {before.Count((byte)'\n') + 1}, column {column}");
    }
}
