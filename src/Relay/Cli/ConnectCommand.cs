using System.CommandLine;
using System.Text;
using Relay.Agents.Connect;
using Relay.Configuration;
using Relay.Conversations;

namespace Relay.Cli;

/// <summary>relay connect claude-code: writes the entries that connect sessions, as a plugin or into a project's files.</summary>
internal static class ConnectCommand
{
    public static Command Create(CommandContext context)
    {
        var project = new Option<string?>("--project")
        {
            Description = "merge into this project's .mcp.json and .claude/settings.json",
            HelpName = "DIR",
        };
        var plugin = new Option<string?>("--plugin")
        {
            Description = "write a plugin for claude --plugin-dir; without --project and --plugin it goes into the home folder",
            HelpName = "DIR",
        };
        var session = Session();
        var mode = Mode();
        var permissions = new Option<bool>("--permissions") { Description = "ask the operator when a session needs a permission" };
        var print = new Option<bool>("--print") { Description = "show what would be written and change nothing" };
        var claudeCode = new Command("claude-code", "connect Claude Code sessions") { project, plugin, session, mode, permissions, print };
        claudeCode.Validators.Add(result =>
        {
            if (result.GetValue(project) is not null && result.GetValue(plugin) is not null)
                result.AddError("--project and --plugin exclude each other");
        });
        claudeCode.SetAction(parse =>
        {
            var choices = new ConnectChoices(
                parse.GetValue(project),
                parse.GetValue(plugin),
                parse.GetValue(session),
                RelayMode: parse.GetValue(mode) == "relay",
                parse.GetValue(permissions),
                parse.GetValue(print));
            var connect = new ConnectClaudeCode(context, context.Home(parse), ProgramCommand.OfProcess());
            return connect.Run(choices);
        });
        return new Command("connect", "connect sessions to the relay") { claudeCode };
    }

    private static Option<string?> Session()
    {
        var session = new Option<string?>("--session")
        {
            Description = "the session's name; else RELAY_SESSION, else the folder's name, made distinct",
            HelpName = "NAME",
        };
        session.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } name && SessionId.TryParse(name) is null)
                result.AddError($"--session: {SessionId.Allowed}");
        });
        return session;
    }

    private static Option<string> Mode()
    {
        var mode = new Option<string>("--mode")
        {
            Description = "ask: sessions ask when they want to; "
                + "relay: each final message goes to the advisor, whose reply continues the session",
            HelpName = "ask|relay",
            DefaultValueFactory = _ => "ask",
        };
        mode.AcceptOnlyFromAmong("ask", "relay");
        return mode;
    }
}

internal sealed record ConnectChoices(string? Project, string? Plugin, string? Session, bool RelayMode, bool Permissions, bool Print);

/// <summary>(1) Reads the settings and finds the address, (2) plans the files, (3) shows or writes them,
/// (4) says how to start a session.</summary>
internal sealed class ConnectClaudeCode(CommandContext context, RelayHome home, string program)
{
    public const string PluginFolder = "claude-plugin";

    public int Run(ConnectChoices choices)
    {
        var loaded = Load(generate: !choices.Print && RunningEndpoint.Of(home) is null); // (1)
        if (loaded is Loaded.Faulty faulty)
            return context.ReportFaults(faulty.Faults);
        var config = ((Loaded.Ok)loaded).Source.Current.Config;
        if (choices.Session is { } name && ReservedNames.IsOperators(name, config.Operator.Name))
        {
            context.Error.WriteLine($"--session: {name} is the operator's own name, which no session may have");
            return ExitCode.Usage;
        }
        if (RelayAddress.Of(home, config) is not { } url)
        {
            context.Error.WriteLine("the relay does not run, and its config.yaml says port 0, so there is no address to connect to: "
                + "start it, or choose a port with listen");
            return ExitCode.NotRunning;
        }
        try
        {
            var entries = new ClientEntries(new Connection(url, program, home.Root)
            {
                Session = choices.Session,
                RelayMode = choices.RelayMode,
                Permissions = choices.Permissions,
                MaxRounds = config.Agents.MaxRounds,
            });
            var plan = Plan(choices, entries); // (2)
            if (choices.Print)
                Show(plan); // (3)
            else
                Write(plan, choices, config, entries);
            return ExitCode.Done;
        }
        catch (Exception exception) when (exception is ConnectFault or IOException or UnauthorizedAccessException)
        {
            context.Error.WriteLine(exception.Message);
            return ExitCode.Failed;
        }
    }

    private Loaded Load(bool generate)
    {
        if (generate)
            home.CreateFolders();
        return SettingsSource.Load(home, context.Environment, generate);
    }

    private string Plugin(ConnectChoices choices) => Path.GetFullPath(choices.Plugin ?? Path.Combine(home.Root, PluginFolder));

    private IReadOnlyList<PlannedFile> Plan(ConnectChoices choices, ClientEntries entries)
    {
        if (choices.Project is not { } project)
            return ClientPlugin.Plan(Plugin(choices), entries);
        var folder = Path.GetFullPath(project);
        if (!Directory.Exists(folder))
            throw new ConnectFault($"{folder}: there is no such folder");
        return new ProjectFiles(folder).PlanConnect(entries);
    }

    private void Show(IReadOnlyList<PlannedFile> plan)
    {
        foreach (var file in plan)
        {
            context.Output.WriteLine($"# {file.Path}{(file.Content is null ? " (removed)" : "")}");
            context.Output.WriteLine(Encoding.UTF8.GetString(file.Content ?? []));
        }
    }

    private void Write(IReadOnlyList<PlannedFile> plan, ConnectChoices choices, RelayConfig config, ClientEntries entries)
    {
        ProjectFiles.Write(choices.Project is { } project ? Path.GetFullPath(project) : Plugin(choices), plan);
        if (choices.Project is { } connected)
            new ConnectedFolders(home).Add(connected);
        foreach (var file in plan.Where(file => file.Content is not null))
            context.Output.WriteLine($"wrote {file.Path}");
        if (config.Listen.Port == 0)
            context.Output.WriteLine("With port 0 in config.yaml the relay has another address after each start: "
                + "choose a port, or connect again after each start.");
        context.Output.WriteLine(); // (4)
        context.Output.WriteLine("Start a session with the token in its environment, and nowhere else:");
        context.Output.WriteLine($"  export RELAY_TOKEN=\"$(sed -n 's/^RELAY_TOKEN=//p' {ShellWord.Quote(home.EnvFile)})\"");
        context.Output.WriteLine($"  {StartCommand(choices, entries)}");
        if (choices.Project is not null)
            context.Output.Write("Claude Code asks once whether to trust the project's server. ");
        context.Output.WriteLine("The session is told at its start whether it is connected.");
    }

    private string StartCommand(ConnectChoices choices, ClientEntries entries)
    {
        if (choices.Project is { } project)
            return $"cd {ShellWord.Quote(Path.GetFullPath(project))} && claude";
        var cap = choices.RelayMode ? $"{ClientEntries.BlockCap}={entries.BlockCapValue} " : ""; // A plugin cannot set it itself.
        return $"{cap}claude --plugin-dir {ShellWord.Quote(Plugin(choices))}";
    }
}
