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
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', arguments)}: {process.ExitCode}\n{await output}{await error}");
        return await output;
    }
}
