using System.CommandLine;

namespace Relay.Cli;

/// <summary>relay hook, as the help knows it: what it does is in <see cref="Hook"/>, which runs before a command line is parsed.</summary>
internal static class HookCommand
{
    public static bool IsHelp(string[] arguments) => arguments.Any(argument => argument is "--help" or "-h" or "-?");

    public static Command Create()
    {
        var name = new Argument<string>("session-start|post|wait") { Description = "which of the client's hooks this is" };
        var command = new Command(
            "hook", "Claude Code's command hooks, which relay connect writes: the event comes by standard input, "
                + "the token by RELAY_SESSION_TOKEN")
        {
            name,
            new Option<string>("--url") { Description = "where the relay listens", HelpName = "URL" },
            new Option<string>("--session") { Description = "the session's name; else RELAY_SESSION", HelpName = "NAME" },
            new Option<string>("--timeout") { Description = "how long post waits for an answer", HelpName = "30s" },
        };
        command.Hidden = true;
        return command;
    }
}
