using System.CommandLine;

namespace Relay.Cli;

/// <summary>relay drop: the operator gives up a message. What happened to it stays on record.</summary>
internal static class DropCommand
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(20);

    public static Command Create(CommandContext context)
    {
        var message = CommonOptions.Message();
        var json = CommonOptions.Json();
        var command = new Command("drop", "give up a message that has no answer yet") { message, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var daemon = new DaemonClient(context.Settings(parse), TimeProvider.System);
            var body = new { Message = parse.GetValue(message) };
            var done = DaemonClient.BodyOf(await daemon.PostAsync("/messages/drop", body, ResponseTimeout, cancellationToken));
            if (parse.GetValue(json))
                context.WriteJson(done);
            else
                context.Output.WriteLine($"{done.GetProperty("message").GetString()} is given up");
            return ExitCode.Done;
        });
        return command;
    }
}
