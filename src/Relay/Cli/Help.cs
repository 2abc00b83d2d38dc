using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Relay.Cli;

/// <summary>The help: the commands in groups, an example for each, and what the heads of its table mean.</summary>
internal sealed class Help(CommandContext context) : SynchronousCommandLineAction
{
    private const int LongestLine = 120;

    /// <summary>In the order in which a new user meets them.</summary>
    private static readonly (string Group, string[] Commands)[] Groups =
    [
        ("Daily", ["status", "messages", "log", "search", "ask", "send", "sessions", "costs", "budget"]),
        ("Operator", ["questions", "answer", "say", "watch", "rulings", "pause", "resume", "dashboard"]),
        ("Setup",
            ["demo", "init", "run", "topic", "connect", "disconnect", "claude", "token", "tokens", "env", "mcp", "channel", "completion"]),
        ("Repair", ["doctor", "explain", "retry", "drop"]),
    ];

    private static readonly Dictionary<string, string> Examples = new()
    {
        ["answer"] = "relay answer 3 \"Merge them, keep the older one.\"",
        ["ask"] = "relay ask --session session-1 \"Shall I run the migration?\" --timeout 10m",
        ["budget"] = "relay budget --today 25",
        ["channel"] = "relay channel --session session-1",
        ["claude"] = "relay claude --continue",
        ["claude-code"] = "relay connect claude-code --project . --session session-1",
        ["completion"] = "eval \"$(relay completion bash)\"",
        ["connect"] = "relay connect claude-code --project . --session session-1",
        ["costs"] = "relay costs --by day",
        ["dashboard"] = "relay dashboard --print",
        ["demo"] = "relay demo",
        ["disconnect"] = "relay disconnect claude-code --project .",
        ["doctor"] = "relay doctor --page",
        ["drop"] = "relay drop 1kyy8tem0",
        ["env"] = "eval \"$(relay env session-1)\"",
        ["explain"] = "relay explain 1kyy8tem0",
        ["hook"] = "relay hook session-start --home ~/.relay --url http://127.0.0.1:7420",
        ["init"] = "relay init",
        ["log"] = "relay log --follow",
        ["mcp"] = "relay mcp --session session-1",
        ["messages"] = "relay messages",
        ["overturn"] = "relay rulings overturn 1kyy8tem0",
        ["pause"] = "relay pause default",
        ["questions"] = "relay questions",
        ["relay"] = "relay ask --session session-1 \"Shall I run the migration?\"",
        ["resume"] = "relay resume default",
        ["retire"] = "relay rulings retire 41 \"we build with .NET now\"",
        ["retry"] = "relay retry",
        ["rulings"] = "relay rulings 41",
        ["run"] = "relay run",
        ["say"] = "relay say \"[always] Nobody deploys on Fridays.\" --wait",
        ["scope"] = "relay rulings scope 41 always",
        ["search"] = "relay search migration plan",
        ["send"] = "git diff | relay send --session session-1",
        ["sessions"] = "relay sessions",
        ["status"] = "relay status --json",
        ["token"] = "relay token session-1",
        ["tokens"] = "relay tokens --revoke session-1",
        ["topic"] = "relay topic",
        ["watch"] = "relay watch",
    };

    private static readonly Dictionary<string, IReadOnlyList<Column>> Tables = new()
    {
        ["costs"] = CostsCommand.Columns,
        ["messages"] = MessagesCommand.Columns,
        ["sessions"] = SessionsCommand.Columns,
        ["status"] = SessionsCommand.Columns,
        ["tokens"] = ConnectionCommands.Columns,
    };

    private readonly TextWriter _output = context.Output;

