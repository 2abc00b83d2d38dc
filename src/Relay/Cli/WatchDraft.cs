using System.Globalization;

namespace Relay.Cli;

/// <summary>A line that is being written.</summary>
internal sealed class WatchDraft
{
    public string Text { get; private set; } = "";

    /// <summary>Before which of its letters one is put in.</summary>
    public int Cursor { get; private set; }

    public bool IsEmpty => Text.Length == 0;

    public void Insert(string text)
    {
        Text = Text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    /// <summary>False where the key means nothing to a line.</summary>
    public bool Take(KeyName key)
    {
        switch (key)
        {
            case KeyName.Backspace:
                Remove(Before(Cursor), Cursor);
                return true;
            case KeyName.Delete:
                Remove(Cursor, After(Cursor));
                return true;
            case KeyName.ClearLine:
                Remove(0, Text.Length);
                return true;
            case KeyName.ClearWord:
                Remove(WordBefore(Cursor), Cursor);
                return true;
            case KeyName.Left:
                Cursor = Before(Cursor);
                return true;
            case KeyName.Right:
                Cursor = After(Cursor);
                return true;
            case KeyName.Home:
                Cursor = 0;
                return true;
            case KeyName.End:
                Cursor = Text.Length;
                return true;
            default:
                return false;
        }
    }

    private void Remove(int from, int to)
    {
        Text = Text.Remove(from, to - from);
        Cursor = from;
    }

    private int Before(int at)
    {
        var start = 0;
        for (var next = 0; next < at; next += StringInfo.GetNextTextElementLength(Text.AsSpan(next)))
            start = next;
        return start;
    }

    private int After(int at) => at == Text.Length ? at : at + StringInfo.GetNextTextElementLength(Text.AsSpan(at));

    private int WordBefore(int at)
    {
        var trimmed = Text.AsSpan(0, at).TrimEnd();
        return trimmed.LastIndexOf(' ') + 1;
    }
}
