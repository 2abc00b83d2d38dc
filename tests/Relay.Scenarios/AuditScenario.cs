using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Relay.Loopback;
using Xunit;

namespace Relay.Scenarios;

/// <summary>Restores the program as ./build does, with an audit source that knows a vulnerability of one of its packages.</summary>
public sealed class AuditScenario
{
    [Theory]
    [InlineData("npgsql", 2, "NU1903")] // Named by the program.
    [InlineData("sqlitepclraw.core", 0, "NU1901")] // Comes with another.
    public async Task A_known_vulnerability_fails_the_restore(string package, int severity, string code)
    {
        var folder = Directory.CreateTempSubdirectory("relay-audit-");
        try
        {
            await using var source = await LoopbackHost.StartAsync(0, (context, _) => AnswerAsync(context, package, severity));
            var settings = Path.Combine(folder.FullName, "nuget.config");
            await File.WriteAllTextAsync(
                settings,
                $"""
                <configuration>
                  <packageSources><clear /></packageSources>
                  <auditSources>
                    <clear /><add key="known" value="{source.Address}index.json" allowInsecureConnections="true" />
                  </auditSources>
                </configuration>
                """,
                TestContext.Current.CancellationToken);

            var (exit, output) = await RestoreAsync(settings, folder.FullName);

            Assert.True(exit != 0 && output.Contains(code, StringComparison.Ordinal), output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The three documents of a source with vulnerability data, as the NuGet server API describes them.</summary>
    private static Task AnswerAsync(HttpContext context, string package, int severity)
    {
        var here = $"http://{context.Request.Host}";
        object? document = context.Request.Path.Value switch
        {
            "/index.json" => new
            {
                version = "3.0.0",
                resources = new[] { Resource($"{here}/vulnerabilities.json", "VulnerabilityInfo/6.7.0") },
            },
            "/vulnerabilities.json" => new[] { new Dictionary<string, string>
            {
                ["@name"] = "base", ["@id"] = $"{here}/base.json", ["@updated"] = "2026-01-01T00:00:00Z",
            } },
            "/base.json" => new Dictionary<string, object>
            {
                [package] = new[] { new { url = "https://example.invalid/advisory", severity, versions = "(, 999.0.0)" } },
            },
            _ => null,
        };
        if (document is not null)
            return context.Response.WriteAsJsonAsync(document);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static Dictionary<string, string> Resource(string id, string type) => new() { ["@id"] = id, ["@type"] = type };

    private static async Task<(int Exit, string Output)> RestoreAsync(string settings, string artifacts)
    {
        string[] arguments =
        [
            "restore", Path.Combine(AppContext.BaseDirectory, "../../../../src/Relay/Relay.csproj"),
            "--configfile", settings, "--locked-mode", $"-p:ArtifactsPath={artifacts}",
        ];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output);
    }
}
