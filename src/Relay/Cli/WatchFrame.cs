using Relay.Texts;
using Relay.Web.Watching;
using Spectre.Console;

namespace Relay.Cli;

/// <summary>A part of a line.</summary>
internal sealed record WatchSpan(string Text, Style Style);

/// <summary>A full screen.</summary>
/// <param name="Lines">As many as it has rows.</param>
/// <param name="Row">Where the cursor stands.</param>
internal sealed record WatchPicture(IReadOnlyList<IReadOnlyList<WatchSpan>> Lines, int Row, int Column);

/// <summary>Draws relay watch: the same order and words as the Now page. One thing is loud, the question that is selected; what there is no
/// room for is left out from the bottom of each part, and that is said.</summary>
internal sealed class WatchFrame(WatchState state)
{
    private const int FewestColumns = 30, FewestRows = 8, Pinned = 4, Kept = 2;
    private static readonly Style Plain = Style.Plain, Loud = new(decoration: Decoration.Bold), Soft = new(Color.Grey);
    private static readonly Style Accent = new(Color.Blue), Warn = new(Color.Olive), Good = new(Color.Green);
    private static readonly Style BadLoud = new(Color.Maroon, decoration: Decoration.Bold);

    private readonly WatchDetail _detail = new(state);
    private int _width, _page = 1, _cursor;

    public WatchPicture Draw(int width, int height)
    {
        _width = width;
        if (width < FewestColumns || height < FewestRows)
            return Small(height);
        state.ScrollBy = pages => state.Scroll = Math.Clamp(state.Scroll + pages * _page, 0, _detail.ReadThrough);
        List<List<WatchSpan>> top = [Heading()];
        var bottom = Bottom();
        if (state.IsHelp)
            top.AddRange(WatchHelp.Lines.Select(line => Line(line, Plain)));
        else if (state.View is { } view)
            AddParts(top, view, height - top.Count - bottom.Count);
        else
            top.Add(Line($"waiting for the relay: {state.Down ?? "asking"}", Soft));
        var lines = top.Take(height - bottom.Count).ToList();
        while (lines.Count < height - bottom.Count)
            lines.Add([]);
        lines.AddRange(bottom);
        return new WatchPicture(lines, height - 2, Math.Min(_cursor, width - 1));
    }

    private WatchPicture Small(int height) => new(
        [.. Enumerable.Range(0, height).Select(row => row == 0 ? Line("too small", Warn) : [])], 0, 0);

    private List<WatchSpan> Heading()
    {
        var left = state.View?.Heading ?? "relay";
        var right = state.Down is null ? $"as of {state.View?.At}" : "the relay does not answer";
        var room = _width - Shown(right).Length - 1;
        return
        [
            new(Padded(Fit(left, room), room + 1), state.View?.Questions.Count > 0 ? Loud : Plain),
            new(right, state.Down is null ? Soft : BadLoud),
        ];
    }

    /// <summary>The list; the selected one in full; the sessions; what happened last. What is selected gets the room that it needs before
    /// the two below it.</summary>
    private void AddParts(List<List<WatchSpan>> top, WatchView view, int room)
    {
        var items = state.Items;
        var listed = Math.Clamp(items.Count, 1, Math.Max(2, room / 4));
        top.AddRange(List(view, items, listed));
        room -= listed;
        var rows = _detail.Rows(view, _width);
        var pinned = _detail.Options(_width).Take(Pinned).ToList();
        var (sessions, events) = (Sessions(view), view.Events.Count);
        var below = Math.Min(sessions.Count, Kept) + Math.Min(events, Kept) + 2;
        var page = state.Selected is null ? 0 : Math.Min(rows.Count, room - 1 - pinned.Count - (room > 3 * Kept + 6 ? below : 0));
        if (state.Selected is not null)
            AddDetail(top, rows, pinned, Math.Max(page, 1));
        room -= state.Selected is null ? 0 : Math.Max(page, 1) + pinned.Count + 1;
        var forSessions = Math.Min(sessions.Count, Math.Max(room - 2 - Math.Min(events, Kept), 0));
        if (forSessions > 0)
        {
            top.Add(Rule(forSessions < sessions.Count ? $"sessions ({sessions.Count - forSessions} lines more)" : "sessions", ""));
            top.AddRange(sessions.Take(forSessions));
            room -= forSessions + 1;
        }
        if (room > 1 && events > 0)
        {
            top.Add(Rule("latest", ""));
            top.AddRange(view.Events.TakeLast(room - 1).Select(Event));
        }
    }

    private IEnumerable<List<WatchSpan>> List(WatchView view, List<WatchItem> items, int rows)
    {
        if (items.Count == 0)
            return [Line("Questions appear here as they are asked.", Soft)];
        var at = state.Selected is null ? 0 : Math.Max(items.IndexOf(state.Selected), 0);
        var first = Math.Clamp(at - rows / 2, 0, items.Count - rows);
        return items.Skip(first).Take(rows).Select((item, row) =>
        {
            var more = row == rows - 1 && first + rows < items.Count ? $" ({items.Count - first - rows} more)" : "";
            return Item(view, item, more);
        });
    }

