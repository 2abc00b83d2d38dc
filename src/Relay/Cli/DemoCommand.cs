using System.CommandLine;

namespace Relay.Cli;

/// <summary>relay demo: the whole main job in a temporary home, offline.</summary>
internal static class DemoCommand
{
    public static Command Create(CommandContext context)
    {
        var keep = new Option<bool>("--keep") { Description = "leave it running and print its address" };
        var command = new Command("demo", "show the whole main job with the simulated advisor") { keep };
        command.SetAction((parse, cancellationToken) => new Demo(context).RunAsync(parse.GetValue(keep), cancellationToken));
        return command;
    }
}
