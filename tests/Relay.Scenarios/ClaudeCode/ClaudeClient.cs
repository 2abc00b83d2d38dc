using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Relay.Agents.Connect;

namespace Relay.Scenarios.ClaudeCode;

/// <summary>How one run of the client ended.</summary>
internal sealed record ClientRun(int ExitCode, string Session, string Result, string Output, string Error)
{
    public override string ToString() => FormattableString.Invariant($"exit {ExitCode}\n{Output}\n{Error}");
}

/// <summary>The real Claude Code client, with its own home folder and environment.</summary>
internal sealed class ClaudeClient(string program, Uri api, string userHome, string? token)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    /// <summary>Searched for programs before the system's own folders.</summary>
    public string? Programs { get; init; }

    /// <summary>What the client starts with, and what a command needs that is to find it.</summary>
    public IReadOnlyDictionary<string, string> Environment => Variables();

    public Task<ClientRun> RunAsync(string folder, string prompt, params string[] options) =>
        RunAsync(folder, ["-p", prompt, "--output-format", "json", .. options]);

    public async Task<ClientRun> RunAsync(string folder, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in Variables())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync(CancellationToken.None).WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"the client did not end within {Limit.TotalSeconds} s\n{await output}\n{await error}");
        }
        return Ended(process.ExitCode, await output, await error);
    }

    /// <summary>Starts the client in a terminal in which nobody types. The caller must kill it.</summary>
    public Process Open(string folder, params string[] options)
    {
        Seed(folder);
        var line = string.Join(' ', new[] { program }.Concat(options).Select(ShellWord.Quote));
        var start = new ProcessStartInfo("script", ["-qfc", $"stty cols 120 rows 40; exec {line}", "/dev/null"])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true, // Stays open, because the client ends when its input ends.
            RedirectStandardOutput = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in Variables())
            start.Environment[name] = value;
        start.Environment["TERM"] = "xterm-256color";
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { }; // The output must be read, or the client would block.
        process.BeginOutputReadLine();
        return process;
    }

    /// <summary>The client in an environment of its own, whatever that of the terminal is.</summary>
    public IEnumerable<string> CommandLine(params string[] options)
    {
        var variables = Variables().Select(variable => $"{variable.Key}={variable.Value}");
        return ["/usr/bin/env", "-i", .. variables, "TERM=xterm-256color", program, .. options];
    }

    /// <summary>What the client asks at its first start is answered.</summary>
    public void Seed(string folder)
    {
        Directory.CreateDirectory(Path.Combine(userHome, ".claude"));
        File.WriteAllBytes(Path.Combine(userHome, ".claude", ".claude.json"), JsonSerializer.SerializeToUtf8Bytes(new
        {
            hasCompletedOnboarding = true,
            theme = "dark",
            customApiKeyResponses = new { approved = (string[])["dummy"] },
            projects = new Dictionary<string, object> { [folder] = new { hasTrustDialogAccepted = true } },
        }));
    }

    /// <summary>Never the operator's token.</summary>
    private Dictionary<string, string> Variables() => new(token is null ? [] : [new("RELAY_SESSION_TOKEN", token)])
    {
        ["HOME"] = userHome,
        ["CLAUDE_CONFIG_DIR"] = Path.Combine(userHome, ".claude"),
        ["PATH"] = Programs is null ? "/usr/bin:/bin" : Programs + ":/usr/bin:/bin",
        ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")),
        ["TERM"] = "dumb",
        ["LANG"] = "C.UTF-8",
        ["ANTHROPIC_BASE_URL"] = api.ToString().TrimEnd('/'),
        ["ANTHROPIC_API_KEY"] = "dummy",
        ["DISABLE_TELEMETRY"] = "1",
        ["DISABLE_ERROR_REPORTING"] = "1",
        ["DISABLE_AUTOUPDATER"] = "1",
        ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1",
    };

    private static ClientRun Ended(int exitCode, string output, string error)
    {
        if (!output.StartsWith('{'))
            return new ClientRun(exitCode, "", "", output, error);
        using var result = JsonDocument.Parse(output);
        return new ClientRun(exitCode, Text("session_id"), Text("result"), output, error);

        string Text(string name) => result.RootElement.TryGetProperty(name, out var value) ? value.ToString() : "";
    }
}
