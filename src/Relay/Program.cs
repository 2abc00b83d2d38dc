using System.Runtime.CompilerServices;
using Relay.Cli;

// A session waits for its hooks: they run before anything that costs time to load.
return args is ["hook", ..] ? Hook.Run(args[1..]) : await RunCommandLineAsync(args);

[MethodImpl(MethodImplOptions.NoInlining)] // Else the types of the command line are loaded for a hook too.
static Task<int> RunCommandLineAsync(string[] arguments) => CommandLine.RunAsync(arguments, CommandContext.OfProcess());
