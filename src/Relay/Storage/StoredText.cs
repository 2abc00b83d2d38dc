using System.Buffers;
using System.Text;
using Relay.Texts;

namespace Relay.Storage;

/// <summary>A text as it lies in the database. SQLite's functions end at a NUL, and PostgreSQL takes none, so a NUL is an escape and a 0,
/// and the escape itself is one and a 1: each text has one form, and each form one text. Whatever is bound to a statement takes this form,
/// and whatever is read from a row loses it; nobody else knows of it.</summary>
internal static class StoredText
{
    /// <summary>The character that ASCII has for this, data link escape: hardly a text has one.</summary>
    private const char Escape = '\u0010', ForNul = '0', ForEscape = '1';

    private static readonly SearchValues<char> Escaped = SearchValues.Create(['\0', Escape]);

    public static string Of(string text)
    {
        var whole = WellFormed.Of(text);
        if (whole.AsSpan().IndexOfAny(Escaped) is var start && start < 0)
            return whole;
        var stored = new StringBuilder(whole.Length + 16).Append(whole, 0, start);
        foreach (var character in whole.AsSpan(start))
            _ = character switch
            {
                '\0' => stored.Append(Escape).Append(ForNul),
                Escape => stored.Append(Escape).Append(ForEscape),
                _ => stored.Append(character),
            };
        return stored.ToString();
    }

    public static string Read(string stored)
    {
        var start = stored.IndexOf(Escape);
        if (start < 0)
            return stored;
        var text = new StringBuilder(stored.Length).Append(stored, 0, start);
        for (var at = start; at < stored.Length; at++)
        {
            var mark = stored[at] == Escape && at + 1 < stored.Length ? stored[at + 1] : default;
            text.Append(mark == ForNul ? '\0' : stored[at]);
            if (mark is ForNul or ForEscape)
                at++;
        }
        return text.ToString();
    }
}
