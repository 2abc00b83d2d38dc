using System.Text.Json.Nodes;
using Relay.Files;

namespace Relay.Agents.Connect;

/// <summary>Who has what of a connected project.</summary>
internal enum ServerPlace
{
    /// <summary>Hooks and token are one person's, and the server is in the client's own configuration of that person.</summary>
    Client,

    /// <summary>The same, but the server is in .mcp.json, which git is told to leave out.</summary>
    Project,

    /// <summary>All but the token is for everybody who has the project.</summary>
    Shared,
}

/// <summary>Adds our entries to a project's files, and removes them again: to .claude/settings.local.json, which git does not see, or, if
/// they are to be shared, to .mcp.json and .claude/settings.json. Everything else stays. The first original is kept as NAME.relay-backup.
/// It is restored byte for byte if nobody else has changed the file since.</summary>
/// <param name="project">The project's folder.</param>
/// <param name="homes">Of the relays with which it may be connected.</param>
internal sealed class ProjectFiles(string project, params IReadOnlyList<string> homes)
{
    private const string LocalName = ".claude/settings.local.json", SharedName = ".claude/settings.json", McpName = ".mcp.json";
    private const string BackupSuffix = MergedFile.BackupSuffix;
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly ForeignFolder _folder = new(project);

    private string McpFile => Path.Combine(project, McpName);

    private string SettingsFile => Path.Combine(project, SharedName);

    private string LocalFile => Path.Combine(project, LocalName);

    /// <summary>The client's settings in a project.</summary>
    public static IReadOnlyList<string> SettingsOf(string project) =>
        [Path.Combine(project, SharedName), Path.Combine(project, LocalName)];

    private static IReadOnlyList<string> Unversioned => [LocalName, LocalName + BackupSuffix];

    private static IReadOnlyList<string> UnversionedServer => [McpName, McpName + BackupSuffix];

    /// <summary>Beside what is committed.</summary>
    private static IReadOnlyList<string> SharedBackups => [SharedName + BackupSuffix, McpName + BackupSuffix];

    /// <summary>What goes into version control names the token's variable, and only what does not holds the token.</summary>
    /// <exception cref="ConnectFault">A file cannot be merged into, or git would commit what is one person's.</exception>
    public IReadOnlyList<PlannedFile> PlanConnect(ClientEntries entries, LocalSettings local, ServerPlace place, HookScript shared)
    {
        var git = GitExclude.Of(project);
        if (git?.Tracks(LocalName) == true)
            throw new ConnectFault(
                $"{LocalFile} is under version control, and a token must not be: git rm --cached {LocalName}; nothing was changed");
        if (git?.TakesIn(LocalName) is { } line)
            throw new ConnectFault(
                $"{line}: by this line git would take in {LocalName}, and a token must not be committed: add a line {LocalName} behind it; "
                + "nothing was changed");
        var isOurs = place == ServerPlace.Project;
        if (isOurs && git?.Tracks(McpName) == true)
            throw new ConnectFault(
                $"{McpFile} is under version control, and there is no program claude in PATH that could write the server into your own "
                + "configuration: put it there, or connect with --shared; nothing was changed");
        var kept = isOurs ? UnversionedServer : place == ServerPlace.Shared ? SharedBackups : [];
        return
        [
            .. git?.Plan([.. Unversioned, .. kept], [.. UnversionedServer.Union(SharedBackups).Except(kept)]) ?? [],
            .. place == ServerPlace.Client ? Disconnect(McpFile) : Connect(McpFile, root => AddServer(root, entries)),
            .. SharedScript(place == ServerPlace.Shared ? shared : null),
            .. place == ServerPlace.Shared
                ? Connect(SettingsFile, root => AddHooks(root, entries, SettingsFile))
                : Disconnect(SettingsFile),
            .. Connect(LocalFile, root =>
            {
                if (place != ServerPlace.Shared)
                    AddHooks(root, entries, LocalFile);
                local.AddTo(root, LocalFile);
                LocalSettings.Trust(root, LocalFile, place != ServerPlace.Client);
            }),
        ];
    }

    /// <exception cref="ConnectFault">A file cannot be read.</exception>
    public IReadOnlyList<PlannedFile> PlanDisconnect() =>
    [
        .. Disconnect(McpFile),
        .. SharedScript(null),
        .. Disconnect(LocalFile),
        .. Disconnect(SettingsFile),
        .. GitExclude.Of(project)?.Plan([], [.. Unversioned, .. UnversionedServer.Union(SharedBackups)]) ?? [],
    ];

    private IEnumerable<PlannedFile> SharedScript(HookScript? script)
    {
        var path = Path.Combine(project, HookScript.Shared);
        var isOurs = _folder.Read(path) is not { } there ? (bool?)null : HookScript.Is(there);
        if (script is not null && isOurs == false)
            throw new ConnectFault($"{path}: this file is not the relay's; nothing was changed");
        if (script is not null || isOurs == true)
            yield return new PlannedFile(path, script?.Content());
    }

    /// <summary>The homes that are given, and those that the hooks of the project name.</summary>
    private IEnumerable<string> Homes()
    {
        var hooks = from file in (string[])[SettingsFile, LocalFile]
                    let events = JsonFile.Read(_folder, file)?.Root["hooks"] as JsonObject
                    from groups in events?.Select(each => each.Value).OfType<JsonArray>() ?? []
                    from hook in groups.OfType<JsonObject>().SelectMany(each => each["hooks"] as JsonArray ?? [])
                    select ClientEntries.HomeOf(hook);
        return hooks.OfType<string>().Concat(homes).Distinct();
    }

