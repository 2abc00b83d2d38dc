using Relay.Texts;
using Spectre.Console;

namespace Relay.Cli;

/// <summary>A column of a table.</summary>
/// <param name="Name">Its head.</param>
internal sealed record Column(string Name)
{
    /// <summary>Numbers stand under each other at the right.</summary>
    public bool IsNumber { get; init; }

    /// <summary>Where the width does not do for all, the column with the highest rank is left out first; 0 is always shown.</summary>
    public int Rank { get; init; }

    /// <summary>What the head means, for the help; null where it says so itself.</summary>
    public string? Meaning { get; init; }
}

/// <summary>Tables for people. On a terminal that is too narrow whole columns are left out, and that is said; no word is ever broken.
/// Without a terminal there is no limit.</summary>
internal static class Tables
{
    private const int Shortest = 8, Plain = 2, Framed = 3, ShortestHint = 40;

    public static void WriteTable(this CommandContext context, IReadOnlyList<Column> columns, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var table = new Shown(columns, [.. rows.Select(row => row.Select(Visible.OneLine).ToList())]);
        var between = context.IsOutputRich ? Framed : Plain;
        var left = new List<string>();
        while (context.Width is { } width && table.Width(between) > width && table.Columns.Max(column => column.Rank) > 0)
        {
            var last = table.Columns.Select((column, index) => (column.Rank, Index: index)).Max().Index;
            left.Add(table.Columns[last].Name);
            table = table.Without(last);
        }
        if (context.Width is { } limit && table.Width(between) > limit)
            table = table.Cut(limit, between);
        if (context.IsOutputRich)
            WriteFramed(context, table);
        else
            WritePlain(context, table);
        if (left.Count == 0)
            return;
        var hint = $"(left out for the width: {string.Join(", ", left)})";
        foreach (var line in Printing.Folded(hint, Math.Max(context.Width ?? int.MaxValue, ShortestHint)))
            context.Output.WriteLine(line);
    }

    /// <summary>The part of a table that is shown.</summary>
    private sealed record Shown(IReadOnlyList<Column> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
    {
        public List<int> Widths { get; } = Columns
            .Select((column, index) => Rows.Select(row => row[index].Length).Append(column.Name.Length).Max())
            .ToList();

        /// <summary>In a frame there is room at both sides as well.</summary>
        public int Width(int between) => Widths.Sum() + between * (between > Plain ? Columns.Count + 1 : Columns.Count - 1);

        public Shown Without(int column) => new(
            [.. Columns.Where((_, index) => index != column)],
            [.. Rows.Select(row => row.Where((_, index) => index != column).ToList())]);

        /// <summary>The widest text loses its end.</summary>
        public Shown Cut(int limit, int between)
        {
            var widest = Enumerable.Range(0, Columns.Count).MaxBy(index => Widths[index]);
            var room = Math.Max(Shortest, Widths[widest] - (Width(between) - limit));
            return new(
                Columns,
                [.. Rows.Select(row => row.Select((cell, index) => index == widest ? Fit(cell, room) : cell).ToList())]);
        }

        /// <summary>Cut between words, where there are several.</summary>
        private static string Fit(string cell, int room)
        {
            if (cell.Length <= room)
                return cell;
            return cell.LastIndexOf(' ', room - 2) is var space and > 0 ? cell[..space] + " …" : Excerpt.Of(cell, room - 1);
        }
    }

    private static void WriteFramed(CommandContext context, Shown shown)
    {
        var table = new Table { Border = TableBorder.Simple, BorderStyle = new Style(Color.Grey) };
        foreach (var column in shown.Columns)
            table.AddColumn(new TableColumn(new Text(column.Name, new Style(decoration: Decoration.Bold)))
            {
                Alignment = column.IsNumber ? Justify.Right : Justify.Left,
                NoWrap = true,
            });
        foreach (var row in shown.Rows)
            table.AddRow(row.Select(cell => new Text(cell)));
        var console = TerminalOutput.Console(context.RawOutput, context.Width);
        console.Profile.Width = context.Width ?? console.Profile.Width;
        console.Write(table);
    }

    private static void WritePlain(CommandContext context, Shown shown)
    {
        foreach (var row in shown.Rows.Prepend([.. shown.Columns.Select(column => column.Name)]))
        {
            var cells = row.Select((cell, index) =>
                shown.Columns[index].IsNumber ? cell.PadLeft(shown.Widths[index]) : cell.PadRight(shown.Widths[index]));
            context.Output.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }
}
