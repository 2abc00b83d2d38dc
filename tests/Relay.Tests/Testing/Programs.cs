using System.Diagnostics;
using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Testing;

/// <summary>Real programs, this one among them.</summary>
internal static class Programs
{
    /// <summary>The program as it was built with the tests.</summary>
    public static string Relay
    {
        get
        {
            var built = new DirectoryInfo(AppContext.BaseDirectory);
            return Path.Combine(built.Parent!.Parent!.FullName, "Relay", built.Name, "relay");
        }
    }

    /// <summary>A hook as a client runs it: the event on standard input, and of the relay's variables only those given.</summary>
    public static Task<(int Exit, string Output, string Error)> HookAsync(
        string kind, RelayHome home, string url, params (string Name, string Value)[] variables) =>
        RunAsync(Relay, ["hook", kind, "--home", home.Root, "--url", url, "--session", "s1"], Event(kind), variables);

    /// <summary>Git, as it is without settings of whoever runs the tests.</summary>
    public static async Task<string> GitAsync(string folder, params string[] arguments)
    {
        var (exit, output, error) = await RunAsync("git", ["-C", folder, .. arguments], variables: ("GIT_CONFIG_GLOBAL", "/dev/null"));
        Assert.True(exit == 0, error);
        return output;
    }

    public static async Task<(int Exit, string Output, string Error)> RunAsync(
        string program, string[] arguments, string input = "", params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("RELAY_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading.
        }
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(25));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end");
        }
        return (process.ExitCode, await output, await error);
    }

    private static string Event(string kind) => kind == "session-start"
        ? """{"hook_event_name":"SessionStart","session_id":"agent-1","cwd":"/tmp"}"""
        : """{"hook_event_name":"Stop","session_id":"agent-1","cwd":"/tmp"}""";
}
