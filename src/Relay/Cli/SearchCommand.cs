using System.CommandLine;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Texts;

namespace Relay.Cli;

/// <summary>relay search: finds words in what was said, in every conversation or one.</summary>
internal static class SearchCommand
{
    private const int Shown = 20, MostShown = 200;

    public static Command Create(CommandContext context)
    {
        var words = new Argument<string[]>("WORDS")
        {
            Description = "which all have to be there; '\"in quotes\"' next to each other; 'migrat*' for the beginning of one",
            Arity = ArgumentArity.OneOrMore,
        };
        words.Validators.Add(CommonOptions.RefuseMistypedOptions);
        var conversation = new Option<string?>("--conversation")
        {
            Description = "only in this one",
            HelpName = "NAME",
            Validators = { CommonOptions.RefuseEmpty },
        };
        var most = new Option<int>("--most")
        {
            Description = $"how many are shown, {Shown} unless said",
            HelpName = "N",
            DefaultValueFactory = _ => Shown,
        };
        var json = CommonOptions.Json();
        var command = new Command("search", "find words in what was said") { words, conversation, most, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var text = string.Join(' ', parse.GetValue(words) ?? []);
            var query = SearchQuery.Parse(text) ?? throw new CommandFailure(ExitCode.Usage, "there is no word in that");
            var wanted = new WordsWanted(query)
            {
                Conversation = parse.GetValue(conversation) is { } name ? new ConversationId(name) : null,
                Most = Math.Clamp(parse.GetValue(most), 1, MostShown),
            };
            return await RunAsync(context, context.Settings(parse), wanted, parse.GetValue(json), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        CommandContext context, SettingsSource settings, WordsWanted wanted, bool json, CancellationToken cancellationToken)
    {
        await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
        var answer = await reader.ReadAsync(
            reading => JournalSearch.FindAsync(reading, reader.Dialect, wanted, cancellationToken), cancellationToken);
        if (json)
            context.WriteJson(new
            {
                Found = answer.Found.Select(found => Json(found, wanted.Query)),
                answer.IsAll,
                answer.NotSearched,
            });
        else
            Show(context, answer, wanted.Query);
        return ExitCode.Done;
    }

    private static void Show(CommandContext context, SearchAnswer answer, SearchQuery query)
    {
        foreach (var found in answer.Found)
        {
            var left = found.Entry.LeftOut is null ? "" : "  left out of later calls";
            var message = found.Message is { } id ? $"  {id}" : "";
            context.WriteText(
                $"{found.Conversation} {found.Entry.Position}  {found.Entry.Speaker}  {Printing.Time(found.Entry.At)}{message}{left}");
            context.WriteText("  " + Line(found, query));
        }
        if (answer.Found.Count == 0)
            context.Output.WriteLine("nothing was found");
        if (answer.Next is not null)
            context.Output.WriteLine($"the newest {Printing.Count(answer.Found.Count)} are shown: there may be more, --most N shows them");
        if (answer.NotSearched > 0)
            context.Output.WriteLine(
                $"{Printing.Count(answer.NotSearched)} {(answer.NotSearched == 1 ? "entry is" : "entries are")} not in the index yet; "
                + "a running relay adds them by and by");
    }

    private static string Line(EntryFound found, SearchQuery query) =>
        string.Concat(Snippet.Of(found.Entry.Content, query).Select(part => part.Text));

    private static object Json(EntryFound found, SearchQuery query) => new
    {
        Conversation = found.Conversation.Value,
        found.Entry.Position,
        found.Entry.Speaker,
        found.Entry.At,
        Message = found.Message?.Value,
        LeftOut = found.Entry.LeftOut is not null,
        Text = Line(found, query),
    };
}
