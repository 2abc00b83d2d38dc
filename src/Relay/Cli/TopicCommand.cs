using System.CommandLine;

namespace Relay.Cli;

/// <summary>relay topic: prints the ntfy topic of the operator's pages, to subscribe to on a phone.</summary>
internal static class TopicCommand
{
    public static Command Create(CommandContext context)
    {
        var json = CommonOptions.Json();
        var command = new Command("topic", "print the ntfy topic and its address") { json };
        command.SetAction(parse => Run(context, parse, parse.GetValue(json)));
        return command;
    }

    private static int Run(CommandContext context, ParseResult parse, bool json)
    {
        var secrets = context.Settings(parse).Current.Secrets;
        if (secrets.NtfyTopic.Length == 0)
            throw new CommandFailure(ExitCode.Failed, "there is no topic yet: relay run makes one, and so does relay init in a new home");
        var server = secrets.NtfyServer.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped);
        var address = $"{server.TrimEnd('/')}/{secrets.NtfyTopic}";
        var answers = $"{server.TrimEnd('/')}/{secrets.NtfyAnswerTopic}";
        if (json)
            context.WriteJson(
                new { Topic = secrets.NtfyTopic, Address = address, AnswerTopic = secrets.NtfyAnswerTopic, AnswerAddress = answers });
        else
            context.WriteFacts(
                [("topic", secrets.NtfyTopic), ("address", address), ("answers", answers)]);
        return ExitCode.Done;
    }
}
