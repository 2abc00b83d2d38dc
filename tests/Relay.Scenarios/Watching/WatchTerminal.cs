using System.Diagnostics;
using System.Globalization;
using Relay.Agents.Connect;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Watching;

/// <summary>A terminal with relay watch in it: what a person sees, the keys a person presses, and every byte that was sent to it.</summary>
internal sealed class WatchTerminal : IAsyncDisposable
{
    public const string Before = "the screen before";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly string _folder = Directory.CreateTempSubdirectory("relay-watch-").FullName;

    private bool _isClosed;

    private WatchTerminal()
    {
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public string Screen => Tmux("capture-pane", "-p", "-t", "it");

    /// <summary>All that the program has written to the terminal.</summary>
    public string Written => File.Exists(Sent) ? File.ReadAllText(Sent) : "";

    private string Sent => Path.Combine(_folder, "sent");

    /// <summary>Of the program itself.</summary>
    public int ProgramId => int.Parse(
        File.ReadAllText($"/proc/{Pane}/task/{Pane}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).First(),
        CultureInfo.InvariantCulture);

    private string Errors => Path.Combine(_folder, "errors");

    private string Pane => Tmux("list-panes", "-t", "it", "-F", "#{pane_pid}").Trim();

    /// <summary>Skips the test where there is no tmux.</summary>
    public static async Task<WatchTerminal> OpenAsync(ScenarioHome home, int columns = 80, int rows = 24, string environment = "")
    {
        Assert.SkipUnless(File.Exists("/usr/bin/tmux") && OperatingSystem.IsLinux(), "tmux is not installed: it is the terminal");
        var terminal = new WatchTerminal();
        var (program, folder) = (ShellWord.Quote(RelayProcess.Program()), ShellWord.Quote(terminal._folder));
        var watch = $"env -i TERM=xterm-256color LANG=C.UTF-8 HOME=/nowhere {environment} {program} watch --home "
            + ShellWord.Quote(home.Paths.Root);
        var line = $"cd {folder}; echo {ShellWord.Quote(Before)}; stty -a > before; read go; {watch}; "
            + "echo \"ended with $?\"; stty -a > after; exec cat";
        terminal.Tmux(
            "-f", "/dev/null", "new-session", "-d", "-s", "it", "-x", $"{columns}", "-y", $"{rows}", $"sh -c {ShellWord.Quote(line)}");
        await terminal.SeesAsync(Before);
        terminal.Tmux("pipe-pane", "-t", "it", $"cat > {ShellWord.Quote(terminal.Sent)}");
        terminal.Press("Enter");
        await terminal.SeesAsync("? help");
        return terminal;
    }

    /// <summary>As a window or a connection in which nothing else runs: no shell stands between it and the program.</summary>
    public static async Task<WatchTerminal> OpenAloneAsync(ScenarioHome home)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/tmux") && OperatingSystem.IsLinux(), "tmux is not installed: it is the terminal");
        var terminal = new WatchTerminal();
        var watch = $"exec env -i TERM=xterm-256color LANG=C.UTF-8 HOME=/nowhere {ShellWord.Quote(RelayProcess.Program())} watch --home "
            + $"{ShellWord.Quote(home.Paths.Root)} 2> {ShellWord.Quote(terminal.Errors)}";
        terminal.Tmux("-f", "/dev/null", "new-session", "-d", "-s", "it", "-x", "80", "-y", "24", $"exec sh -c {ShellWord.Quote(watch)}");
        await terminal.SeesAsync("? help");
        return terminal;
    }

    /// <summary>The window is closed.</summary>
    /// <returns>What the program has said of it.</returns>
    public async Task<string> CloseAsync()
    {
        using var program = Process.GetProcessById(int.Parse(Pane, CultureInfo.InvariantCulture));
        _isClosed = true;
        Tmux("kill-server");
        await program.WaitForExitAsync(Token).WaitAsync(Limit, Token);
        return await File.ReadAllTextAsync(Errors, Token);
    }

    public void Press(params string[] keys) => Tmux(["send-keys", "-t", "it", .. keys]);

    public void Type(string text) => Tmux("send-keys", "-t", "it", "-l", text);

    /// <summary>As from the clipboard, in the brackets that the program has asked for.</summary>
    public void Paste(string text)
    {
        Tmux("set-buffer", text);
        Tmux("paste-buffer", "-p", "-t", "it");
    }

    public void Resize(int columns, int rows) => Tmux("resize-window", "-t", "it", "-x", $"{columns}", "-y", $"{rows}");

    public Task<string> SeesAsync(string text) => WaitAsync(text, isThere: true);

    public Task SeesNoMoreAsync(string text) => WaitAsync(text, isThere: false);

    /// <summary>The program has ended and left the terminal as it was.</summary>
    public async Task IsRestoredAsync(int exit = 0)
    {
        await SeesAsync($"ended with {exit}");
        await Eventually.ThatAsync(Limit, () => File.Exists(Path.Combine(_folder, "after")), () => "stty", Token);
        Assert.Contains(Before, Screen, StringComparison.Ordinal);
        Assert.Equal("1 0", Tmux("display-message", "-p", "-t", "it", "#{cursor_flag} #{alternate_on}").Trim());
        var after = "";
        await Eventually.ThatAsync(
            Limit, () => (after = File.ReadAllText(Path.Combine(_folder, "after"))).Length > 0, () => "stty's words", Token);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(_folder, "before"), Token), after);
    }

    public async ValueTask DisposeAsync()
    {
        if (_isClosed)
        {
            Directory.Delete(_folder, recursive: true);
            return;
        }
        using (var pane = Process.GetProcessById(int.Parse(Pane, CultureInfo.InvariantCulture)))
        {
            pane.Kill(entireProcessTree: true);
            await pane.WaitForExitAsync(CancellationToken.None).WaitAsync(Limit);
        }
        Tmux("kill-server");
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<string> WaitAsync(string text, bool isThere)
    {
        var screen = "";
        await Eventually.ThatAsync(
            Limit,
            () => (screen = Screen).Contains(text, StringComparison.Ordinal) == isThere,
            () => $"\"{text}\" {(isThere ? "is not" : "stays")} on the screen:\n{screen}",
            Token);
        return screen;
    }

    private string Tmux(params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/tmux", ["-u", "-S", Path.Combine(_folder, "s"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        (start.Environment["TERM"], start.Environment["LANG"]) = ("xterm-256color", "C.UTF-8");
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
