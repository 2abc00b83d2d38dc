using Relay.Cli;

return await CommandLine.RunAsync(args, CommandContext.OfProcess());
