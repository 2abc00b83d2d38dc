using System.Text.Json.Nodes;
using Relay.Agents.Connect;
using Relay.Tests.Testing;

namespace Relay.Tests.Cli;

/// <summary>Runs hooks' commands as Claude Code does: by a shell, with the event on standard input and the client's variables.</summary>
internal sealed class HookShell : IDisposable
{
    private const string SystemPath = "PATH=/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-shell-");

    /// <summary>Of the window; a second window is another process.</summary>
    public string Client { get; set; } = "4711";

    public string Token { get; set; } = "";

    /// <summary>In which programs are looked for by the shell; not by the script.</summary>
    public string Path { get; init; } = "/usr/bin:/bin";

    public string Project => _folder.CreateSubdirectory("a project").FullName;

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Writes the script.</summary>
    /// <param name="script">What it is made of.</param>
    /// <param name="withCurl">Whether the system has curl.</param>
    /// <param name="folder">That it is in.</param>
    /// <returns>Its path, quoted for a shell.</returns>
    public string Write(HookScript script, bool withCurl = true, string folder = "own")
    {
        var path = System.IO.Path.Combine(_folder.CreateSubdirectory(folder).FullName, HookScript.Name);
        var content = System.Text.Encoding.UTF8.GetString(script.Content());
        if (!withCurl)
        {
            var bin = _folder.CreateSubdirectory("bin").FullName;
            foreach (var name in (string[])["sed", "mkdir", "rmdir", "grep"])
                File.CreateSymbolicLink(System.IO.Path.Combine(bin, name), "/usr/bin/" + name);
            content = content.Replace(SystemPath, "PATH=" + bin, StringComparison.Ordinal);
        }
        File.WriteAllText(path, content);
        return ShellWord.Quote(path);
    }

    public Task<(int Exit, string Output, string Error)> RunAsync(string command, string hook, object? fields = null)
    {
        var json = new JsonObject { ["hook_event_name"] = hook, ["session_id"] = "claude-1", ["prompt_id"] = "p", ["cwd"] = Project };
        foreach (var (key, value) in System.Text.Json.JsonSerializer.SerializeToNode(fields ?? new { })!.AsObject().ToList())
            json[key] = value?.DeepClone();
        return Programs.RunAsync(
            "sh", ["-c", command], json.ToJsonString(),
            ("RELAY_SESSION_TOKEN", Token), ("HOME", _folder.FullName), ("XDG_CONFIG_HOME", ""), ("PATH", Path),
            ("CLAUDE_PID", Client), ("CLAUDE_PROJECT_DIR", Project), ("CLAUDE_CODE_SESSION_ID", "claude-1"),
            ("CLAUDE_CODE_SESSION_ATTENDED", "1"), ("CLAUDE_CONFIG_DIR", _folder.FullName));
    }
}
