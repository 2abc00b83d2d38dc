using System.CommandLine;
using Relay.Configuration;
using Relay.Files.Platform;

namespace Relay.Cli;

/// <summary>relay connect claude-code: writes the entries that connect sessions, as a plugin or into a project's files.</summary>
internal static class ConnectCommand
{
    public static Command Create(CommandContext context)
    {
        var place = new PlaceOptions();
        var far = new FarOptions();
        var session = Session();
        var mode = Mode();
        var shared = new Option<bool>("--shared")
        {
            Description = "write what a team commits, where everybody runs a relay: .mcp.json and .claude/settings.json",
        };
        var permissions = new Option<bool>("--permissions") { Description = "ask the operator when a session needs a permission" };
        var print = new Option<bool>("--print") { Description = "show what would be written and change nothing" };
        var claudeCode = new Command("claude-code", "connect Claude Code sessions") { session, mode, permissions, shared, print };
        place.AddTo(claudeCode);
        far.AddTo(claudeCode);
        claudeCode.Validators.Add(result =>
        {
            if (result.GetValue(shared) && result.GetValue(place.Project) is null)
                result.AddError("--shared needs --project");
        });
        claudeCode.SetAction(async (parse, cancellationToken) =>
        {
            var choices = new ConnectChoices
            {
                Project = place.ProjectOf(parse),
                Plugin = parse.GetValue(place.Plugin) is { } plugin ? Path.GetFullPath(plugin) : null,
                User = parse.GetValue(place.User),
                Session = parse.GetValue(session),
                RelayMode = parse.GetValue(mode) == "relay",
                Permissions = parse.GetValue(permissions),
                Shared = parse.GetValue(shared),
                Print = parse.GetValue(print),
            };
            var side = parse.GetValue(far.Address) is { } address
                ? await RelaySide.OfOthersAsync(context, address, parse.GetValue(far.Token), cancellationToken)
                : RelaySide.OfHome(context, context.Home(parse), choices.Print);
            return await new ConnectClaudeCode(context, side, ProgramCommand.OfProcess()).RunAsync(choices, cancellationToken);
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

/// <summary>Where the entries go: --project, --plugin or --user; without one of them a plugin goes into the home.</summary>
internal sealed class PlaceOptions
{
    public Option<string?> Project { get; } = new("--project")
    {
        Description = "this project: its own files, of which nothing is committed",
        HelpName = "DIR",
        Validators = { CommonOptions.RefuseEmpty },
    };

    public Option<string?> Plugin { get; } = new("--plugin")
    {
        Description = "a plugin for claude --plugin-dir; without --project, --plugin and --user it goes into the home folder",
        HelpName = "DIR",
        Validators = { CommonOptions.RefuseEmpty },
    };

    public Option<bool> User { get; } = new("--user")
    {
        Description = "all your projects at once: the plugin is installed, each session is named by its folder",
    };

    /// <summary>Without a link in it, if it is there: a project is the same one however it is written.</summary>
    public string? ProjectOf(ParseResult parse)
    {
        if (parse.GetValue(Project) is not { } given)
            return null;
        var project = Path.TrimEndingDirectorySeparator(Path.GetFullPath(given));
        return Posix.RealPath(project) ?? project;
    }

    public void AddTo(Command command)
    {
        command.Options.Add(Project);
        command.Options.Add(Plugin);
        command.Options.Add(User);
        command.Validators.Add(result =>
        {
            bool[] given = [result.GetValue(Project) is not null, result.GetValue(Plugin) is not null, result.GetValue(User)];
            if (given.Count(each => each) > 1)
                result.AddError("--project, --plugin and --user exclude each other");
        });
    }
}

/// <summary>For a relay of another user: its home is not read.</summary>
internal sealed class FarOptions
{
    public Option<string?> Address { get; } = new("--address")
    {
        Description = "of a relay that runs as another user, whose home is not yours to read",
        HelpName = "URL",
    };

    public Option<string?> Token { get; } = new("--token")
    {
        Description = "with --address: what relay token NAME printed; else RELAY_SESSION_TOKEN, else standard input",
        HelpName = "TOKEN",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(Address);
        command.Options.Add(Token);
        command.Validators.Add(result =>
        {
            if (result.GetValue(Token) is not null && result.GetValue(Address) is null)
                result.AddError("--token needs --address");
            if (result.GetValue(Address) is { } address && !IsAddress(address))
                result.AddError("--address: http://HOST:PORT or https://HOST:PORT is expected");
        });
    }

    private static bool IsAddress(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url)
        && url.Scheme is "http" or "https" && url.PathAndQuery == "/" && url.UserInfo.Length == 0;
}
