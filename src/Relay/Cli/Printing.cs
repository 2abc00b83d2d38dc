using System.Globalization;
using System.Text.Json;
using Relay.Http;
using Relay.Texts;

namespace Relay.Cli;

/// <summary>Output for people and for programs. Without a terminal it is plain: no colours, no frames, no wrapped lines.</summary>
internal static class Printing
{
    private const int Narrowest = 24;

    private static readonly JsonSerializerOptions OneLine = new(Json.Options) { WriteIndented = false };

    public static void WriteJson<T>(this CommandContext context, T value) =>
        context.Output.WriteLine(JsonSerializer.Serialize(value, Json.Options));

    public static void WriteJsonLine<T>(this CommandContext context, T value) =>
        context.Output.WriteLine(JsonSerializer.Serialize(value, OneLine));

    /// <summary>Writes text of sessions, the advisor or the operator, whose lines may stand by themselves.</summary>
    public static void WriteText(this CommandContext context, string text) => context.Output.WriteLine(Visible.Of(text));

    /// <summary>The same where it stands among other lines: each of its own is indented, folded ones too, so that none can be taken for one
    /// of the others.</summary>
    public static void WriteBlock(this CommandContext context, string text) => context.WriteShown(Visible.Of(text));

    /// <summary>The same for text that was made visible before.</summary>
    public static void WriteShown(this CommandContext context, string shown)
    {
        foreach (var line in shown.Split('\n'))
            context.Output.WriteLine(Indented(context, line, Indent));
    }

    /// <summary>What begins a line, and text that goes on in indented ones.</summary>
    public static void WriteEntry(this CommandContext context, string head, string text)
    {
        var lines = Visible.Of(text).Split('\n');
        context.Output.WriteLine(Indented(context, Visible.OneLine(head) + lines[0], ""));
        foreach (var line in lines.Skip(1))
            context.Output.WriteLine(Indented(context, line, Indent));
    }

    /// <summary>A reply: to a terminal as it can be seen, to another program as it is.</summary>
    public static void WriteContent(this CommandContext context, string content)
    {
        if (context.IsOutputTerminal)
            context.WriteText(content);
        else
            context.RawOutput.WriteLine(content);
    }

    private const string Indent = "    ";

    /// <summary>On a terminal the line is folded here, and not by the terminal, which would begin anew at the left.</summary>
    private static string Indented(CommandContext context, string line, string first)
    {
        if (!context.IsOutputTerminal || context.Width is not { } width)
            return first + line;
        return first + string.Join("\n" + Indent, Cells.Folded(line, width - first.Length, width - Indent.Length));
    }

    /// <summary>One line for each value, with its name in front.</summary>
    public static void WriteFacts(this CommandContext context, IEnumerable<(string Name, string? Value)> facts)
    {
        var shown = facts.Where(fact => fact.Value is not null).ToList();
        var width = shown.Count == 0 ? 0 : shown.Max(fact => fact.Name.Length);
        foreach (var (name, value) in shown)
            context.Output.WriteLine($"{name.PadRight(width)}  {Visible.OneLine(value!)}");
    }

    /// <summary>Leaves out the user and password that an address may contain.</summary>
    public static string Server(Uri address) => address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A duration as it is written in the settings, in its largest unit alone.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 100 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, (int)age.TotalSeconds)}s"),
        { TotalMinutes: < 100 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalMinutes}m"),
        { TotalHours: < 48 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalHours}h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalDays}d"),
    };

    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A sum of costs. If the cost of some calls is unknown, the known sum is only a lower bound and is shown as one.</summary>
    public static string Cost(decimal known, long unknown)
    {
        if (unknown > 0 && known == 0)
            return "unknown";
        var sum = string.Create(CultureInfo.InvariantCulture, $"{known:0.0000} USD");
        return unknown > 0 ? "at least " + sum : sum;
    }

    /// <summary>The same sum for a column of them: a number alone, each with as many decimals.</summary>
    public static string CostCell(decimal known, long unknown) => unknown > 0 && known == 0
        ? "unknown"
        : string.Create(CultureInfo.InvariantCulture, $"{(unknown > 0 ? "≥ " : "")}{known:0.0000}");

    public static string Calls(long count) => Many(count, "call");

    /// <summary>"1 call", "2 calls".</summary>
    public static string Many(long count, string one) => count == 1 ? $"1 {one}" : $"{Count(count)} {one}s";

    /// <summary>The first line that is not blank, cut to the given length. "…" shows that there is more.</summary>
    public static string FirstLine(string text, int longest)
    {
        var line = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        if (line.Length > longest)
            return string.Concat(line.AsSpan(0, char.IsHighSurrogate(line[longest - 1]) ? longest - 1 : longest), "…");
        return line.Length < text.Trim().Length ? line + " …" : line;
    }

    /// <summary>Lines of the relay's own words, broken between them.</summary>
    public static IEnumerable<string> Folded(string text, int room)
    {
        room = Math.Max(room, Narrowest);
        while (text.Length > room && text.LastIndexOf(' ', room) is var space and > 0)
        {
            yield return text[..space];
            text = text[(space + 1)..];
        }
        yield return text;
    }
}
