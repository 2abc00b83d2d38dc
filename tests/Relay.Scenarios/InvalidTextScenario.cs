using System.Diagnostics;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios;

/// <summary>Words that are not UTF-8 are refused by name, wherever a shell can put them.</summary>
public sealed class InvalidTextScenario : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("relay-text-").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Theory]
    [InlineData("send --session s \"$bad\"", 2, "argument 4 is not valid UTF-8, at its byte 4")]
    [InlineData("ask --session s one \"$bad\"", 2, "argument 5 is not valid UTF-8, at its byte 4")]
    [InlineData("answer 1 \"$bad\"", 2, "argument 3 is not valid UTF-8, at its byte 4")]
    [InlineData("send --session s --id \"$bad\" text", 2, "argument 5 is not valid UTF-8")]
    [InlineData("send --session s -", 1, "standard input is not valid UTF-8, at its byte 4")]
    public async Task It_is_refused_with_its_place_and_nothing_is_sent(string words, int exit, string reason)
    {
        Assert.Equal(0, (await ShellAsync("init")).Exit);

        var (code, error) = await ShellAsync(words);

        Assert.Equal(exit, code);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_home, "queue")));
    }

    private async Task<(int Exit, string Error)> ShellAsync(string words)
    {
        var line = $"bad=$(printf 'caf\\351'); printf 'caf\\351' | RELAY_HOME='{_home}' '{RelayProcess.Program()}' {words}";
        var start = new ProcessStartInfo("/bin/sh", ["-c", line]) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var shell = Process.Start(start)!;
        var output = shell.StandardOutput.ReadToEndAsync();
        var error = await shell.StandardError.ReadToEndAsync();
        await output;
        await shell.WaitForExitAsync();
        return (shell.ExitCode, error);
    }
}
