using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

/// <summary>A relay that keeps its address over restarts, a project, and the real client with a scripted model.
/// RELAY_CLAUDE_CODE names the client's program; ./build test installs it.</summary>
public abstract class ClaudeStage : Stage
{
    protected static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-claude-");
    private readonly KeptPort _port = new();

    protected string Project => Folder("project");

    private protected static JsonObject Question(string question) => new() { ["question"] = question };

    /// <summary>What the session said to the advisor. After it the relay adds lines about the sessions, which are left out.</summary>
    protected static string Said(AdvisorRequest request) => request.LastUserText.Split('\n')[0];

    /// <summary>The path of the client's program. Skips the test if there is none.</summary>
    protected static string ClientProgram()
    {
        var program = Environment.GetEnvironmentVariable("RELAY_CLAUDE_CODE");
        var reason = Environment.GetEnvironmentVariable("RELAY_CLAUDE_CODE_MISSING");
        if (string.IsNullOrEmpty(reason))
            reason = "RELAY_CLAUDE_CODE names no Claude Code program; ./build test installs one";
        Assert.SkipWhen(string.IsNullOrEmpty(program) || !File.Exists(program), reason);
        return program!;
    }

    protected string Folder(string name) => _folder.CreateSubdirectory(name).FullName;

    private protected async Task<RelayProcess> StartRelayAsync()
    {
        ClientProgram(); // Skips the test before anything is started.
        var config = await File.ReadAllTextAsync(Home.Paths.ConfigFile, CancellationToken);
        var listen = string.Create(CultureInfo.InvariantCulture, $"listen: 127.0.0.1:{_port.Number}\n");
        config = config.Replace("listen: 127.0.0.1:0\n", listen, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Home.Paths.ConfigFile, config, CancellationToken);
        return await RelayProcess.StartAsync(Home, CancellationToken);
    }

    /// <param name="api">The model's stand-in.</param>
    /// <param name="token">Of a connection, for the client's environment; null where the project has it.</param>
    private protected ClaudeClient Client(ClientApi api, string? token = null) =>
        new(ClientProgram(), api.Address, Folder("user"), token);

    protected async Task<string> TokenAsync(string name) => (await RelayAsync("token", name)).Trim();

    /// <summary>Runs the relay's command line.</summary>
    protected async Task<string> RelayAsync(params string[] arguments)
    {
        var (exit, output, error) = await RunRelayAsync(arguments);
        Assert.True(exit == 0, $"relay {string.Join(' ', arguments)}: exit {exit}\n{output}{error}");
        return output;
    }

    /// <summary>Runs the relay's command line for what is refused, and returns why.</summary>
    protected async Task<string> TryRelayAsync(params string[] arguments)
    {
        var (exit, output, error) = await RunRelayAsync(arguments);
        Assert.True(exit != 0, $"relay {string.Join(' ', arguments)} was not refused: {output}");
        return error;
    }

    private async Task<(int Exit, string Output, string Error)> RunRelayAsync(string[] arguments)
    {
        var start = new ProcessStartInfo(RelayProcess.Program(), [.. arguments, "--home", Home.Paths.Root])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken);
        var error = await process.StandardError.ReadToEndAsync(CancellationToken);
        await process.WaitForExitAsync(CancellationToken);
        return (process.ExitCode, await output, error);
    }

    protected Task ConnectAsync(params string[] options) => RelayAsync(["connect", "claude-code", "--project", Project, .. options]);

    private protected async Task<long> CountAsync(string table, string condition = "1 = 1") =>
        await Home.CountAsync($"SELECT COUNT(*) FROM {table} WHERE {condition}", CancellationToken);

    private protected Task EventuallyAsync(string table, string condition) => Eventually.ThatAsync(
        Limit,
        () => CountAsync(table, condition).GetAwaiter().GetResult() > 0,
        () => $"nothing in {table} with {condition}",
        CancellationToken);

    /// <summary>So many replies are consumed: some are only recorded so after the client has heard its answer.</summary>
    private protected async Task ConsumedAsync(int count, string condition = "1 = 1")
    {
        await Eventually.WithinAsync(
            Limit, () => Consumed().GetAwaiter().GetResult() >= count, CancellationToken);
        Assert.Equal(count, await Consumed());

        Task<long> Consumed() => CountAsync("dispatches", $"state = 'consumed' AND {condition}");
    }

    /// <summary>All that is logged so far, in however many files.</summary>
    private protected string Log() => string.Concat(
        Directory.EnumerateFiles(Home.Paths.Logs, "*.log").Order(StringComparer.Ordinal).Select(File.ReadAllText));

    private protected Task<Page> PagedAsync(string title) =>
        Ntfy.WaitForPageAsync(page => page.Title.Contains(title, StringComparison.Ordinal), Limit);

    protected override void CleanUp()
    {
        if (OperatingSystem.IsLinux())
            Kill(IsOfThisTest); // A client that was told to end still writes into its home, and so does what it has started.
        _folder.Delete(recursive: true);
        _port.Dispose();
    }

    private protected static void Kill(Func<int, bool> isMeant)
    {
        foreach (var process in Process.GetProcesses())
            using (process)
                if (IsMeant(process.Id, isMeant))
                {
                    process.Kill();
                    process.WaitForExit(Limit);
                }
    }

    private protected bool IsOfThisTest(int process) =>
        File.ReadAllText($"/proc/{process}/environ").Contains($"HOME={Path.Combine(_folder.FullName, "user")}\0", StringComparison.Ordinal);

    private static bool IsMeant(int process, Func<int, bool> isMeant)
    {
        try
        {
            return isMeant(process);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
