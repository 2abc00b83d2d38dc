using System.CommandLine;

namespace Relay.Cli;

/// <summary>relay watch: a live view of what waits for the operator, answered in place.</summary>
internal static class WatchCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new Command("watch", "watch what waits for you, live, and answer in place");
        command.SetAction(async (parse, cancellationToken) =>
        {
            if (context.IsInputRedirected || !context.IsOutputTerminal || context.Environment.GetValueOrDefault("TERM") is "dumb")
                throw new CommandFailure(
                    ExitCode.Usage, "relay watch needs a terminal that can be drawn on; relay status says once what it shows, and "
                        + "relay log --follow goes on");
            using var daemon = new DaemonClient(context.Settings(parse), TimeProvider.System);
            return daemon.ProcessId is null
                ? throw DaemonClient.NotRunning()
                : await new Watcher(context, daemon).RunAsync(cancellationToken);
        });
        return command;
    }
}
