using System.CommandLine;

namespace Relay.Cli;

/// <summary>relay ask: sends a message of a session and waits for its reply.</summary>
internal static class AskCommand
{
    public static Command Create(CommandContext context)
    {
        var session = CommonOptions.Session();
        var text = CommonOptions.Text("what the session asks; - or no text reads standard input");
        var id = CommonOptions.Id();
        var json = CommonOptions.Json();
        var timeout = CommonOptions.Timeout();
        var command = new Command("ask", "send a message of a session, wait, and print the reply") { session, text, timeout, id, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var speaker = CommonOptions.SessionOf(context, parse, session);
            var settings = context.Settings(parse);
            NewMessage.CheckSession(settings, speaker);
            using var daemon = new DaemonClient(settings, TimeProvider.System);
            if (daemon.ProcessId is null)
                throw DaemonClient.NotRunning();
            var limit = settings.Current.Config.MaxEnvelopeBytes;
            var content = await TextInput.ReadAsync(context, parse.GetValue(text), limit, cancellationToken);
            var message = NewMessage.Of(speaker, content, parse.GetValue(id));
            var ask = new Ask(context, daemon, message, parse.GetValue(timeout));
            return await ask.RunAsync(parse.GetValue(json), cancellationToken);
        });
        return command;
    }
}
