using System.Text;
using System.Text.Json.Nodes;
using Relay.Agents.Connect;
using Relay.Configuration;
using Relay.Files;

namespace Relay.Cli;

internal sealed record ConnectChoices
{
    /// <summary>Absolute, as is <see cref="Plugin"/>.</summary>
    public string? Project { get; init; }

    public string? Plugin { get; init; }
    public bool User { get; init; }
    public string? Session { get; init; }
    public bool RelayMode { get; init; }
    public bool Permissions { get; init; }
    public bool Shared { get; init; }
    public bool Print { get; init; }
}

/// <summary>(1) Makes the connection, (2) plans the files, (3) shows or writes them, (4) has the client write what is its own,
/// (5) says what was written, why and for whom, and how to start a session.</summary>
internal sealed class ConnectClaudeCode(CommandContext context, RelaySide side, string program)
{
    public const string PluginFolder = "claude-plugin", MarketplaceFolder = "claude-marketplace";

    /// <summary>The name of the connection that is for all projects, unless another is given.</summary>
    private const string UsersName = "claude-code";

    private readonly ClientProgram _client = new(context.Environment);

    /// <summary>The connection; none for a plugin that is for any session.</summary>
    private sealed record Connected(string Name, string Token);

    public async Task<int> RunAsync(ConnectChoices choices, CancellationToken cancellationToken)
    {
        if (choices.Session is { } name && ReservedNames.IsOperators(name, side.Config.Operator.Name))
        {
            context.Error.WriteLine($"--session: {name} is the operator's own name, which no session may have");
            return ExitCode.Usage;
        }
        try
        {
            using var turn = choices.Print ? null : await ConnectTurn.TakeAsync(context, side.Home, cancellationToken);
            var connected = await ConnectedAsync(choices, cancellationToken); // (1)
            if (choices.Project is { } project)
                await ConnectAsync(project, choices, connected!, cancellationToken);
            else if (choices.User)
                await ConnectUserAsync(choices, connected!, cancellationToken);
            else
                ConnectPlugin(choices, connected);
            return ExitCode.Done;
        }
        catch (Exception exception) when (exception is ConnectFault or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            context.Error.WriteLine(exception.Message);
            return ExitCode.Failed;
        }
    }

    /// <summary>Nothing is made where it is only shown.</summary>
    private async Task<Connected?> ConnectedAsync(ConnectChoices choices, CancellationToken cancellationToken)
    {
        if (choices.Project is { } folder && !Directory.Exists(folder))
            throw new ConnectFault($"{folder}: there is no such folder");
        if (choices.Project is { } chosen && side.Home?.WhyNoProject(chosen) is { } reason)
            throw new ConnectFault(reason);
        if (side.Home is not { } home)
            return new Connected(ConnectionToken.ClaimedName(side.Token!)!, side.Token!);
        var book = new ConnectionBook(home, TimeProvider.System);
        string OfProject(IReadOnlyList<ConnectionEntry> known) =>
            ConnectionNames.OfProject(choices.Project!, known, side.Config.Operator.Name);
        var name = choices.Session ?? (choices.User ? UsersName : null);
        if (choices.Print)
            name ??= choices.Project is null ? null : OfProject(book.List());
        else if (name is null && choices.Project is { } project)
            name = (await book.OpenOfAsync(project, OfProject, cancellationToken)).Name;
        if (name is null || choices.Print)
            return name is null ? null : new Connected(name, $"(what relay token {name} prints)");
        return new Connected(name, (await (choices.User
            ? book.OpenOfFoldersAsync(name, cancellationToken)
            : book.OpenAsync(name, choices.Project, cancellationToken))).Token);
    }

    private Connection To(ConnectChoices choices, string script) => new(side.Url, program, side.Root)
    {
        Session = choices.User ? null : choices.Session,
        RelayMode = choices.RelayMode,
        Permissions = choices.Permissions,
        MaxRounds = side.Config.Agents.MaxRounds,
        Script = script,
        SharedProgram = choices.Shared ? ShellWord.Quote(ProgramCommand.FileOfProcess) : null,
    };

    private async Task ConnectAsync(string project, ConnectChoices choices, Connected connected, CancellationToken cancellationToken)
    {
        var script = HookScript.PathIn(side.Own);
        var entries = new ClientEntries(To(choices, choices.Shared ? HookScript.SharedWord : ShellWord.Quote(script)));
        var place = PlaceOf(project, choices);
        var server = side.Home is null ? entries.McpServer() : entries.McpServer(connected.Name);
        var files = new ProjectFiles(project, side.Root).PlanConnect( // (2)
            entries, new LocalSettings(connected.Token, side.Root, project), place, HookScript.ForAll(side.Url));
        if (choices.Print)
        {
            Show(files);
            if (place == ServerPlace.Client)
                Show(_client.ConfigFile + ", by claude mcp add-json -s local relay", server);
            return;
        }
        if (place == ServerPlace.Client) // (4) First, for it may be refused; and the client sends the hooks an event at its end.
            await _client.AddServerAsync(project, server, cancellationToken);
        else
            await RemoveServerAsync(project, cancellationToken);
        if (!choices.Shared)
            WriteOwn(script, side.Script(program).Content());
        ProjectFiles.Write(project, files); // (3)
        if (side.Home is { } home)
            new ConnectedFolders(home).Add(project);
        else if (!choices.Shared)
            new ConnectedFolders(Path.GetDirectoryName(script)!).Add(project); // With the last of them the script goes.
        var report = new ConnectReport(context.Output, project, connected.Name) { IsOthers = side.Home is null }; // (5)
        report.Files(files, place, place == ServerPlace.Client ? _client.ConfigFile : null);
        report.Port(side.Config);
        report.HooksOff([_client.SettingsFile, .. ProjectFiles.SettingsOf(project)]);
        report.Start();
    }

