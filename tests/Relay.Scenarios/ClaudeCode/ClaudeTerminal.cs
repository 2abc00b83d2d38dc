using System.Diagnostics;
using System.Globalization;
using Relay.Agents.Connect;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

/// <summary>The client's terminal interface in tmux: what a person sees, and the keys a person presses.</summary>
internal sealed class ClaudeTerminal : IAsyncDisposable
{
    private const string Pane = "claude";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly string _socket;

    private ClaudeTerminal(string socket) => _socket = socket;

    public string Screen => Tmux("capture-pane", "-p", "-t", Pane);

    /// <summary>Opens the client and waits until it takes a prompt.</summary>
    public static async Task<ClaudeTerminal> OpenAsync(
        ClaudeClient client, string folder, CancellationToken cancellationToken, params string[] options)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/tmux"), "tmux is not installed: it gives the client its terminal");
        client.Seed(folder);
        var socket = Path.Combine(Directory.CreateTempSubdirectory("relay-tmux-").FullName, "s");
        var terminal = new ClaudeTerminal(socket);
        var line = string.Join(' ', client.CommandLine(options).Select(ShellWord.Quote));
        terminal.Tmux("-f", "/dev/null", "new-session", "-d", "-s", Pane, "-x", "120", "-y", "50", "-c", folder, line);
        await terminal.SeesAsync("❯", cancellationToken);
        return terminal;
    }

    public async Task SayAsync(string prompt, CancellationToken cancellationToken)
    {
        Tmux("send-keys", "-t", Pane, "-l", prompt);
        await SeesAsync(prompt, cancellationToken);
        Press("Enter");
    }

    public void Press(params string[] keys) => Tmux(["send-keys", "-t", Pane, .. keys]);

    /// <summary>A dialog takes no key in its first moment.</summary>
    public async Task PressUntilGoneAsync(string key, string text, CancellationToken cancellationToken)
    {
        for (var press = 0; press < 20; press++)
        {
            Press(key);
            if (await Eventually.WithinAsync(
                TimeSpan.FromSeconds(1), () => !Screen.Contains(text, StringComparison.Ordinal), cancellationToken))
                return;
        }
        await SeesNoMoreAsync(text, cancellationToken);
    }

    public Task SeesAsync(string text, CancellationToken cancellationToken) => WaitAsync(text, isThere: true, cancellationToken);

    public Task SeesNoMoreAsync(string text, CancellationToken cancellationToken) => WaitAsync(text, isThere: false, cancellationToken);

    private Task WaitAsync(string text, bool isThere, CancellationToken cancellationToken) => Eventually.ThatAsync(
        Limit,
        () => Screen.Contains(text, StringComparison.Ordinal) == isThere,
        () => $"\"{text}\" {(isThere ? "is not" : "stays")} on the screen:\n{Screen}",
        cancellationToken);

    /// <summary>The client and all it has started are gone afterwards: otherwise it would go on writing to its folders.</summary>
    public async ValueTask DisposeAsync()
    {
        var pane = Tmux("display-message", "-p", "-t", Pane, "#{pane_pid}").Trim();
        using (var client = Process.GetProcessById(int.Parse(pane, CultureInfo.InvariantCulture)))
        {
            client.Kill(entireProcessTree: true);
            await client.WaitForExitAsync(CancellationToken.None).WaitAsync(Limit);
        }
        Tmux("kill-server");
        Directory.Delete(Path.GetDirectoryName(_socket)!, recursive: true);
    }

    private string Tmux(params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/tmux", ["-u", "-S", _socket, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment["LANG"] = "C.UTF-8";
        start.Environment.Remove("TMUX");
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 || arguments is ["kill-server"]
            ? output
            : throw new InvalidOperationException($"tmux {string.Join(' ', arguments)}: {error.Result}");
    }
}
