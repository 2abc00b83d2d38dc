using System.CommandLine;
using Relay.Configuration;
using Relay.Conversations;

namespace Relay.Cli;

/// <summary>relay explain: everything that happened to a message.</summary>
internal static class ExplainCommand
{
    public static Command Create(CommandContext context)
    {
        var message = CommonOptions.Message();
        var json = CommonOptions.Json();
        var command = new Command("explain", "show everything that happened to a message, and what it cost") { message, json };
        command.SetAction((parse, cancellationToken) =>
            RunAsync(context, context.Settings(parse), parse.GetValue(message)!, parse.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        CommandContext context, SettingsSource settings, string text, bool json, CancellationToken cancellationToken)
    {
        await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
        var found = await reader.ReadAsync(reading => MessageSearch.FindAsync(reading, text, cancellationToken), cancellationToken);
        if (found.Count != 1)
            throw new CommandFailure(ExitCode.Failed, found.Count == 0 ? $"there is no message {text}" : Ambiguous(text, found));
        var story = await reader.ReadAsync(reading => MessageStory.ReadAsync(reading, found[0], cancellationToken), cancellationToken);
        if (CutOff.Is(settings))
            story = story with { WaitsFor = CutOff.Told(story.WaitsFor) };
        if (json)
            context.WriteJson(story.ToJson());
        else
            story.Show(context);
        return ExitCode.Done;
    }

    private static string Ambiguous(string text, List<Message> found) =>
        $"{text} may be several messages:\n" + string.Join('\n', found.Select(Line));

    private static string Line(Message message)
    {
        var speaker = message.Speaker == Speaker.Session ? message.Session.Value : "operator";
        return $"{message.Id}  {speaker}  {Printing.Time(message.AcceptedAt)}  {Printing.FirstLine(message.Content, 60)}";
    }
}