    /// <summary>The client keeps a local server by repository, for all its work trees: only of the first of them it is the project's.
    /// </summary>
    private ServerPlace PlaceOf(string project, ConnectChoices choices) => choices.Shared
        ? ServerPlace.Shared
        : GitExclude.Of(project)?.IsTopOfRepository != false && _client.Find(project) is not null
            ? ServerPlace.Client
            : ServerPlace.Project;

    /// <summary>One of an earlier connect would hide the new one.</summary>
    private async Task RemoveServerAsync(string project, CancellationToken cancellationToken)
    {
        if (_client.Server(project) is { } known && ClientEntries.IsOurServer(known))
            await _client.RemoveServerAsync(project, cancellationToken);
    }

    private void ConnectPlugin(ConnectChoices choices, Connected? connected)
    {
        var folder = choices.Plugin ?? Path.Combine(side.Own, PluginFolder);
        var entries = new ClientEntries(To(choices, ClientPlugin.ScriptWord));
        var plan = ClientPlugin.Plan(folder, entries, entries.McpServer(), side.Script(program));
        if (choices.Print)
        {
            Show(plan);
            return;
        }
        ProjectFiles.Write(folder, plan);
        foreach (var file in plan)
            context.Output.WriteLine($"wrote {file.Path}");
        new ConnectReport(context.Output, folder, connected?.Name ?? "").Port(side.Config);
        context.Output.WriteLine();
        foreach (var line in WithPlugin(folder, choices, entries, connected))
            context.Output.WriteLine(line);
        context.Output.WriteLine("The session is told at its start whether it is connected.");
    }

    private IEnumerable<string> WithPlugin(string folder, ConnectChoices choices, ClientEntries entries, Connected? connected)
    {
        if (choices.Plugin is null && side.Home is not null)
            yield return "In any folder, which gives the session its name: relay claude";
        yield return connected is null
            ? "Or start a session with the token of a connection in its environment; NAME is a name for it:"
            : $"Start a session with the token of {connected.Name} in its environment:";
        yield return side.Home is null
            ? $"  export {ConnectionCommands.Variable}=…"
            : $"  eval \"$({program} env {connected?.Name ?? "NAME"} --home {ShellWord.Quote(side.Root)})\"";
        var cap = choices.RelayMode ? $"{ClientEntries.BlockCap}={entries.BlockCapValue} " : ""; // A plugin cannot set it itself.
        yield return $"  {cap}claude --plugin-dir {ShellWord.Quote(folder)}";
    }

    private async Task ConnectUserAsync(ConnectChoices choices, Connected connected, CancellationToken cancellationToken)
    {
        var token = TokenFile(side.Own);
        var market = new ClientMarketplace(Path.Combine(side.Own, MarketplaceFolder));
        var entries = new ClientEntries(To(choices, ClientPlugin.ScriptWord) with { TokenFile = token });
        var plan = market.Plan(entries, side.Script(program) with { TokenFile = token });
        var fence = new UserFence(_client.SettingsFile, side.Root);
        var rules = fence.PlanConnect();
        if (choices.Print)
        {
            Show([.. plan, .. rules]);
            return;
        }
        ProjectFiles.Write(fence.Folder, rules);
        WriteOwn(token, Encoding.UTF8.GetBytes(connected.Token + "\n"));
        ProjectFiles.Write(market.Folder, plan);
        var isInstalled = _client.Find(market.Folder) is not null;
        if (isInstalled)
            await market.InstallAsync(_client, cancellationToken);
        var report = new ConnectReport(context.Output, market.Folder, connected.Name) { IsOthers = side.Home is null };
        report.User(plan, token, _client.SettingsFile, isInstalled);
        report.HooksOff(_client.SettingsFile);
    }

    public static string TokenFile(string own) => Path.Combine(Path.GetDirectoryName(HookScript.PathIn(own))!, "token");

    private static void WriteOwn(string path, byte[] content)
    {
        Folders.Make(Path.GetDirectoryName(path)!);
        DurableFile.Replace(path, content);
    }

    private void Show(IReadOnlyList<PlannedFile> plan)
    {
        foreach (var file in plan)
        {
            context.Output.WriteLine($"# {file.Path}{(file.Content is null ? " (removed)" : "")}");
            context.Output.WriteLine(Encoding.UTF8.GetString(file.Content ?? []));
        }
    }

    private void Show(string place, JsonObject server)
    {
        context.Output.WriteLine($"# {place}");
        context.Output.WriteLine(Encoding.UTF8.GetString(JsonFile.New.Render(server)));
    }
}