    /// <summary>Follows the order of the plan: a backup is written before its file and removed after it.
    /// So a crash in between loses no original.</summary>
    public static void Write(string folder, IReadOnlyList<PlannedFile> plan)
    {
        var files = new ForeignFolder(folder);
        foreach (var file in plan)
        {
            var within = file.Within is { } other ? new ForeignFolder(other) : files;
            if (file.Content is { } content)
                within.Replace(file.Path, content, file.Mode);
            else
                Remove(within, file.Path);
        }
    }

    /// <param name="path">Of the file.</param>
    /// <param name="isOver">Then a token goes, too, of which nothing else tells whose it is: none is left behind.</param>
    private MergedFile Merged(string path, bool isOver) => new(_folder, path, (root, original) => RemoveOurEntries(
        path, root, original, isOver && (original is not null || LocalSettings.HasToken(root))));

    private IEnumerable<PlannedFile> Connect(string path, Action<JsonObject> add) =>
        Merged(path, isOver: false).Connect(add, path == LocalFile ? OwnersAlone : null);

    private IEnumerable<PlannedFile> Disconnect(string path) => Merged(path, isOver: true).Disconnect();

    private void AddServer(JsonObject root, ClientEntries entries)
    {
        var servers = Child(root, "mcpServers", McpFile);
        if (servers.ContainsKey(ClientEntries.Server))
            throw new ConnectFault(
                $"{McpFile}: a server named {ClientEntries.Server} is there that is not this relay; nothing was changed");
        servers[ClientEntries.Server] = entries.McpServer();
    }

    private static void AddHooks(JsonObject root, ClientEntries entries, string path)
    {
        var hooks = Child(root, "hooks", path);
        foreach (var (name, groups) in entries.Hooks())
        {
            if (hooks[name] is null)
                hooks[name] = new JsonArray();
            if (hooks[name] is not JsonArray list)
                throw new ConnectFault($"{path}: hooks.{name} is not a list; nothing was changed");
            foreach (var group in groups!.AsArray())
                list.Add(group!.DeepClone());
        }
        var environment = Child(root, "env", path);
        if (!environment.ContainsKey(ClientEntries.BlockCap))
            environment[ClientEntries.BlockCap] = entries.BlockCapValue;
    }

    internal static JsonObject Child(JsonObject root, string name, string path)
    {
        if (root[name] is null)
            root[name] = new JsonObject();
        return root[name] as JsonObject ?? throw new ConnectFault($"{path}: {name} is not an object; nothing was changed");
    }

    /// <summary>Removes our entries. Also removes objects that are empty without them, unless the original had them.
    /// True when there were any entries of ours.</summary>
    private bool RemoveOurEntries(string path, JsonObject root, JsonObject? original, bool mayBeOurs)
    {
        var any = path == LocalFile && LocalSettings.RemoveFrom(root, original, Homes(), mayBeOurs || HasOurHooks(root));
        if (root["mcpServers"] is JsonObject servers && ClientEntries.IsOurServer(servers[ClientEntries.Server]))
        {
            any = servers.Remove(ClientEntries.Server);
            RemoveIfEmptied(root, "mcpServers", original);
        }
        if (root["hooks"] is JsonObject hooks && RemoveOurHooks(hooks, original?["hooks"] as JsonObject))
        {
            any = true;
            RemoveIfEmptied(root, "hooks", original);
        }
        var isBlockCapTheirs = (original?["env"] as JsonObject)?.ContainsKey(ClientEntries.BlockCap) == true;
        if (path == LocalFile)
            LocalSettings.Distrust(root, original);
        if (any && !isBlockCapTheirs && root["env"] is JsonObject environment && environment.Remove(ClientEntries.BlockCap))
            RemoveIfEmptied(root, "env", original);
        return any;
    }

    private static bool HasOurHooks(JsonObject root) =>
        root["hooks"]?.DeepClone() is JsonObject hooks && RemoveOurHooks(hooks, original: null);

    private static bool RemoveOurHooks(JsonObject hooks, JsonObject? original)
    {
        var any = false;
        foreach (var (name, value) in hooks.ToList())
        {
            if (value is not JsonArray groups || !RemoveOurHooks(groups))
                continue;
            any = true;
            if (groups.Count == 0 && original?.ContainsKey(name) != true)
                hooks.Remove(name);
        }
        return any;
    }

    private static bool RemoveOurHooks(JsonArray groups)
    {
        var any = false;
        foreach (var group in groups.ToList())
        {
            if (group is not JsonObject entry || entry["hooks"] is not JsonArray list || list.RemoveAll(ClientEntries.IsOurHook) == 0)
                continue;
            any = true;
            if (list.Count == 0)
                groups.Remove(group);
        }
        return any;
    }

    internal static void RemoveIfEmptied(JsonObject root, string name, JsonObject? original)
    {
        if (root[name] is JsonObject { Count: 0 } && original?.ContainsKey(name) != true)
            root.Remove(name);
    }

    private static void Remove(ForeignFolder files, string path)
    {
        files.Remove(path);
        var folder = Path.GetDirectoryName(path)!;
        if (Path.GetFileName(folder) == ".claude" && !Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }
}
