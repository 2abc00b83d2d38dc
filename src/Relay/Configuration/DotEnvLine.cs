using System.Text;

namespace Relay.Configuration;

/// <summary>One KEY=VALUE line. The start and end of the value in the file's text include its quotes.</summary>
internal sealed record DotEnvLine(string Key, string Value, int Number, int ValueStart, int ValueEnd, string? Fault)
{
    private const string Export = "export";
    private const string UnquotedSafe = "_-./:@%+,=~";
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Null for a line that assigns nothing: a comment, a blank line, anything without KEY=.</summary>
    public static DotEnvLine? Parse(string text, int start, int end, int number)
    {
        var key = SkipExport(text, SkipBlanks(text, start, end), end);
        var keyEnd = key;
        while (keyEnd < end && IsKeyCharacter(text[keyEnd]))
            keyEnd++;
        var equals = SkipBlanks(text, keyEnd, end);
        if (keyEnd == key || equals >= end || text[equals] != '=')
            return null;

        var found = FindValue(text, equals + 1, end);
        return Decode(text[key..keyEnd], number, found);
    }

    /// <summary>The value as it is written to the file: quoted if needed, its UTF-8 bytes as Latin-1 characters.</summary>
    public static string Write(string value)
    {
        var quoted = value.All(c => char.IsAsciiLetterOrDigit(c) || UnquotedSafe.Contains(c))
            ? value
            : $"\"{string.Concat(value.Select(Escape))}\"";
        return Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(quoted));
    }

    private static RawValue FindValue(string text, int afterEquals, int end)
    {
        var first = SkipBlanks(text, afterEquals, end);
        if (first < end && text[first] is '"' or '\'')
            return FindQuoted(text, first, end);

        var stop = first;
        while (stop < end && !IsComment(text, stop))
            stop++;
        while (stop > first && IsBlank(text[stop - 1]))
            stop--;
        return stop == first
            ? new RawValue("", afterEquals, afterEquals, null) // A value set later goes before the blanks and the comment.
            : new RawValue(text[first..stop], first, stop, null);
    }

    private static RawValue FindQuoted(string text, int open, int end)
    {
        var quote = text[open];
        var value = new StringBuilder();
        var at = open + 1;
        for (; at < end && text[at] != quote; at++)
            value.Append(quote == '"' && text[at] == '\\' && at + 1 < end ? Unescape(text[++at]) : text[at].ToString());

        if (at >= end)
            return new RawValue("", open, end, "a quote is not closed; allowed: KEY=VALUE on one line, with both quotes or none");

        var rest = SkipBlanks(text, at + 1, end);
        var fault = rest == end || text[rest] == '#' ? null : "there is text after the closing quote; allowed: nothing, or a comment";
        return new RawValue(value.ToString(), open, at + 1, fault);
    }

    private static DotEnvLine Decode(string key, int number, RawValue found)
    {
        const string allowed = "allowed: plain text on one line";
        var line = new DotEnvLine(key, "", number, found.Start, found.End, found.Fault);
        try
        {
            var value = StrictUtf8.GetString(Encoding.Latin1.GetBytes(found.Text));
            var fault = value.Any(char.IsControl) ? $"there is a control character in the value; {allowed}" : null;
            return line with { Value = value, Fault = found.Fault ?? fault };
        }
        catch (DecoderFallbackException)
        {
            return line with { Fault = found.Fault ?? $"the value is not UTF-8; {allowed}" };
        }
    }

    private static int SkipExport(string text, int at, int end)
    {
        var after = at + Export.Length;
        var isExport = after < end && string.CompareOrdinal(text, at, Export, 0, Export.Length) == 0 && IsBlank(text[after]);
        if (!isExport)
            return at;

        var key = SkipBlanks(text, after, end);
        return key < end && text[key] == '=' ? at : key; // "export = x" assigns to a key named export.
    }

    private static int SkipBlanks(string text, int at, int end)
    {
        while (at < end && IsBlank(text[at]))
            at++;
        return at;
    }

    private static bool IsComment(string text, int at) => text[at] == '#' && IsBlank(text[at - 1]);

    // Not char.IsWhiteSpace: in Latin-1 a byte of a UTF-8 letter can look like white space.
    private static bool IsBlank(char c) => c is ' ' or '\t';

    private static bool IsKeyCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-';

    private static string Unescape(char c) => c switch
    {
        'n' => "\n",
        'r' => "\r",
        't' => "\t",
        '\\' or '"' or '$' => c.ToString(),
        _ => "\\" + c,
    };

    private static string Escape(char c) => c switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\\' or '"' or '$' => "\\" + c,
        _ => c.ToString(),
    };

    private sealed record RawValue(string Text, int Start, int End, string? Fault);
}
