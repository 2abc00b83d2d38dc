using Relay.Web.Watching;

namespace Relay.Cli;

/// <summary>What is selected, in full.</summary>
internal sealed class WatchDetail(WatchState state)
{
    private const int Piece = 4096;

    private (object? Of, int Width) _folded;
    private List<string> _rows = [];
    private (object? Of, int Width) _reading;

    /// <summary>How many rows from the first on have been on the screen: keys that are pressed faster than it is drawn skip none.</summary>
    public int ReadThrough { get; private set; }

    public string Title => (state.Selected, state.Question) switch
    {
        ({ Kind: WatchItemKind.Reply }, _) => "the advisor to you",
        (_, { } question) => $"#{question.Id} · {question.Who} · {question.Kind} · {question.Conversation}",
        ({ } item, _) => $"#{item.Number}",
        _ => "",
    };

    public IReadOnlyList<string> Rows(WatchView view, int width)
    {
        object? of = state.Selected switch
        {
            { Kind: WatchItemKind.Reply, Message: var message } => view.Replies.FirstOrDefault(reply => reply.Message == message),
            null => null,
            _ => state.Question,
        };
        if (Equals(_folded, (of, width)) && of is not null)
            return _rows;
        _folded = (of, width);
        return _rows = of switch
        {
            WatchReply reply => [.. Fold($"You said in {reply.Conversation}: {reply.Words}", width), "", .. Fold(reply.Text, width)],
            WatchQuestion question => OfQuestion(question, width),
            _ => ["…"],
        };
    }

    /// <summary>What a key gives, where it does not stand in the text itself.</summary>
    public IEnumerable<string> Options(int width) => state.Question is { IsOpen: true } question
        && (question.Digest is not null || _rows.Count > Limit)
        ? question.Options.Select(option => Cells.Cut($"  {option.Key}  {WatchFrame.Shown(option.Label)}", width))
        : [];

    /// <summary>A text of so many lines may not be seen whole, so its options are repeated below it.</summary>
    private const int Limit = 6;

    /// <summary>Whether all has been on the screen by now, in one width and without gaps.</summary>
    public void WasShown(int all, int from, int rows, int width)
    {
        object? of = state.Question is { } question ? (question.Id, question.Digest) : state.Selected;
        if (!Equals(_reading, (of, width)))
            (_reading, ReadThrough) = ((of, width), 0);
        if (from <= ReadThrough)
            ReadThrough = Math.Max(ReadThrough, from + rows);
        if (ReadThrough >= all)
            state.HasRead();
    }

    private static List<string> OfQuestion(WatchQuestion question, int width)
    {
        List<string> rows = [.. Fold(question.Text, width)];
        if (question.HowTo.Length > 0)
            rows.AddRange(["", .. Fold(question.HowTo, width)]);
        if (question.Outcome is { } outcome)
            rows.InsertRange(0, [.. Fold(outcome, width), ""]);
        return rows;
    }

    private static IEnumerable<string> Fold(string text, int width) => text.Split('\n').SelectMany(line => FoldLine(line, width));

    /// <summary>A line of a megabyte is folded in pieces: each cut copies the rest.</summary>
    private static IEnumerable<string> FoldLine(string line, int width)
    {
        var shown = WatchFrame.Shown(line);
        for (var at = 0; at == 0 || at < shown.Length;)
        {
            var end = Math.Min(shown.Length, at + Piece);
            if (end < shown.Length && char.IsHighSurrogate(shown[end - 1]))
                end--;
            foreach (var row in Cells.Folded(shown[at..end], width, width))
                yield return row;
            if (shown.Length == 0)
                yield break;
            at = end;
        }
    }
}
