namespace Relay.Dispatch;

/// <summary>How much of a text one answer can carry, in UTF-16 units, as Claude Code counts. Over its limits it shows the model a file's
/// name in the text's place, or leaves out the middle. Each length leaves room for what is said around the text.</summary>
internal static class Carries
{
    /// <summary>The client takes 10,000 as a hook's context; a Stop's reason and a waiter's words may have more.</summary>
    public const int Hook = 9_700;

    /// <summary>It takes 500,000 as a tool's result where the tool says so, of one that it has moved to the background 100,000.
    /// </summary>
    public const int Tool = 90_000;

    /// <summary>What the tools say of themselves: the client's own most.</summary>
    public const string ToolResult = "500000";
}

/// <summary>The pieces in which a long reply is handed over. They depend on its text alone, so that each has the same number over restarts
/// and whatever carries it.</summary>
internal sealed class Pieces
{
    /// <summary>So that one fits wherever a reply does.</summary>
    public const int Longest = 9_000;

    private readonly string _head;
    private readonly List<string> _pieces = [];

    /// <summary>A first line that says whose words they are stands before each piece.</summary>
    public Pieces(OutboundReply reply)
    {
        var text = Provenance.TextOf(reply);
        _head = reply.Content[..^text.Length];
        for (var rest = text.AsSpan(); !rest.IsEmpty || _pieces.Count == 0;)
        {
            var end = EndOf(rest);
            _pieces.Add(rest[..end].ToString());
            rest = rest[end..];
        }
    }

    public int Count => _pieces.Count;

    /// <summary>Some of the pieces, with their numbers; all of them are the reply as it is.</summary>
    /// <param name="after">How many come before the first.</param>
    /// <param name="through">The number of the last.</param>
    public string Text(int after, int through)
    {
        var text = string.Concat(_pieces.Skip(after).Take(through - after));
        if (after == 0 && through == Count)
            return _head + text;
        var numbers = through - after == 1 ? $"{through}" : $"{after + 1}-{through}";
        return FormattableString.Invariant($"{_head}({numbers} of {Count})\n{text}");
    }

    /// <summary>At the end of a line where there is one in its latter half, else between words, never within a character.</summary>
    private static int EndOf(ReadOnlySpan<char> text)
    {
        if (text.Length <= Longest)
            return text.Length;
        foreach (var between in "\n ")
            if (text[..Longest].LastIndexOf(between) is var at and > Longest / 2)
                return at + 1;
        return char.IsHighSurrogate(text[Longest - 1]) ? Longest - 1 : Longest;
    }
}
