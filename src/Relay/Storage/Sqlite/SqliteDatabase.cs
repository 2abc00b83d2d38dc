using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Relay.Running;

namespace Relay.Storage.Sqlite;

/// <summary>A file in the home, in WAL with synchronous=FULL, so a committed transaction survives the process and the power.</summary>
internal sealed class SqliteDatabase : Database
{
    /// <summary>Those that wait open; more may be in use.</summary>
    private const int MostIdleReaders = 4;

    private readonly string _path;
    private readonly string _connectionString;
    private readonly PreparedConnection _writer;
    private readonly ConcurrentStack<PreparedConnection> _readers = [];
    private volatile bool _disposed;

    private SqliteDatabase(string path, SqliteOpenMode mode, ChangeFeed changes, TimeProvider clock)
        : base(SqlDialect.Sqlite, changes, clock)
    {
        _path = path;
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            DefaultTimeout = 10, // In seconds: how long another's lock is waited for.
            Pooling = false,
        }.ToString();
        _writer = new PreparedConnection(_connectionString);
        _writer.Open();
        if (mode == SqliteOpenMode.ReadOnly)
            return;
        _writer.Run("PRAGMA journal_mode = WAL");
        _writer.Run("PRAGMA synchronous = FULL");
        _writer.Run("PRAGMA foreign_keys = ON");
        _writer.Run("PRAGMA fullfsync = ON"); // Has an effect on macOS only, where fsync leaves the drive's own cache alone.
        _writer.Run("PRAGMA temp_store = MEMORY");
    }

    public static SqliteDatabase Open(string path, ChangeFeed changes, TimeProvider clock) =>
        new(path, SqliteOpenMode.ReadWriteCreate, changes, clock);

    /// <summary>For the command line beside a daemon or without one: reads what is there and changes nothing.</summary>
    public static SqliteDatabase OpenReadOnly(string path, TimeProvider clock) =>
        new(path, SqliteOpenMode.ReadOnly, new ChangeFeed(), clock);

    public override async Task<T> ReadAsync<T>(Func<Reading, Task<T>> work, CancellationToken cancellationToken)
    {
        if (!_readers.TryPop(out var reader))
        {
            reader = new PreparedConnection(_connectionString);
            await reader.OpenAsync(cancellationToken);
            reader.Run("PRAGMA cache_size = -500"); // In KiB. Each commit empties it anyway.
        }
        var reusable = false;
        try
        {
            await reader.Command(Dialect.BeginRead).ExecuteAsync(cancellationToken);
            var result = await work(NewReading(reader));
            await reader.Command("COMMIT").ExecuteAsync(CancellationToken.None);
            reusable = true;
            return result;
        }
        finally
        {
            if (reusable && _readers.Count < MostIdleReaders && !_disposed)
                _readers.Push(reader);
            else
                await reader.DisposeAsync(); // In the middle of a transaction it may be: closing ends that.
        }
    }

    public override Task<string?> FaultAsync(CancellationToken cancellationToken)
    {
        using var command = _writer.CreateCommand();
        command.CommandText = "PRAGMA quick_check(1)";
        return Task.FromResult(command.ExecuteScalar() is "ok" ? null : "damaged: quick_check finds faults");
    }

    public override Task<string> DescribeAsync(CancellationToken cancellationToken) =>
        Task.FromResult(string.Create(CultureInfo.InvariantCulture, $"{new FileInfo(_path).Length / 1024:N0} kB"));

    protected override async Task CloseAsync_NeedsLock()
    {
        _disposed = true;
        await _writer.DisposeAsync();
        while (_readers.TryPop(out var reader))
            await reader.DisposeAsync();
    }

    protected override async Task<ISqlConnection> BeginAsync_NeedsLock()
    {
        try
        {
            await _writer.Command(Dialect.BeginWrite).ExecuteAsync(CancellationToken.None);
            return _writer;
        }
        catch (DbException)
        {
            await RollBackAsync(_writer); // One that could not be undone, as on a full disk, would keep every other from beginning.
            throw;
        }
    }
}
