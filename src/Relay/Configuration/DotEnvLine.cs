using System.Text;

namespace Relay.Configuration;

/// <summary>One KEY=VALUE line; the value's bounds in the file's text include its quotes.</summary>
internal sealed record DotEnvLine(string Key, string Value, int Number, int ValueStart, int ValueEnd, string? Fault)
{
    private const string Export = "export";
    private const string UnquotedSafe = "_-./:@%+,=~";
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Null for what assigns nothing: a comment, a blank line, a line that is not ours to understand.</summary>
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

    /// <summary>A value as it stands in the file, quoted when it must be, in Latin-1 form.</summary>
    public static string Write(string value)
    {
        var quoted = value.All(c => char.IsAsciiLetterOrDigit(c) || UnquotedSafe.Contains(c))
            ? value
            : $"\"{string.Concat(value.Select(Escape))}\"";
        return Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(quoted));
    }

    private static Found FindValue(string text, int afterEquals, int end)
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
            ? new Found("", afterEquals, afterEquals, null) // Blanks and a comment after an empty value stay after it.
            : new Found(text[first..stop], first, stop, null);
    }

    private static Found FindQuoted(string text, int open, int end)
    {
        var quote = text[open];
        var value = new StringBuilder();
        var at = open + 1;
        for (; at < end && text[at] != quote; at++)
            value.Append(quote == '"' && text[at] == '\\' && at + 1 < end ? Unescape(text[++at]) : text[at].ToString());

        if (at >= end)
            return new Found("", open, end, "a quote is not closed; allowed: KEY=VALUE on one line, with both quotes or none");

        var rest = SkipBlanks(text, at + 1, end);
        var fault = rest == end || text[rest] == '#' ? null : "there is text after the closing quote; allowed: nothing, or a comment";
        return new Found(value.ToString(), open, at + 1, fault);
    }

    private static DotEnvLine Decode(string key, int number, Found found)
    {
        try
        {
            var value = StrictUtf8.GetString(Encoding.Latin1.GetBytes(found.Raw));
            var fault = found.Fault ?? (value.Any(char.IsControl) ? "there is a control character in the value; allowed: plain text on one line" : null);
            return new DotEnvLine(key, value, number, found.Start, found.End, fault);
        }
        catch (DecoderFallbackException)
        {
            return new DotEnvLine(key, "", number, found.Start, found.End, found.Fault ?? "the value is not UTF-8; allowed: plain text on one line");
        }
    }

    private static int SkipExport(string text, int at, int end)
    {
        var after = at + Export.Length;
        var isExport = after < end && string.CompareOrdinal(text, at, Export, 0, Export.Length) == 0 && IsBlank(text[after]);
        if (!isExport)
            return at;

        var key = SkipBlanks(text, after, end);
        return key < end && text[key] == '=' ? at : key; // "export = x" assigns to a key of that name.
    }

    private static int SkipBlanks(string text, int at, int end)
    {
        while (at < end && IsBlank(text[at]))
            at++;
        return at;
    }

    private static bool IsComment(string text, int at) => text[at] == '#' && IsBlank(text[at - 1]);

    // Not char.IsWhiteSpace: in Latin-1 form that would take bytes of UTF-8 letters for blanks.
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

    private sealed record Found(string Raw, int Start, int End, string? Fault);
}
