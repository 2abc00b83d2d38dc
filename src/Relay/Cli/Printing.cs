using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Relay.Http;
using Status = Relay.Web.Status;

namespace Relay.Cli;

/// <summary>Output for people and for programs. Off a terminal it is plain: no colour, no frames, no line is broken.</summary>
internal static class Printing
{
    private static readonly JsonSerializerOptions OneLine = new(Json.Options) { WriteIndented = false };

    public static void WriteJson<T>(this CommandContext context, T value) => context.Output.WriteLine(JsonSerializer.Serialize(value, Json.Options));

    public static void WriteJsonLine<T>(this CommandContext context, T value) => context.Output.WriteLine(JsonSerializer.Serialize(value, OneLine));

    /// <summary>Text of others: on a terminal without what could move the cursor or colour the screen.</summary>
    public static void WriteText(this CommandContext context, string text) =>
        context.Output.WriteLine(context.IsOutputRich ? Harmless(text) : text);

    /// <summary>A table too wide for the terminal is not squeezed into it: broken numbers cannot be read.</summary>
    public static void WriteTable(this CommandContext context, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        const int between = 3;
        var widths = columns.Select((name, index) => rows.Select(row => row[index].Length).Append(name.Length).Max()).ToList();
        if (context.IsOutputRich && widths.Sum() + between * (columns.Count + 1) <= AnsiConsole.Profile.Width)
            WriteFramed(context, columns, rows);
        else
            WritePlain(context, widths, columns, rows);
    }

    /// <summary>A name before each value, a line each.</summary>
    public static void WriteFacts(this CommandContext context, IEnumerable<(string Name, string? Value)> facts)
    {
        var shown = facts.Where(fact => fact.Value is not null).ToList();
        var width = shown.Count == 0 ? 0 : shown.Max(fact => fact.Name.Length);
        foreach (var (name, value) in shown)
            context.Output.WriteLine($"{name.PadRight(width)}  {Harmless(value!)}");
    }

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Ago(TimeSpan age) => age switch
    {
        { TotalSeconds: < 100 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, (int)age.TotalSeconds)} s"),
        { TotalMinutes: < 100 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalMinutes} min"),
        { TotalHours: < 48 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalHours} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalDays} days"),
    };

    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>What is known of a cost: a sum while some of its calls cost nobody knows what is a lower bound, never the sum.</summary>
    public static string Cost(decimal known, long unknown)
    {
        if (unknown > 0 && known == 0)
            return "unknown";
        var sum = string.Create(CultureInfo.InvariantCulture, $"{known:0.00##} USD");
        return unknown > 0 ? "at least " + sum : sum;
    }

    public static string Calls(long count) => count == 1 ? "1 call" : $"{Count(count)} calls";

    /// <summary>The first line with words in it, cut.</summary>
    public static string FirstLine(string text, int longest)
    {
        var line = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        if (line.Length > longest)
            return string.Concat(line.AsSpan(0, char.IsHighSurrogate(line[longest - 1]) ? longest - 1 : longest), "…");
        return line.Length < text.Trim().Length ? line + " …" : line;
    }

    public static string Harmless(string text) =>
        string.Concat(text.Replace("\r\n", "\n").Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? '\uFFFD' : c));

    private static void WriteFramed(CommandContext context, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var table = new Table { Border = TableBorder.Simple, BorderStyle = new Style(Color.Grey) };
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))));
        foreach (var row in rows)
            table.AddRow(row.Select(cell => new Text(Harmless(cell))));
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(context.Output) }).Write(table);
    }

    private static void WritePlain(CommandContext context, List<int> widths, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        foreach (var row in rows.Prepend(columns))
            context.Output.WriteLine(string.Join("  ", row.Select((cell, index) => Harmless(cell).PadRight(widths[index]))).TrimEnd());
    }
}
