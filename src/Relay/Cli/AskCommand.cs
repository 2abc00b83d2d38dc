using System.CommandLine;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Http;

namespace Relay.Cli;

/// <summary>relay ask: puts a message in and waits for its reply.</summary>
internal static class AskCommand
{
    public static Command Create(CommandContext context)
    {
        var session = Parts.Session();
        var text = Parts.Text("what the session asks; - or nothing reads standard input");
        var id = Parts.Id();
        var json = Parts.Json();
        var timeout = new Option<TimeSpan>("--timeout")
        {
            Description = "how long to wait, such as 90s, 10m or 1h30m",
            HelpName = "10m",
            DefaultValueFactory = _ => TimeSpan.FromMinutes(10),
            CustomParser = result => Parts.Value(result, Duration.Parse, "--timeout: a duration such as 90s, 10m or 1h30m is expected"),
        };
        var command = new Command("ask", "put a message of a session in, wait, and print the reply") { session, text, timeout, id, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var settings = context.Settings(parse);
            Outgoing.CheckSession(settings, parse.GetValue(session));
            using var daemon = new DaemonClient(settings, TimeProvider.System);
            if (daemon.ProcessId is null)
                throw DaemonClient.NotRunning();
            var content = await TextInput.ReadAsync(context, parse.GetValue(text), settings.Current.Config.MaxEnvelopeBytes, cancellationToken);
            var message = Outgoing.Of(parse.GetValue(session), content, parse.GetValue(id));
            return await new Ask(context, settings, daemon, message, parse.GetValue(timeout)).RunAsync(parse.GetValue(json), cancellationToken);
        });
        return command;
    }
}
