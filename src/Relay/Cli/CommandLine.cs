using System.CommandLine;

namespace Relay.Cli;

/// <summary>The commands, a file each.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] arguments, CommandContext context)
    {
        var root = new RootCommand("One long-lived advisor for several Claude Code sessions, and one human reached only when it must.")
        {
            RunCommand.Create(context),
            DemoCommand.Create(context),
            ConnectCommand.Create(context),
            DisconnectCommand.Create(context),
        };
        root.Add(context.HomeOption);
        var parse = root.Parse(arguments);
        var exit = await parse.InvokeAsync(new InvocationConfiguration
        {
            Output = context.Output,
            Error = context.Error,
            ProcessTerminationTimeout = null, // Commands that run long stop by their own rules.
        });
        return parse.Errors.Count > 0 ? ExitCode.Usage : exit;
    }
}
