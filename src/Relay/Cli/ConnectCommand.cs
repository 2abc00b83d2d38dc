using System.CommandLine;
using System.Text;
using Relay.Agents.Connect;
using Relay.Configuration;

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
        claudeCode.SetAction((parse, cancellationToken) =>
        {
            var choices = new ConnectChoices(
                parse.GetValue(project),
                parse.GetValue(plugin),
                parse.GetValue(session),
                RelayMode: parse.GetValue(mode) == "relay",
                parse.GetValue(permissions),
                parse.GetValue(print));
            var connect = new ConnectClaudeCode(context, context.Home(parse), ProgramCommand.OfProcess());
            return connect.RunAsync(choices, cancellationToken);
        });
        return new Command("connect", "connect sessions to the relay") { claudeCode };
    }

    private static Option<string?> Session()
    {
        var session = new Option<string?>("--session")
        {
            Description = "the connection's name, and its session's; else the project's folder's",
            HelpName = "NAME",
        };
        session.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } name && !ConnectionEntry.IsName(name))
                result.AddError($"--session: {ConnectionEntry.AllowedNames}");
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

/// <summary>(1) Reads the settings and finds the address, (2) makes the connection, (3) plans the files, (4) shows or writes them,
/// (5) says how to start a session.</summary>
internal sealed class ConnectClaudeCode(CommandContext context, RelayHome home, string program)
{
    public const string PluginFolder = "claude-plugin";

    private readonly ConnectionBook _connections = new(home, TimeProvider.System);

    public async Task<int> RunAsync(ConnectChoices choices, CancellationToken cancellationToken)
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
            var connected = await ConnectedAsync(choices, config, cancellationToken); // (2)
            var plan = Plan(choices, entries, connected); // (3)
            if (choices.Print)
                Show(plan); // (4)
            else
                Write(plan, choices, config, entries, connected);
            return ExitCode.Done;
        }
        catch (Exception exception) when (exception is ConnectFault or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            context.Error.WriteLine(exception.Message);
            return ExitCode.Failed;
        }
    }

    /// <summary>The connection; none for a plugin that is for any session.</summary>
    private sealed record Connected(string Name, string Token);

    /// <summary>Nothing is made where it is only shown.</summary>
    private async Task<Connected?> ConnectedAsync(ConnectChoices choices, RelayConfig config, CancellationToken cancellationToken)
    {
        var folder = choices.Project is { } project ? Path.GetFullPath(project) : null;
        if (folder is not null && !Directory.Exists(folder))
            throw new ConnectFault($"{folder}: there is no such folder");
        var name = choices.Session
            ?? (folder is null ? null : ConnectionNames.OfProject(folder, _connections.List(), config.Operator.Name));
        if (name is null || choices.Print)
            return name is null ? null : new Connected(name, $"(what relay token {name} prints)");
        return new Connected(name, (await _connections.OpenAsync(name, folder, cancellationToken)).Token);
    }

    private Loaded Load(bool generate)
    {
        if (generate)
            home.CreateFolders();
        return SettingsSource.Load(home, context.Environment, generate);
    }

    private string Plugin(ConnectChoices choices) => Path.GetFullPath(choices.Plugin ?? Path.Combine(home.Root, PluginFolder));

    private IReadOnlyList<PlannedFile> Plan(ConnectChoices choices, ClientEntries entries, Connected? connected)
    {
        if (choices.Project is not { } project)
            return ClientPlugin.Plan(Plugin(choices), entries);
        var folder = Path.GetFullPath(project);
        return new ProjectFiles(folder, home.Root).PlanConnect(entries, new LocalSettings(connected!.Token, home.Root, folder));
    }

    private void Show(IReadOnlyList<PlannedFile> plan)
    {
        foreach (var file in plan)
        {
            context.Output.WriteLine($"# {file.Path}{(file.Content is null ? " (removed)" : "")}");
            context.Output.WriteLine(Encoding.UTF8.GetString(file.Content ?? []));
        }
    }

    private void Write(
        IReadOnlyList<PlannedFile> plan, ConnectChoices choices, RelayConfig config, ClientEntries entries, Connected? connected)
    {
        var folder = choices.Project is { } named ? Path.GetFullPath(named) : null;
        ProjectFiles.Write(folder ?? Plugin(choices), plan);
        if (folder is not null)
            new ConnectedFolders(home).Add(folder);
        foreach (var file in plan.Where(file => file.Content is not null))
            context.Output.WriteLine($"wrote {file.Path}");
        if (config.Listen.Port == 0)
            context.Output.WriteLine("With port 0 in config.yaml the relay has another address after each start: "
                + "choose a port, or connect again after each start.");
        context.Output.WriteLine(); // (5)
        foreach (var line in folder is not null
            ? InProject(folder, connected!)
            : WithPlugin(choices, entries, connected))
            context.Output.WriteLine(line);
        context.Output.WriteLine("The session is told at its start whether it is connected.");
    }

    private static IEnumerable<string> InProject(string project, Connected connected)
    {
        var versions = GitExclude.Of(project) is null ? "keep it out of version control" : "git leaves it out (.git/info/exclude)";
        yield return $"The token of {connected.Name} is in .claude/settings.local.json, for you alone; {versions}. No export is needed:";
        yield return $"  cd {ShellWord.Quote(project)} && claude";
        yield return "The same file denies the session your home and the operator's commands: a fence against slips, not a border, "
            + "since a shell of yours reads what you can read.";
        yield return "Claude Code asks once whether to trust the project's server.";
    }

    private IEnumerable<string> WithPlugin(ConnectChoices choices, ClientEntries entries, Connected? connected)
    {
        yield return connected is null
            ? "Start a session with the token of a connection in its environment; NAME is a name for it:"
            : $"Start a session with the token of {connected.Name} in its environment:";
        yield return $"  eval \"$({program} env {connected?.Name ?? "NAME"} --home {ShellWord.Quote(home.Root)})\"";
        var cap = choices.RelayMode ? $"{ClientEntries.BlockCap}={entries.BlockCapValue} " : ""; // A plugin cannot set it itself.
        yield return $"  {cap}claude --plugin-dir {ShellWord.Quote(Plugin(choices))}";
    }
}
