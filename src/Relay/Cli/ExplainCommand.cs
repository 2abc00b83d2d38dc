using System.CommandLine;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Http;

namespace Relay.Cli;

/// <summary>relay explain: all that happened to a message.</summary>
internal static class ExplainCommand
{
    public static Command Create(CommandContext context)
    {
        var message = Parts.Message();
        var json = Parts.Json();
        var command = new Command("explain", "show all that happened to a message, and what it cost") { message, json };
        command.SetAction((parse, cancellationToken) =>
            RunAsync(context, context.Settings(parse), parse.GetValue(message)!, parse.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, SettingsSource settings, string text, bool json, CancellationToken cancellationToken)
    {
        await using var records = await Records.OpenAsync(settings, cancellationToken);
        var found = await records.ReadAsync(reading => MessageSearch.FindAsync(reading, text, cancellationToken), cancellationToken);
        if (found.Count != 1)
            throw new CommandFailure(ExitCode.Failed, found.Count == 0 ? $"there is no message {text}" : Ambiguous(text, found));
        var story = await records.ReadAsync(reading => MessageStory.ReadAsync(reading, found[0], cancellationToken), cancellationToken);
        if (json)
            context.WriteJson(story.ToJson());
        else
            story.Show(context);
        return ExitCode.Done;
    }

    private static string Ambiguous(string text, List<Message> found) =>
        $"{text} may be several messages:\n" + string.Join('\n', found.Select(each =>
            $"{each.Id}  {(each.Speaker == Speaker.Session ? each.Session.Value : "operator")}  {Printing.Time(each.AcceptedAt)}  {Printing.FirstLine(each.Content, 60)}"));
}
