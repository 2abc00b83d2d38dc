using System.Text.Json.Nodes;
using Relay.Configuration;

namespace Relay.Agents.Connect;

/// <summary>A folder with the plugin, from which the client installs it for all projects of its user.</summary>
/// <param name="folder">The user's own, and no project.</param>
internal sealed class ClientMarketplace(string folder)
{
    public const string Name = "relay-local";

    /// <summary>As the client calls it.</summary>
    public const string Plugin = "relay@" + Name;

    public string Folder => folder;

    private string ListFile => Path.Combine(folder, ".claude-plugin", "marketplace.json");

    private string PluginFolder => Path.Combine(folder, "relay");

    public bool IsThere => File.Exists(ListFile);

    /// <exception cref="ConnectFault">The folder holds something else.</exception>
    public IReadOnlyList<PlannedFile> Plan(ClientEntries entries, HookScript script)
    {
        var list = new JsonObject
        {
            ["name"] = Name,
            ["owner"] = new JsonObject { ["name"] = "this machine" },
            ["metadata"] = new JsonObject { ["description"] = "The plugin of the relay on this machine" },
            ["plugins"] = new JsonArray(new JsonObject
            {
                ["name"] = "relay",
                ["source"] = "./relay",
                ["description"] = "One long-lived advisor for all sessions",
                ["version"] = ProgramVersion.Text,
            }),
        };
        return
        [
            new(ListFile, JsonFile.New.Render(list)),
            .. ClientPlugin.Plan(PluginFolder, entries, entries.McpServer(name: null), script),
        ];
    }

    /// <summary>What was installed before is taken away first, for the client keeps a copy and looks only at its version.</summary>
    public async Task InstallAsync(ClientProgram client, CancellationToken cancellationToken)
    {
        await UninstallAsync(client, cancellationToken);
        await client.RunAsync(folder, ["plugin", "marketplace", "add", folder], cancellationToken);
        await client.RunAsync(folder, ["plugin", "install", Plugin], cancellationToken);
    }

    /// <summary>What is not there need not be removed.</summary>
    public async Task UninstallAsync(ClientProgram client, CancellationToken cancellationToken)
    {
        foreach (var arguments in (string[][])[["plugin", "uninstall", Plugin], ["plugin", "marketplace", "remove", Name]])
            try
            {
                await client.RunAsync(folder, arguments, cancellationToken);
            }
            catch (ConnectFault) when (client.Find(folder) is not null)
            {
                // It was not installed.
            }
    }

    public void Remove()
    {
        ClientPlugin.Remove(PluginFolder);
        File.Delete(ListFile);
        foreach (var inner in (string[])[Path.GetDirectoryName(ListFile)!, folder])
            if (Directory.Exists(inner) && !Directory.EnumerateFileSystemEntries(inner).Any())
                Directory.Delete(inner);
    }
}
