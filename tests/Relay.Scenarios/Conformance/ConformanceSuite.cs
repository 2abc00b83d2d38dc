using System.Diagnostics;
using System.Text.Json;

namespace Relay.Scenarios.Conformance;

/// <summary>Runs the npm package @modelcontextprotocol/conformance, which ./build test installs.</summary>
internal sealed class ConformanceSuite(string folder)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Null when the suite is not installed.</summary>
    public static ConformanceSuite? Find() =>
        Environment.GetEnvironmentVariable("RELAY_MCP_CONFORMANCE") is { Length: > 0 } folder ? new ConformanceSuite(folder) : null;

    /// <summary>The names of the suite's scenarios for servers.</summary>
    public async Task<List<string>> ScenariosAsync(CancellationToken cancellationToken)
    {
        var (_, output) = await RunAsync(["list", "--server"], cancellationToken);
        return output.Split('\n')
            .Where(line => line.StartsWith("  - ", StringComparison.Ordinal))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1])
            .ToList();
    }

    /// <summary>The checks of one scenario, each with its outcome, such as SUCCESS. None if the scenario could not run.</summary>
    public async Task<(List<(string Check, string Outcome)> Checks, int Exit, string Output)> RunAsync(
        string scenario, Uri server, CancellationToken cancellationToken)
    {
        var results = Directory.CreateTempSubdirectory("relay-conformance-").FullName;
        try
        {
            string[] arguments = ["server", "--url", server.ToString(), "--scenario", scenario, "--output-dir", results];
            var (exit, output) = await RunAsync(arguments, cancellationToken);
            return (Directory.EnumerateFiles(results, "checks.json", SearchOption.AllDirectories).SelectMany(Read).ToList(), exit, output);
        }
        finally
        {
            Directory.Delete(results, recursive: true);
        }
    }

    private static List<(string Check, string Outcome)> Read(string file)
    {
        using var checks = JsonDocument.Parse(File.ReadAllBytes(file));
        return checks.RootElement.EnumerateArray()
            .Select(check => (check.GetProperty("id").GetString()!, check.GetProperty("status").GetString()!))
            .ToList();
    }

    private async Task<(int Exit, string Output)> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var modules = Path.Combine(folder, "node_modules");
        string[] all = [Path.Combine(modules, "@modelcontextprotocol", "conformance", "dist", "index.js"), .. arguments];
        var start = new ProcessStartInfo(Path.Combine(modules, ".bin", "node"), all)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, output + await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }
}
