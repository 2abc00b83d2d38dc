using System.Collections;
using System.Diagnostics;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Dashboard;

/// <summary>A command of the real program, without the settings of the developer's shell.</summary>
internal static class CommandRun
{
    public static async Task<string> OutputAsync(ScenarioHome home, params string[] arguments)
    {
        var (code, output, error) = await EndAsync(home, arguments);
        Assert.True(code == 0, $"{string.Join(' ', arguments)}: {code}\n{output}{error}");
        return output;
    }

    /// <summary>Whatever its exit code is.</summary>
    public static async Task<(int Code, string Output, string Error)> EndAsync(ScenarioHome home, params string[] arguments)
    {
        var start = new ProcessStartInfo(RelayProcess.Program(), [.. arguments, "--home", home.Paths.Root])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var name in Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => (string)variable.Key))
            if (name.StartsWith("RELAY_", StringComparison.Ordinal) || name.StartsWith("NTFY_", StringComparison.Ordinal))
                start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
