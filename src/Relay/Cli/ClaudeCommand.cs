using System.CommandLine;
using Relay.Files.Platform;

namespace Relay.Cli;

/// <summary>relay claude: starts Claude Code in a connected folder, with what it needs, in the place of this process.</summary>
internal static class ClaudeCommand
{
    private const string Name = "claude", Home = "--home";

    /// <param name="context">Of the command line.</param>
    /// <param name="client">The client's own arguments, which are not parsed here.</param>
    public static Command Create(CommandContext context, IReadOnlyList<string> client)
    {
        var command = new Command(Name, "start Claude Code in this folder, connected; ARGS are the client's own")
        {
            new Argument<string[]>("ARGS") { Arity = ArgumentArity.ZeroOrMore },
        };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var launch = await new ClaudeLaunch(context, context.Home(parse)).FindAsync(client, cancellationToken);
            throw new CommandFailure(
                ExitCode.Failed,
                $"{launch.Program}: {ProcessImage.Replace(launch.Program, launch.Arguments, launch.Environment)}");
        });
        return command;
    }

    /// <summary>What is ours of a command line, and what is the client's: all that follows the name but --home.</summary>
    public static (string[] Ours, string[] Clients) Split(string[] arguments)
    {
        var at = arguments switch
        {
            [Name, ..] => 0,
            [var home, Name, ..] when IsHomeWithValue(home) => 1,
            [Home, _, Name, ..] => 2,
            _ => -1,
        };
        if (at < 0 || arguments[(at + 1)..] is ["--help" or "-h" or "-?"])
            return (arguments, []);
        List<string> ours = [.. arguments[..(at + 1)]], clients = [];
        for (var each = at + 1; each < arguments.Length; each++)
            if (arguments[each] == "--")
            {
                clients.AddRange(arguments[each..]);
                break;
            }
            else if (arguments[each] == Home && each + 1 < arguments.Length)
                ours.AddRange(arguments[each], arguments[++each]);
            else if (IsHomeWithValue(arguments[each]))
                ours.Add(arguments[each]);
            else
                clients.Add(arguments[each]);
        return ([.. ours], [.. clients]);
    }

    private static bool IsHomeWithValue(string argument) => argument.StartsWith(Home + "=", StringComparison.Ordinal);
}
