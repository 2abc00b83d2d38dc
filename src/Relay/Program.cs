using System.Runtime.CompilerServices;
using Relay.Cli;
using Relay.Files;
using Relay.Files.Platform;

// Sessions wait for their hooks, so a hook runs before anything is loaded that it does not need.
if (args is ["hook", ..] && !HookCommand.IsHelp(args))
    return Hook.Run(args[1..]);
return Handles.TellIfTooFew() ? ExitCode.Configuration : await RunCommandLineAsync(args);

[MethodImpl(MethodImplOptions.NoInlining)] // Inlined, it would load the types of the command line for a hook, too.
static Task<int> RunCommandLineAsync(string[] arguments)
{
    FileModes.KeepPrivate();
    return CommandLine.RunAsync(arguments, CommandContext.OfProcess(), GivenArguments.Fault(arguments));
}
