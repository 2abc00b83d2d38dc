using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Relay.Configuration;
using Relay.Loopback;
using Relay.Operator;
using Relay.Running;
using Relay.Storage;
using Relay.Storage.Postgres;
using Relay.Storage.Sqlite;

namespace Relay.Scenarios.Harness;

/// <summary>The home folder of one scenario, which uses the stand-ins.
/// If RELAY_SCENARIO_KEEP is set in the environment, the folder is kept for inspection.</summary>
internal sealed class ScenarioHome : IDisposable
{
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public const string OperatorToken = "of-the-operator-0123456789";

    private readonly Uri? _database;
    private readonly string _folder;
    private readonly Uri _api, _ntfy;
    private readonly string _config;
    private KeptPort? _port;
    private int _envelopes;

    /// <param name="api">The Messages API's stand-in.</param>
    /// <param name="ntfy">The pages' one.</param>
    /// <param name="config">Lines of config.yaml.</param>
    /// <param name="database">Null for a file in the home.</param>
    /// <param name="name">Of the folder, in a new one; null for any.</param>
    public ScenarioHome(Uri api, Uri ntfy, string config = "", Uri? database = null, string? name = null)
    {
        _database = database;
        _folder = Directory.CreateTempSubdirectory("relay-scenario-").FullName;
        Paths = new RelayHome(name is null ? _folder : Directory.CreateDirectory(Path.Combine(_folder, name)).FullName);
        File.SetUnixFileMode(Paths.Root, OwnersAlone);
        _api = api;
        _ntfy = ntfy;
        _config = config;
        Lay();
    }

    /// <summary>Again, where something was mounted over it.</summary>
    public void Lay()
    {
        Paths.CreateFolders();
        File.WriteAllText(Paths.ConfigFile, "listen: 127.0.0.1:0\n" + (_database is null ? "" : "store: postgres\n") + _config);
        File.WriteAllText(
            Paths.EnvFile,
            $"ANTHROPIC_API_KEY=key\nANTHROPIC_BASE_URL={_api}\nNTFY_SERVER={_ntfy}\n"
            + $"NTFY_TOPIC=scenario\nRELAY_TOKEN={OperatorToken}\nRELAY_DATABASE_URL={_database}\n");
    }

    public RelayHome Paths { get; }

    /// <summary>From its next start the relay listens at a port that is the same at each.</summary>
    public async Task ListenAtAsync(CancellationToken cancellationToken)
    {
        _port = new KeptPort();
        var text = await File.ReadAllTextAsync(Paths.ConfigFile, cancellationToken);
        var fixedPort = text.Replace("listen: 127.0.0.1:0", $"listen: 127.0.0.1:{_port.Number}", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Paths.ConfigFile, fixedPort, cancellationToken);
    }

    /// <summary>Drops an envelope as a careful script does: writes it under another name, then renames it.
    /// The names are in ascending order, which decides between envelopes of the same time.
    /// Returns the Stopwatch ticks just before the rename.</summary>
    public long Drop(string session, string content) => Drop(NextName(session), session, content, modifiedAt: null);

    public long Drop(string name, string session, string content, DateTime? modifiedAt)
    {
        var temporary = Path.Combine(Paths.Queue, $".{name}.tmp");
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(new { session_id = session, content }));
        if (modifiedAt is { } time)
            File.SetLastWriteTimeUtc(temporary, time);
        var ticks = Stopwatch.GetTimestamp();
        File.Move(temporary, Path.Combine(Paths.Queue, name + ".json"));
        return ticks;
    }

    /// <summary>Writes the operator's input file. False if an earlier text is still there.</summary>
    public bool TrySay(string text)
    {
        var file = Paths.OperatorFile("jc_input.txt");
        if (File.Exists(file))
            return false;
        var temporary = Path.Combine(Paths.State, ".jc_input.tmp");
        File.WriteAllText(temporary, text);
        File.Move(temporary, file);
        return true;
    }

    /// <summary>The same, once an earlier text was taken.</summary>
    public Task SayAsync(string text) => Eventually.ThatAsync(
        TimeSpan.FromSeconds(30), () => TrySay(text), () => "the operator's words before these were not taken", CancellationToken.None);

    public Task<List<T>> QueryAsync<T>(string sql, Func<Row, T> map, CancellationToken cancellationToken) =>
        ReadAsync(reading => reading.Sql(sql).ListAsync(map, cancellationToken), cancellationToken);

    private async Task<T> ReadAsync<T>(Func<Reading, Task<T>> work, CancellationToken cancellationToken)
    {
        await using Database database = _database is null
            ? SqliteDatabase.OpenReadOnly(Paths.DatabaseFile, TimeProvider.System)
            : PostgresDatabase.OpenReadOnly(_database, TimeProvider.System);
        return await database.ReadAsync(work, cancellationToken);
    }

    /// <summary>As nobody should, while no relay runs.</summary>
    public async Task ChangeAsync(string sql)
    {
        await using var database = SqliteDatabase.Open(Paths.DatabaseFile, new ChangeFeed(), TimeProvider.System);
        await database.WriteAsync(writing => writing.Sql(sql).ExecuteAsync(CancellationToken.None), CancellationToken.None);
    }

    /// <summary>What waits for nothing. Whatever has happened here, there should be none. A relay that was stopped as it started may not
    /// have made a table yet.</summary>
    public async Task<List<Stranded>> StrandedAsync()
    {
        if (_database is null && !File.Exists(Paths.DatabaseFile))
            return [];
        var tables = (_database is null ? SqlDialect.Sqlite : SqlDialect.Postgres).HasMigrations;
        return await ReadAsync(
            async reading => await reading.Sql(tables).NumberAsync(CancellationToken.None) == 0
                ? []
                : await StateCheck.ReadAsync(reading, CancellationToken.None),
            CancellationToken.None);
    }

    public async Task<long> CountAsync(string sql, CancellationToken cancellationToken) =>
        (await QueryAsync(sql, row => row.Number(), cancellationToken))[0];

    public void Dispose()
    {
        _port?.Dispose();
        if (Environment.GetEnvironmentVariable("RELAY_SCENARIO_KEEP") is null)
            Directory.Delete(_folder, recursive: true);
    }

    private string NextName(string session) =>
        string.Create(CultureInfo.InvariantCulture, $"{Interlocked.Increment(ref _envelopes):D6}-{session}");
}
