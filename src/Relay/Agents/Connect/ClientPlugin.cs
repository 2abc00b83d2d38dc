using System.Text.Json.Nodes;
using Relay.Configuration;
using Relay.Files;

namespace Relay.Agents.Connect;

/// <summary>A file to write, with its content; null content means that the file is removed.</summary>
internal sealed record PlannedFile(string Path, byte[]? Content)
{
    /// <summary>Null for that of the file it takes the place of, or of any new file.</summary>
    public UnixFileMode? Mode { get; init; }

    /// <summary>The folder out of which no link may lead, where that is not the one that is connected.</summary>
    public string? Within { get; init; }
}

/// <summary>The same entries as a plugin for Claude Code's --plugin-dir.
/// Its skill (SKILL.md) teaches a session when to ask and what to send.</summary>
internal static class ClientPlugin
{
    private const string Manifest = ".claude-plugin/plugin.json";
    private const string Mcp = ".mcp.json";
    private const string Hooks = "hooks/hooks.json";
    private const string Script = "hooks/" + HookScript.Name;
    private const string Skill = "skills/relay/SKILL.md";

    /// <summary>Where the client finds the script, wherever it keeps the plugin.</summary>
    public const string ScriptWord = $"\"${{CLAUDE_PLUGIN_ROOT}}/{Script}\"";

    private static readonly IReadOnlyList<string> Folders = [".claude-plugin", "hooks", "skills/relay", "skills"];

    /// <exception cref="ConnectFault">The folder holds something else.</exception>
    public static IReadOnlyList<PlannedFile> Plan(string folder, ClientEntries entries, JsonObject server, HookScript script)
    {
        ThrowIfForeign(folder);
        var manifest = new JsonObject
        {
            ["name"] = "relay",
            ["version"] = ProgramVersion.Text,
            ["description"] = "One long-lived advisor for several Claude Code sessions, and one human who is asked only when necessary.",
            ["author"] = new JsonObject { ["name"] = "Relay contributors" },
        };
        var servers = new JsonObject { ["mcpServers"] = new JsonObject { [ClientEntries.Server] = server } };
        var hooks = new JsonObject { ["hooks"] = entries.Hooks() };
        return
        [
            new(Path.Combine(folder, Manifest), Bytes(manifest)),
            new(Path.Combine(folder, Mcp), Bytes(servers)),
            new(Path.Combine(folder, Hooks), Bytes(hooks)),
            new(Path.Combine(folder, Script), script.Content()),
            new(Path.Combine(folder, Skill), ReadSkill()),
        ];
    }

    /// <summary>Deletes the plugin's files, then the folders that are empty. False when there is no plugin.</summary>
    public static bool Remove(string folder)
    {
        ThrowIfForeign(folder);
        if (!File.Exists(Path.Combine(folder, Manifest)))
            return false;
        foreach (var file in (string[])[Mcp, Hooks, Script, Skill, Manifest])
            new ForeignFolder(folder).Remove(Path.Combine(folder, file));
        foreach (var inner in Folders.Select(name => Path.Combine(folder, name)).Append(folder))
            if (Directory.Exists(inner) && !Directory.EnumerateFileSystemEntries(inner).Any())
                Directory.Delete(inner);
        return true;
    }

    private static void ThrowIfForeign(string folder)
    {
        var manifest = Path.Combine(folder, Manifest);
        if (File.Exists(manifest))
        {
            if (JsonFile.Read(new ForeignFolder(folder), manifest)?.Root["name"]?.ToString() != "relay")
                throw new ConnectFault($"{folder} holds another plugin");
        }
        else if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new ConnectFault($"{folder} is not empty and holds no plugin of the relay");
        }
    }

    private static byte[] Bytes(JsonObject root) => JsonFile.New.Render(root);

    private static byte[] ReadSkill()
    {
        using var resource = typeof(ClientPlugin).Assembly.GetManifestResourceStream("SKILL.md")!;
        using var content = new MemoryStream();
        resource.CopyTo(content);
        return content.ToArray();
    }
}
