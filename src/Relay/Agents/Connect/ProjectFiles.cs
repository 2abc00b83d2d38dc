using System.Text.Json.Nodes;
using Relay.Configuration;

namespace Relay.Agents.Connect;

/// <summary>A project's .mcp.json and .claude/settings.json: our entries go in beside everything else and come out again. The first original is
/// kept as NAME.relay-backup, and comes back as it was when nobody else has changed the file since.</summary>
internal sealed class ProjectFiles(string project)
{
    private const string BackupSuffix = ".relay-backup";

    private string McpFile => Path.Combine(project, ".mcp.json");

    private string SettingsFile => Path.Combine(project, ".claude", "settings.json");

    /// <exception cref="ConnectFault">A file cannot be merged into.</exception>
    public IReadOnlyList<PlannedFile> PlanConnect(ClientEntries entries) =>
        [.. Connect(McpFile, root => AddServer(root, entries)), .. Connect(SettingsFile, root => AddHooks(root, entries))];

    /// <exception cref="ConnectFault">A file cannot be read.</exception>
    public IReadOnlyList<PlannedFile> PlanDisconnect() => [.. Disconnect(McpFile), .. Disconnect(SettingsFile)];

    /// <summary>Backups first: a crash in between leaves the original where it was.</summary>
    public static void Write(IReadOnlyList<PlannedFile> plan)
    {
        foreach (var file in plan)
        {
            var target = LinkTarget.Of(file.Path);
            if (file.Content is { } content)
                Replace(target, content);
            else
                Remove(target);
        }
    }

    private static IEnumerable<PlannedFile> Connect(string path, Action<JsonObject> add)
    {
        var file = JsonFile.Read(path);
        var original = Original(path);
        var root = (JsonObject?)file?.Root.DeepClone() ?? [];
        var stripped = Strip(root, original?.Root);
        add(root);
        if (file is null && original is not null)
            yield return new PlannedFile(path + BackupSuffix, null); // Of a file that somebody has removed since.
        if (file is not null && !stripped)
            yield return new PlannedFile(path + BackupSuffix, File.ReadAllBytes(path)); // Nothing of ours is in it, so it is the original.
        yield return new PlannedFile(path, (file ?? JsonFile.New).Render(root));
    }

    private static IEnumerable<PlannedFile> Disconnect(string path)
    {
        var original = Original(path);
        if (JsonFile.Read(path) is { } file)
        {
            var root = (JsonObject)file.Root.DeepClone();
            if (Strip(root, original?.Root))
                yield return new PlannedFile(path, Restored(path, file, root, original));
        }
        if (original is not null)
            yield return new PlannedFile(path + BackupSuffix, null);
    }

    /// <summary>The original's very bytes where nothing but our entries has come in since; else what is left without them.</summary>
    private static byte[]? Restored(string path, JsonFile file, JsonObject stripped, JsonFile? original)
    {
        if (original is null)
            return stripped.Count == 0 ? null : file.Render(stripped);
        var asWeWroteIt = File.ReadAllBytes(path).AsSpan().SequenceEqual(original.Render(file.Root));
        return asWeWroteIt && JsonNode.DeepEquals(stripped, original.Root) ? File.ReadAllBytes(path + BackupSuffix) : file.Render(stripped);
    }

    private static JsonFile? Original(string path) => JsonFile.Read(path + BackupSuffix);

    private void AddServer(JsonObject root, ClientEntries entries)
    {
        var servers = Child(root, "mcpServers", McpFile);
        if (servers.ContainsKey(ClientEntries.Server))
            throw new ConnectFault($"{McpFile}: a server named {ClientEntries.Server} is there that is not this relay; nothing was changed");
        servers[ClientEntries.Server] = entries.McpServer();
    }

    private void AddHooks(JsonObject root, ClientEntries entries)
    {
        var hooks = Child(root, "hooks", SettingsFile);
        foreach (var (name, groups) in entries.Hooks())
        {
            if (hooks[name] is null)
                hooks[name] = new JsonArray();
            if (hooks[name] is not JsonArray list)
                throw new ConnectFault($"{SettingsFile}: hooks.{name} is not a list; nothing was changed");
            foreach (var group in groups!.AsArray())
                list.Add(group!.DeepClone());
        }
        var environment = Child(root, "env", SettingsFile);
        if (!environment.ContainsKey(ClientEntries.BlockCap))
            environment[ClientEntries.BlockCap] = entries.BlockCapValue;
    }

    private static JsonObject Child(JsonObject root, string name, string path)
    {
        if (root[name] is null)
            root[name] = new JsonObject();
        return root[name] as JsonObject ?? throw new ConnectFault($"{path}: {name} is not an object; nothing was changed");
    }

    /// <summary>Takes our entries out, and what held nothing but them. True when there were any.</summary>
    private static bool Strip(JsonObject root, JsonObject? original)
    {
        var any = false;
        if (root["mcpServers"] is JsonObject servers && ClientEntries.IsOurServer(servers[ClientEntries.Server]))
        {
            any = servers.Remove(ClientEntries.Server);
            RemoveIfEmptied(root, "mcpServers", original);
        }
        if (root["hooks"] is JsonObject hooks && StripHooks(hooks, original?["hooks"] as JsonObject))
        {
            any = true;
            RemoveIfEmptied(root, "hooks", original);
        }
        if (any && root["env"] is JsonObject environment && (original?["env"] as JsonObject)?.ContainsKey(ClientEntries.BlockCap) != true && environment.Remove(ClientEntries.BlockCap))
            RemoveIfEmptied(root, "env", original);
        return any;
    }

    private static bool StripHooks(JsonObject hooks, JsonObject? original)
    {
        var any = false;
        foreach (var (name, value) in hooks.ToList())
        {
            if (value is not JsonArray groups || !StripGroups(groups))
                continue;
            any = true;
            if (groups.Count == 0 && original?.ContainsKey(name) != true)
                hooks.Remove(name);
        }
        return any;
    }

    private static bool StripGroups(JsonArray groups)
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

    private static void RemoveIfEmptied(JsonObject root, string name, JsonObject? original)
    {
        if (root[name] is JsonObject { Count: 0 } && original?.ContainsKey(name) != true)
            root.Remove(name);
    }

    private static void Replace(string path, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = path + ".relay-tmp";
        File.WriteAllBytes(temporary, content);
        if (File.Exists(path))
            File.SetUnixFileMode(temporary, File.GetUnixFileMode(path));
        File.Move(temporary, path, overwrite: true);
    }

    private static void Remove(string path)
    {
        File.Delete(path);
        var folder = Path.GetDirectoryName(path)!;
        if (Path.GetFileName(folder) == ".claude" && !Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }
}
