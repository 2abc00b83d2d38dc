using System.Diagnostics;
using System.Globalization;
using Relay.Agents.Connect;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

/// <summary>A terminal of a server of its own, in which a program runs and keys are pressed.</summary>
internal sealed class Tmux : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly string _server = string.Create(CultureInfo.InvariantCulture, $"relay-{Guid.CreateVersion7():N}");

    /// <summary>Skips the test where there is no tmux.</summary>
    public static async Task<Tmux> StartAsync(string folder, IReadOnlyDictionary<string, string> environment, params string[] command)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/tmux"), "tmux is not installed: it gives the client its terminal");
        var terminal = new Tmux();
        var variables = environment.Where(each => each.Key != "TERM").Select(each => $"{each.Key}={each.Value}");
        string[] words = ["env", "-i", "TERM=xterm-256color", .. variables, .. command];
        var line = $"{string.Join(' ', words.Select(ShellWord.Quote))}; echo \"ended with $?\"; exec cat";
        await terminal.RunAsync("-f", "/dev/null", "new-session", "-d", "-s", "it", "-x", "150", "-y", "50", "-c", folder, line);
        return terminal;
    }

    /// <summary>What can be seen.</summary>
    public Task<string> ScreenAsync() => RunAsync("capture-pane", "-p", "-t", "it");

    public async Task<string> SeesAsync(string text)
    {
        var screen = "";
        await Eventually.ThatAsync(
            Limit,
            () => (screen = ScreenAsync().GetAwaiter().GetResult()).Contains(text, StringComparison.Ordinal),
            () => $"\"{text}\" is not to be seen in:\n{screen}",
            TestContext.Current.CancellationToken);
        return screen;
    }

    /// <summary>Typed, and then sent.</summary>
    public async Task TypeAsync(string text)
    {
        await RunAsync("send-keys", "-t", "it", "-l", text);
        await SeesAsync(text);
        await PressAsync("Enter");
    }

    /// <summary>A dialog takes no key in its first moment, so the key is pressed again where nothing comes of it.</summary>
    public async Task PressUntilAsync(string key, string text)
    {
        for (var press = 0; press < 6; press++)
        {
            await PressAsync(key);
            if (await Eventually.WithinAsync(
                TimeSpan.FromSeconds(5),
                () => ScreenAsync().GetAwaiter().GetResult().Contains(text, StringComparison.Ordinal),
                TestContext.Current.CancellationToken))
                return;
        }
        await SeesAsync(text);
    }

    public Task PressAsync(string key) => RunAsync("send-keys", "-t", "it", key);

    /// <summary>Waits until the program has ended: it writes into the folders of the test as long as it lives.</summary>
    public async ValueTask DisposeAsync()
    {
        var session = (await RunAsync("list-panes", "-t", "it", "-F", "#{pane_pid}")).Trim();
        await RunAsync("kill-server");
        await Eventually.ThatAsync(Limit, () => !Lives(session), () => "the program goes on", CancellationToken.None);
    }

    /// <summary>Whether there is a process of a terminal's session, which is named by its first process.</summary>
    private static bool Lives(string session)
    {
        foreach (var folder in Directory.Exists("/proc") ? Directory.EnumerateDirectories("/proc") : [])
            try
            {
                if (char.IsAsciiDigit(Path.GetFileName(folder)[0])
                    && File.ReadAllText(Path.Combine(folder, "stat")) is var stat
                    && stat[(stat.LastIndexOf(')') + 2)..].Split(' ') is [not "Z", _, _, var of, ..] && of == session)
                    return true;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It has ended meanwhile.
            }
        return false;
    }

    private async Task<string> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("tmux", ["-L", _server, .. arguments]) { RedirectStandardOutput = true };
        using var tmux = Process.Start(start)!;
        var output = await tmux.StandardOutput.ReadToEndAsync();
        await tmux.WaitForExitAsync();
        return output;
    }
}
