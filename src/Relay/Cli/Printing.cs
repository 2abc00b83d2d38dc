using System.Globalization;
using System.Text.Json;
using Relay.Http;
using Spectre.Console;

namespace Relay.Cli;

/// <summary>Output for people and for programs. Without a terminal it is plain: no colours, no frames, no wrapped lines.</summary>
internal static class Printing
{
    private static readonly JsonSerializerOptions OneLine = new(Json.Options) { WriteIndented = false };

    public static void WriteJson<T>(this CommandContext context, T value) =>
        context.Output.WriteLine(JsonSerializer.Serialize(value, Json.Options));

    public static void WriteJsonLine<T>(this CommandContext context, T value) =>
        context.Output.WriteLine(JsonSerializer.Serialize(value, OneLine));

    /// <summary>Writes text of sessions, the advisor or the operator. On a terminal without control characters,
    /// which could move the cursor or colour the screen.</summary>
    public static void WriteText(this CommandContext context, string text) =>
        context.Output.WriteLine(context.IsOutputRich ? WithoutControlCharacters(text) : text);

    /// <summary>A table that is too wide for the terminal is written plain: in a frame its numbers would be wrapped.</summary>
    public static void WriteTable(this CommandContext context, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        const int between = 3;
        var widths = columns.Select((name, index) => rows.Select(row => row[index].Length).Append(name.Length).Max()).ToList();
        if (context.IsOutputRich && widths.Sum() + between * (columns.Count + 1) <= AnsiConsole.Profile.Width)
            WriteFramed(context, columns, rows);
        else
            WritePlain(context, widths, columns, rows);
    }

    /// <summary>One line for each value, with its name in front.</summary>
    public static void WriteFacts(this CommandContext context, IEnumerable<(string Name, string? Value)> facts)
    {
        var shown = facts.Where(fact => fact.Value is not null).ToList();
        var width = shown.Count == 0 ? 0 : shown.Max(fact => fact.Name.Length);
        foreach (var (name, value) in shown)
            context.Output.WriteLine($"{name.PadRight(width)}  {WithoutControlCharacters(value!)}");
    }

    /// <summary>Leaves out the user and password that an address may contain.</summary>
    public static string Server(Uri address) => address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 100 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, (int)age.TotalSeconds)} s"),
        { TotalMinutes: < 100 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalMinutes} min"),
        { TotalHours: < 48 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalHours} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalDays} days"),
    };

    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A sum of costs. If the cost of some calls is unknown, the known sum is only a lower bound and is shown as one.</summary>
    public static string Cost(decimal known, long unknown)
    {
        if (unknown > 0 && known == 0)
            return "unknown";
        var sum = string.Create(CultureInfo.InvariantCulture, $"{known:0.00##} USD");
        return unknown > 0 ? "at least " + sum : sum;
    }

    public static string Calls(long count) => count == 1 ? "1 call" : $"{Count(count)} calls";

    /// <summary>The first line that is not blank, cut to the given length. "…" shows that there is more.</summary>
    public static string FirstLine(string text, int longest)
    {
        var line = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        if (line.Length > longest)
            return string.Concat(line.AsSpan(0, char.IsHighSurrogate(line[longest - 1]) ? longest - 1 : longest), "…");
        return line.Length < text.Trim().Length ? line + " …" : line;
    }

    public static string WithoutControlCharacters(string text) =>
        string.Concat(text.Replace("\r\n", "\n").Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? '\uFFFD' : c));

    private static void WriteFramed(CommandContext context, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var table = new Table { Border = TableBorder.Simple, BorderStyle = new Style(Color.Grey) };
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))));
        foreach (var row in rows)
            table.AddRow(row.Select(cell => new Text(WithoutControlCharacters(cell))));
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(context.Output) }).Write(table);
    }

    private static void WritePlain(
        CommandContext context, List<int> widths, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        foreach (var row in rows.Prepend(columns))
        {
            var cells = row.Select((cell, index) => WithoutControlCharacters(cell).PadRight(widths[index]));
            context.Output.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }
}
