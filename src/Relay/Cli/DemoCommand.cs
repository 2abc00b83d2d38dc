using System.CommandLine;

namespace Relay.Cli;

/// <summary>relay demo: question, escalation, answer and replies in a temporary home, offline.</summary>
internal static class DemoCommand
{
    public static Command Create(CommandContext context)
    {
        var keep = new Option<bool>("--keep") { Description = "leave it running, and print its address and a link to its page" };
        var command = new Command("demo", "show questions, an escalation and replies with the simulated advisor") { keep };
        command.SetAction((parse, cancellationToken) => new Demo(context).RunAsync(parse.GetValue(keep), cancellationToken));
        return command;
    }
}
