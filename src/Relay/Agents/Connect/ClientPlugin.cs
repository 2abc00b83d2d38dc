using System.Text;
using System.Text.Json.Nodes;

namespace Relay.Agents.Connect;

/// <summary>A file to be written, with its content; null content takes it away.</summary>
internal sealed record PlannedFile(string Path, byte[]? Content);

/// <summary>The same entries as a plugin for Claude Code's --plugin-dir.</summary>
internal static class ClientPlugin
{
    private const string Manifest = ".claude-plugin/plugin.json", Mcp = ".mcp.json", Hooks = "hooks/hooks.json", Skill = "skills/relay/SKILL.md";

    private static readonly IReadOnlyList<string> Folders = [".claude-plugin", "hooks", "skills/relay", "skills"];

    /// <exception cref="ConnectFault">Something else is in the folder.</exception>
    public static IReadOnlyList<PlannedFile> Plan(string folder, ClientEntries entries)
    {
        Refuse(folder);
        return
        [
            new(Path.Combine(folder, Manifest), Bytes(new JsonObject
            {
                ["name"] = "relay",
                ["version"] = entries.Version,
                ["description"] = "One long-lived advisor for several Claude Code sessions, and one human reached only when it must.",
                ["author"] = new JsonObject { ["name"] = "Relay contributors" },
            })),
            new(Path.Combine(folder, Mcp), Bytes(new JsonObject { ["mcpServers"] = new JsonObject { [ClientEntries.Server] = entries.McpServer() } })),
            new(Path.Combine(folder, Hooks), Bytes(new JsonObject { ["hooks"] = entries.Hooks() })),
            new(Path.Combine(folder, Skill), Encoding.UTF8.GetBytes(RelaySkill.Text)),
        ];
    }

    /// <summary>Takes our files away, then the folders that nothing else is in.</summary>
    public static bool Remove(string folder)
    {
        Refuse(folder);
        if (!File.Exists(Path.Combine(folder, Manifest)))
            return false;
        foreach (var file in (string[])[Mcp, Hooks, Skill, Manifest])
            File.Delete(Path.Combine(folder, file));
        foreach (var inner in Folders.Select(name => Path.Combine(folder, name)).Append(folder))
            if (Directory.Exists(inner) && !Directory.EnumerateFileSystemEntries(inner).Any())
                Directory.Delete(inner);
        return true;
    }

    private static void Refuse(string folder)
    {
        var manifest = Path.Combine(folder, Manifest);
        if (File.Exists(manifest))
        {
            if (JsonFile.Read(manifest)?.Root["name"]?.ToString() != "relay")
                throw new ConnectFault($"{folder} holds another plugin");
        }
        else if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new ConnectFault($"{folder} is not empty and holds no plugin of the relay");
        }
    }

    private static byte[] Bytes(JsonObject root) => JsonFile.New.Render(root);
}
