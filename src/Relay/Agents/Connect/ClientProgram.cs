using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Agents.Connect;

/// <summary>Claude Code itself, by which its own configuration of this user is changed: that file is the client's, and open clients write
/// it too. It is only read here.</summary>
/// <param name="environment">In which the user works: PATH finds the client, CLAUDE_CONFIG_DIR or HOME its configuration.</param>
internal sealed class ClientProgram(IReadOnlyDictionary<string, string> environment)
{
    private const string Name = "claude";
    private const int LargestConfig = 64 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The client's configuration of this user.</summary>
    public string ConfigFile => Path.Combine(
        environment.GetValueOrDefault("CLAUDE_CONFIG_DIR") is { Length: > 0 } folder ? folder : environment.GetValueOrDefault("HOME") ?? "",
        ".claude.json");

    /// <summary>The settings of this user, which hold in all projects.</summary>
    public string SettingsFile => environment.GetValueOrDefault("CLAUDE_CONFIG_DIR") is { Length: > 0 } folder
        ? Path.Combine(folder, "settings.json")
        : Path.Combine(environment.GetValueOrDefault("HOME") ?? "", ".claude", "settings.json");

    /// <summary>Not one that the project brings. Null when there is none that may be started.</summary>
    public string? Find(string project) =>
        ProgramFile.Find(Name, environment.GetValueOrDefault("PATH") ?? "") is ProgramFile.Search.Found found
        && !(Posix.RealPath(project) is { } folder && Paths.IsWithin(Posix.RealPath(found.Path) ?? found.Path, folder))
            ? found.Path
            : null;

    /// <summary>The server that the client has for this project alone, at its scope "local"; null when there is none.</summary>
    public JsonObject? Server(string project)
    {
        var projects = Config()?["projects"] as JsonObject;
        foreach (var folder in (string?[])[project, Posix.RealPath(project)])
            if (folder is not null && projects?[folder] is JsonObject known
                && (known["mcpServers"] as JsonObject)?[ClientEntries.Server] is JsonObject server)
                return server;
        return null;
    }

    /// <exception cref="ConnectFault">A server of that name is there that is not ours, or the client refuses.</exception>
    public async Task AddServerAsync(string project, JsonObject server, CancellationToken cancellationToken)
    {
        if (await RemoveServerAsync(project, cancellationToken) is false)
            throw new ConnectFault($"{ConfigFile}: the project has a server named {ClientEntries.Server} that is not this relay; "
                + $"claude mcp remove -s local {ClientEntries.Server} removes it");
        await RunAsync(
            project, ["mcp", "add-json", "-s", "local", ClientEntries.Server, server.ToJsonString()], cancellationToken);
    }

    /// <summary>True when it was there and is gone, null when there was none, false when there is one that is not ours.</summary>
    public async Task<bool?> RemoveServerAsync(string project, CancellationToken cancellationToken)
    {
        if (Server(project) is not { } known)
            return null;
        if (!ClientEntries.IsOurServer(known))
            return false;
        await RunAsync(project, ["mcp", "remove", "-s", "local", ClientEntries.Server], cancellationToken);
        return true;
    }

    /// <summary>What it has written, when it ended well.</summary>
    /// <exception cref="ConnectFault">There is no client, or it refuses.</exception>
    public async Task<string> RunAsync(string folder, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var shown = $"claude {string.Join(' ', arguments.Take(4))}";
        if (Find(folder) is not { } program)
            throw new ConnectFault($"there is no program claude in PATH, so run it yourself: {shown}");
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in environment)
            if (!name.StartsWith("RELAY_", StringComparison.Ordinal))
                start.Environment[name] = value;
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var process = FileModes.AsStarted(() => Process.Start(start))!;
            process.StandardInput.Close();
            return await EndOfAsync(process, shown, either.Token);
        }
        catch (Win32Exception exception)
        {
            throw new ConnectFault($"{program}: {exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ConnectFault(FormattableString.Invariant($"{shown} did not end within {Patience.TotalSeconds:0} s"));
        }
    }

    private static async Task<string> EndOfAsync(Process process, string shown, CancellationToken cancellationToken)
    {
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0 ? await output : throw new ConnectFault($"{shown}: {(await error + await output).Trim()}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private JsonObject? Config()
    {
        try
        {
            return BoundedFile.Read(ConfigFile, LargestConfig) is FileContent.Bytes bytes
                ? JsonNode.Parse(bytes.Content) as JsonObject
                : null;
        }
        catch (JsonException)
        {
            return null; // The client mends it, or says so.
        }
    }
}
