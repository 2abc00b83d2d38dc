using System.Diagnostics;
using System.Globalization;

namespace Relay.Loopback;

/// <summary>A PostgreSQL server of a test's own, which it can stop, freeze and start again. It refuses to run as root:
/// then it runs as the user postgres. RELAY_TEST_POSTGRES_BIN names the folder of its programs, else Debian's newest is taken.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly string _programs;
    private readonly string _folder = Directory.CreateTempSubdirectory("relay-postgres-").FullName;
    private readonly KeptPort _port = new();

    private PostgresServer(string programs) => _programs = programs;

    public Uri Url => new(string.Create(CultureInfo.InvariantCulture, $"postgres://postgres@127.0.0.1:{_port.Number}/postgres"));

    private string Data => Path.Combine(_folder, "data");

    /// <summary>Null where no server is installed.</summary>
    public static string? FindPrograms()
    {
        if (Environment.GetEnvironmentVariable("RELAY_TEST_POSTGRES_BIN") is { Length: > 0 } given)
            return given;
        const string debian = "/usr/lib/postgresql";
        return !Directory.Exists(debian) ? null : Directory.EnumerateDirectories(debian)
            .OrderByDescending(
                folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0)
            .Select(folder => Path.Combine(folder, "bin"))
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")));
    }

    /// <summary>A new one, not started yet.</summary>
    public static async Task<PostgresServer> CreateAsync(string programs)
    {
        var server = new PostgresServer(programs);
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", "postgres", server._folder);
        await server.RunProgramAsync(
            "initdb", "--pgdata", server.Data, "--auth", "trust", "--username", "postgres", "--encoding", "UTF8", "--no-sync");
        return server;
    }

    public Task StartAsync() => RunProgramAsync(
        "pg_ctl", "start", "--silent", "--wait", "--pgdata", Data, "--log", Path.Combine(_folder, "log"),
        "--options",
            string.Create(
                CultureInfo.InvariantCulture, $"-c listen_addresses=127.0.0.1 -c port={_port.Number} -c unix_socket_directories="));

    /// <summary>As for an update: connections are ended, nothing is lost.</summary>
    public Task StopAsync() => RunProgramAsync("pg_ctl", "stop", "--silent", "--wait", "--mode", "fast", "--pgdata", Data);

    /// <summary>Its connections stay open, and nobody answers on them.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ThawAsync() => SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            await ThawAsync();
            await RunProgramAsync("pg_ctl", "stop", "--silent", "--wait", "--mode", "immediate", "--pgdata", Data);
        }
        Directory.Delete(_folder, recursive: true);
        _port.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        var process = (await File.ReadAllLinesAsync(Path.Combine(Data, "postmaster.pid")))[0];
        // A child that has ended meanwhile needs no signal.
        var children = $"$(cat /proc/{process}/task/{process}/children)";
        await RunAsync("sh", "-c", $"kill -{signal} {process} && for child in {children}; do kill -{signal} $child || true; done");
    }

    private Task RunProgramAsync(string program, params string[] arguments) => Environment.IsPrivilegedProcess
        ? RunAsync("runuser", ["-u", "postgres", "--", Path.Combine(_programs, program), .. arguments])
        : RunAsync(Path.Combine(_programs, program), arguments);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // Into a file, and not through a pipe: the server would keep that open.
        var log = Path.GetTempFileName();
        var quoted = string.Join(' ', arguments.Prepend(program).Select(argument => $"'{argument}'"));
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", $"cd / && {quoted} >{log} 2>&1 </dev/null"]))!;
        await process.WaitForExitAsync();
        var said = await File.ReadAllTextAsync(log);
        File.Delete(log);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed: {said}");
    }
}
