using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Texts;
using Relay.Turns;
using Relay.Web.Status;

namespace Relay.Cli;

/// <summary>relay log: shows the journal, that is who said what and when.</summary>
internal static class LogCommand
{
    public static Command Create(CommandContext context)
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "keep printing new entries, until Ctrl-C" };
        var conversation = new Option<string?>("--conversation")
        {
            Description = "only this conversation",
            HelpName = "C",
            Validators = { CommonOptions.RefuseEmpty },
        };
        var count = new Option<int>("--lines", "-n")
        {
            Description = "how many of the newest entries",
            HelpName = "50",
            DefaultValueFactory = _ => 50,
            CustomParser = Number,
        };
        var full = new Option<bool>("--full") { Description = "the whole text of each entry" };
        var json = CommonOptions.Json();
        json.Description = "JSON on standard output, and nothing else: a list, or with --follow one object on each line";
        var command = new Command("log", "show the journal: who said what and when") { follow, conversation, count, full, json };
        command.SetAction((parse, cancellationToken) =>
        {
            var only = parse.GetValue(conversation) is { } name ? new ConversationId(name) : (ConversationId?)null;
            var log = new JournalView(context, context.Settings(parse), only, parse.GetValue(full), parse.GetValue(json));
            return log.RunAsync(parse.GetValue(count), parse.GetValue(follow), cancellationToken);
        });
        return command;
    }

    private static int Number(ArgumentResult result) => CommonOptions.Value(
        result,
        word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : (int?)null,
        "-n: a number from 0 on is expected") ?? default;
}

/// <summary>Reads the journal forwards. It keeps the last position of each conversation and shows what comes after it.</summary>
internal sealed class JournalView(CommandContext context, SettingsSource settings, ConversationId? only, bool full, bool json)
{
    private const int LongestText = 160;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(400);
    private readonly Dictionary<ConversationId, long> _seen = [];

    public async Task<int> RunAsync(int count, bool follow, CancellationToken cancellationToken)
    {
        var lines = await NextAsync(newest: count, cancellationToken);
        var shown = lines.TakeLast(count).ToList();
        if (json && !follow)
        {
            context.WriteJson(shown.Select(Json).ToList());
            return ExitCode.Done;
        }
        if (shown.Count == 0 && !follow && count > 0)
            context.Output.WriteLine(only is { } name ? $"there is nothing yet in {name}" : "there is nothing yet: nobody has spoken");
        Show(shown);
        while (follow)
        {
            await Task.Delay(Poll, TimeProvider.System, cancellationToken);
            Show(await NextAsync(newest: null, cancellationToken));
        }
        return ExitCode.Done;
    }

    /// <param name="newest">The most entries to read from each conversation; null for all since the last call.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    private async Task<List<JournalLine>> NextAsync(int? newest, CancellationToken cancellationToken)
    {
        await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
        var lines = new List<JournalLine>();
        var conversations = await reader.ReadAsync(reading => ConversationStore.ListAsync(reading, cancellationToken), cancellationToken);
        foreach (var (conversation, last) in conversations)
        {
            if (only is { } wanted && wanted != conversation)
                continue;
            var after = newest is { } limit ? last - limit : _seen.GetValueOrDefault(conversation);
            _seen[conversation] = last;
            if (last <= after)
                continue;
            lines.AddRange(await reader.ReadAsync(
                reading => JournalLines.ReadAsync(reading, conversation, after, last, cancellationToken), cancellationToken));
        }
        return JournalLines.InOrder(lines);
    }

    private void Show(List<JournalLine> lines)
    {
        foreach (var line in lines)
        {
            if (json)
                context.WriteJsonLine(Json(line));
            else
                context.WriteEntry(
                    $"{Printing.Time(line.Entry.At)}  {line.Message?.Value ?? "-",-15}  {Speaker(line)}: ", Text(line));
        }
        context.Output.Flush();
    }

    private string Text(JournalLine line)
    {
        var entry = line.Entry;
        var text = full ? entry.Content : Printing.FirstLine(entry.Content, LongestText);
        if (line.SettledBy.Count > 0)
            text += $"\n({Citations.Settled(line.SettledBy.Cast<object>())})";
        return entry.LeftOut is { } left ? $"{text}\n(calls carry in its place: {left})" : text;
    }

    private string Speaker(JournalLine line)
    {
        var speaker = line.Entry.Role == EntryRole.Summary ? "summary" : line.Entry.Speaker;
        var said = line.To.Count == 0 ? speaker : $"{speaker} to {string.Join(", ", line.To)}";
        return only is null && line.Conversation != SessionDirectory.Default ? $"{line.Conversation}/{said}" : said;
    }

    private static object Json(JournalLine line) => new
    {
        Conversation = line.Conversation.Value,
        line.Entry.Position,
        line.Entry.At,
        Role = line.Entry.Role.Word(),
        line.Entry.Speaker,
        Message = line.Message?.Value,
        line.To,
        Text = line.Entry.Content,
        line.Entry.LeftOut,
        line.SettledBy,
    };
}