    private List<WatchSpan> Item(WatchView view, WatchItem item, string more)
    {
        var isSelected = item == state.Selected;
        var mark = isSelected ? "> " : "  ";
        var room = _width - more.Length;
        return item.Kind switch
        {
            WatchItemKind.Question when view.Questions.FirstOrDefault(card => card.Id == item.Number) is { } card =>
                Row($"#{card.Id}  {card.Who}, {card.Blocks}: {card.Headline}", Plain),
            WatchItemKind.Question => Row($"#{item.Number}  is closed, and what you wrote was not sent", Warn),
            WatchItemKind.Reply when view.Replies.FirstOrDefault(reply => reply.Message == item.Message) is { } reply =>
                Row($"reply to you, {reply.At}: {reply.Text.ReplaceLineEndings(" ")}", Accent),
            WatchItemKind.Answered when view.Answered.FirstOrDefault(receipt => receipt.Id == item.Number) is { } receipt =>
                Row($"#{receipt.Id}  {receipt.Who}: {receipt.Became}", Soft),
            _ => [],
        };

        List<WatchSpan> Row(string text, Style style) => [new(Fit(mark + text, room), isSelected ? Loud : style), new(more, Soft)];
    }

    private void AddDetail(List<List<WatchSpan>> top, IReadOnlyList<string> rows, IReadOnlyList<string> pinned, int page)
    {
        _page = page;
        state.Scroll = Math.Clamp(state.Scroll, 0, Math.Max(0, rows.Count - page));
        _detail.WasShown(rows.Count, state.Scroll, page, _width);
        var isWhole = rows.Count <= page;
        var where = isWhole ? "" : $"lines {state.Scroll + 1}-{Math.Min(state.Scroll + page, rows.Count)} of {rows.Count}, PgDn";
        top.Add(Rule(_detail.Title, where));
        top.AddRange(rows.Skip(state.Scroll).Take(page).Select(row => Line(row, Plain)));
        top.AddRange(pinned.Select(row => Line(row, Accent)));
    }

    private List<List<WatchSpan>> Sessions(WatchView view)
    {
        var lines = view.Sessions
            .Select(each => Line($"{each.Name}  {each.State}  {each.Seen}", each.WaitsForYou ? Warn : Plain))
            .ToList();
        if (view.MoreSessions > 0)
            lines.Add(Line($"and {view.MoreSessions} more", Soft));
        return lines;
    }

    private List<WatchSpan> Event(WatchEntry entry)
    {
        var head = Fit($"{entry.At}  {entry.Who}: ", _width);
        return [new(head, Soft), new(Fit(entry.Text, _width - head.GetCellWidth()), Plain)];
    }

    /// <summary>Spending and health, what is said aloud, the line that is written, and which keys there are.</summary>
    private List<List<WatchSpan>> Bottom()
    {
        var lines = new List<List<WatchSpan>> { Rule("", "") };
        if (state.View is { } view)
        {
            lines.Add([new(Fit(view.Spend, _width), Soft)]);
            lines.Add([new(Fit(view.IsWell ? view.Health : $"not well: {view.Health}", _width), view.IsWell ? Soft : BadLoud)]);
        }
        if (state.Notice is { } notice)
            lines.AddRange(Cells.Folded(Shown(notice.Text), _width, _width).Take(3).Select(
                row => Line(row, notice.IsRefusal ? BadLoud : Good)));
        lines.Add(Written());
        lines.Add(Line(Keys(), Soft));
        return lines;
    }

    private List<WatchSpan> Written()
    {
        var prompt = $"{state.Prompt}> ";
        var draft = state.Draft;
        var chosen = state.Option is { } option ? $"  = {option.Label}" : state.IsSending ? "  (being sent)" : "";
        var room = Math.Max(_width - Shown(prompt).Length - 1, 8);
        var before = Cells.End(Shown(Near(draft.Text[..draft.Cursor], fromEnd: true)), room);
        var after = Shown(Near(draft.Text[draft.Cursor..], fromEnd: false));
        _cursor = new[] { prompt, before }.Sum(text => Shown(text).GetCellWidth());
        var rest = _width - _cursor;
        return
        [
            new(Shown(prompt), Loud), new(before, Plain), new(Cells.Cut(after, rest), Plain),
            new(Fit(chosen, rest - after.GetCellWidth()), Accent),
        ];
    }

    /// <summary>Of a text of a megabyte only what can be on the line is looked at.</summary>
    private string Near(string text, bool fromEnd)
    {
        var most = 8 * _width;
        var near = text.Length <= most ? text : fromEnd ? text[^most..] : text[..most];
        return near.Replace("\n", " ⏎ ");
    }

    private string Keys() => state switch
    {
        { IsTyping: true } => "Enter send · Esc leave · Ctrl-U clear · Tab to whom",
        { Draft.IsEmpty: false } => "Enter send · Ctrl-U clear · Up/Down choose · Tab to whom",
        _ => "Up/Down or number choose · write, or an option's key, Enter send · ? help · q quit",
    };

    private List<WatchSpan> Rule(string title, string right)
    {
        var left = title.Length == 0 ? "" : $"── {Fit(title, _width - right.Length - 8)} ";
        var end = right.Length == 0 ? "" : $" {right} ──";
        return [new(left + new string('─', Math.Max(0, _width - left.GetCellWidth() - end.GetCellWidth())) + end, Soft)];
    }

    private List<WatchSpan> Line(string text, Style style) => [new(Fit(text, _width), style)];

    private static string Padded(string text, int room) => text + new string(' ', Math.Max(0, room - text.GetCellWidth()));

    private static string Fit(string text, int room) => Cells.Cut(Shown(text), room);

    /// <summary>The last look: whatever was forgotten before, nothing that steers the terminal comes through.</summary>
    public static string Shown(string text) => Visible.OneLineAgain(text.Replace("\t", "    "));
}