    public override int Invoke(ParseResult parseResult)
    {
        var command = parseResult.CommandResult.Command;
        foreach (var line in Printing.Folded(command.Description ?? "", context.Width ?? LongestLine))
            _output.WriteLine(line);
        Section("Usage", [(Usage(command), "")]);
        if (command is RootCommand)
            WriteGroups(command);
        else
            Section("Commands", command.Subcommands.Where(sub => !sub.Hidden).Select(sub => (Head(sub), sub.Description)));
        Section("Arguments", command.Arguments.Select(argument => (Label(argument), argument.Description)));
        Section("Options", OptionsOf(command).Select(option => (Label(option), (string?)Describe(option))));
        if (Tables.TryGetValue(command.Name, out var columns))
            Section("Columns", columns.Where(column => column.Meaning is not null).Select(column => (column.Name, column.Meaning)));
        if (Examples.TryGetValue(command is RootCommand ? "relay" : command.Name, out var example))
            Section("Example", [(Of(command, example), "")]);
        return ExitCode.Done;
    }

    /// <summary>One command stands under two others.</summary>
    private static string Of(Command command, string example) =>
        command.Parents.OfType<Command>().Any(parent => parent.Name == "disconnect") ? Examples["disconnect"] : example;

    private static string Usage(Command command)
    {
        if (command is RootCommand)
            return "relay COMMAND [options]";
        var parents = command.Parents.OfType<Command>().Where(parent => parent is not RootCommand);
        var path = parents.Select(parent => parent.Name).Append(command.Name);
        var sub = command.Subcommands.Count > 0 ? " COMMAND" : "";
        return $"relay {string.Join(' ', [.. path, .. command.Arguments.Select(Label)])}{sub} [options]";
    }

    private void WriteGroups(Command root)
    {
        var commands = root.Subcommands.Where(command => !command.Hidden).ToDictionary(command => command.Name);
        var width = commands.Values.Max(command => Head(command).Length);
        var grouped = Groups.SelectMany(group => group.Commands).ToHashSet();
        var others = commands.Keys.Where(name => !grouped.Contains(name)).ToArray();
        foreach (var (group, names) in others.Length == 0 ? Groups : [.. Groups, ("Other", others)])
            Section(
                group,
                names.Where(commands.ContainsKey).Select(name => (Head(commands[name]).PadRight(width), commands[name].Description)));
    }

    /// <summary>Nothing where it has no lines. Long descriptions go on under themselves.</summary>
    private void Section(string title, IEnumerable<(string Name, string? Text)> lines)
    {
        var all = lines.ToList();
        if (all.Count == 0)
            return;
        _output.WriteLine();
        _output.WriteLine($"{title}:");
        var width = all.Max(line => line.Name.Length);
        foreach (var (name, text) in all)
        {
            var left = $"  {name.PadRight(width)}  ";
            foreach (var (index, part) in Printing.Folded(text ?? "", (context.Width ?? LongestLine) - left.Length).Index())
                _output.WriteLine(((index == 0 ? left : new string(' ', left.Length)) + part).TrimEnd());
        }
    }

    private static string Head(Command command) => string.Join(' ', command.Arguments.Select(Label).Prepend(command.Name));

    /// <summary>MESSAGE, or MESSAGE? where it may be left out.</summary>
    private static string Label(Argument argument) =>
        argument.Arity.MinimumNumberOfValues > 0 || argument.Name.EndsWith('?') ? argument.Name : argument.Name + "?";

    /// <summary>The command's own, and those of all.</summary>
    private static IEnumerable<Option> OptionsOf(Command command) => command.Options
        .Concat(command.Parents.OfType<Command>().SelectMany(parent => parent.Options).Where(option => option.Recursive))
        .Concat(command.Parents.OfType<Command>().SelectMany(parent => parent.Parents.OfType<Command>())
            .SelectMany(parent => parent.Options).Where(option => option.Recursive))
        .Where(option => !option.Hidden)
        .DistinctBy(option => option.Name);

    private static string Label(Option option)
    {
        var aliases = option.Aliases.Where(name => name.StartsWith('-') && name != "-?");
        var names = string.Join(", ", aliases.Append(option.Name).OrderBy(name => name.Length));
        return option.HelpName is null ? names : $"{names} {option.HelpName}";
    }

    private static string Describe(Option option) => option switch
    {
        HelpOption => "this help",
        VersionOption => "the version",
        { HasDefaultValue: true } when option.GetDefaultValue() is string value => $"{option.Description}; {value} unless said",
        _ => option.Description ?? "",
    };
}
