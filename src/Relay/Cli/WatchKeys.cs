using System.Text;

namespace Relay.Cli;

internal enum KeyName
{
    Up, Down, Left, Right, Home, End, PageUp, PageDown, Enter, Escape, Tab, BackTab, Backspace, Delete, ClearLine, ClearWord, Interrupt,
    Redraw,
}

/// <summary>What was pressed.</summary>
internal abstract record Key
{
    private Key() { }

    public sealed record Named(KeyName Name) : Key;

    /// <summary>A sign.</summary>
    public sealed record Typed(string Text) : Key;

    /// <summary>A text put in at once. A line break in it sends nothing.</summary>
    public sealed record Pasted(string Text) : Key;
}

/// <summary>Reads keys from the bytes that a terminal sends. What it does not know it leaves out.</summary>
internal sealed class WatchKeys
{
    private const char Escape = '\u001b';
    private const string PasteBegins = "\u001b[200~", PasteEnds = "\u001b[201~";
    private const int LongestPaste = 4 * 1024 * 1024;

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _rest = new();

    /// <summary>The Escape key looks like the beginning of another: only the time tells them apart.</summary>
    public bool IsUndecided => _rest.Length == 1 && _rest[0] == Escape;

    public List<Key> Read(ReadOnlySpan<byte> bytes)
    {
        var chars = new char[bytes.Length + 1];
        _rest.Append(chars, 0, _decoder.GetChars(bytes, chars, flush: false));
        var text = _rest.ToString();
        var keys = new List<Key>();
        var at = 0;
        while (at < text.Length && Next(text, ref at) is var (key, isWhole) && isWhole)
            if (key is not null)
                keys.Add(key);
        _rest.Clear();
        if (text.Length - at <= LongestPaste)
            _rest.Append(text, at, text.Length - at);
        return keys;
    }

    /// <summary>No more has come.</summary>
    public List<Key> Decide()
    {
        if (!IsUndecided)
            return [];
        _rest.Clear();
        return [new Key.Named(KeyName.Escape)];
    }

    /// <summary>Nothing is whole where more has to come first; no key where it is one that is not used.</summary>
    private static (Key? Key, bool IsWhole) Next(string text, ref int at)
    {
        if (text.AsSpan(at).StartsWith(PasteBegins, StringComparison.Ordinal))
            return Paste(text, ref at);
        if (text[at] == Escape)
            return Sequence(text, ref at);
        if (char.IsHighSurrogate(text[at]))
        {
            if (at + 1 == text.Length)
                return (null, false);
            at += 2;
            return (new Key.Typed(text[(at - 2)..at]), true);
        }
        var sign = text[at++];
        return (char.IsControl(sign) ? Control(sign) : new Key.Typed(sign.ToString()), true);
    }

    private static (Key? Key, bool IsWhole) Paste(string text, ref int at)
    {
        var begins = at + PasteBegins.Length;
        var end = text.IndexOf(PasteEnds, begins, StringComparison.Ordinal);
        if (end < 0)
            return (null, false);
        at = end + PasteEnds.Length;
        var pasted = text[begins..end].Replace("\r\n", "\n").Replace('\r', '\n').Replace('\t', ' ');
        return (new Key.Pasted(string.Concat(pasted.Where(sign => sign == '\n' || !char.IsControl(sign)))), true);
    }

    private static (Key? Key, bool IsWhole) Sequence(string text, ref int at)
    {
        if (at + 1 == text.Length)
            return (null, false);
        if (text[at + 1] is not ('[' or 'O'))
        {
            at += 2; // With Alt.
            return (text[at - 1] == '\r' ? new Key.Typed("\n") : null, true);
        }
        var end = at + 2;
        while (end < text.Length && text[end] is >= '0' and <= '?')
            end++;
        if (end == text.Length)
            return (null, false);
        var name = Named(text[(at + 2)..(end + 1)]);
        at = end + 1;
        return (name is { } known ? new Key.Named(known) : null, true);
    }

    private static KeyName? Named(string sequence) => sequence switch
    {
        "A" => KeyName.Up,
        "B" => KeyName.Down,
        "C" => KeyName.Right,
        "D" => KeyName.Left,
        "H" or "1~" or "7~" => KeyName.Home,
        "F" or "4~" or "8~" => KeyName.End,
        "3~" => KeyName.Delete,
        "5~" => KeyName.PageUp,
        "6~" => KeyName.PageDown,
        "Z" => KeyName.BackTab,
        "M" => KeyName.Enter,
        _ => null,
    };

    private static Key? Control(char sign) => sign switch
    {
        '\r' => new Key.Named(KeyName.Enter),
        '\n' => new Key.Typed("\n"),
        '\t' => new Key.Named(KeyName.Tab),
        '\b' or '\u007f' => new Key.Named(KeyName.Backspace),
        '\u0001' => new Key.Named(KeyName.Home),
        '\u0003' => new Key.Named(KeyName.Interrupt),
        '\u0005' => new Key.Named(KeyName.End),
        '\u000c' => new Key.Named(KeyName.Redraw),
        '\u0015' => new Key.Named(KeyName.ClearLine),
        '\u0017' => new Key.Named(KeyName.ClearWord),
        _ => null,
    };
}
