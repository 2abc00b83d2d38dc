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

    /// <summary>Null for one that is only read, or lives in memory.</summary>
    private readonly OpenFiles? _files;
    private readonly ConcurrentStack<PreparedConnection> _readers = [];
    private volatile bool _disposed;
    private volatile string? _rescue;

    private SqliteDatabase(string path, SqliteOpenMode mode, ChangeFeed changes, TimeProvider clock)
        : base(SqlDialect.Sqlite, changes, clock)
    {
        _path = path;
        var isInMemory = path.StartsWith("file:", StringComparison.Ordinal);
        var others = mode == SqliteOpenMode.ReadWriteCreate && !isInMemory ? SqliteOpenMode.ReadWrite : mode;
        _connectionString = Connection(path, others); // Only the first may make the file.
        _writer = new PreparedConnection(Connection(path, mode));
        try
        {
            Open(mode == SqliteOpenMode.ReadOnly);
            _files = mode == SqliteOpenMode.ReadOnly || isInMemory ? null : new OpenFiles(path);
            _files?.Fault();
        }
        catch (SqliteException exception)
        {
            _writer.Dispose();
            throw Translate(exception);
        }
    }

    private void Open(bool isOnlyRead)
    {
        _writer.Open();
        if (isOnlyRead)
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
        PreparedConnection? reader = null;
        var reusable = false;
        try
        {
            reader = await ReaderAsync(cancellationToken);
            await reader.Command(Dialect.BeginRead).ExecuteAsync(cancellationToken);
            var result = await work(NewReading(reader));
            await reader.Command("COMMIT").ExecuteAsync(CancellationToken.None);
            reusable = true;
            return result;
        }
        catch (SqliteException exception) when (Met(exception) is DatabaseFaultException fault)
        {
            throw fault;
        }
        finally
        {
            if (reusable && _readers.Count < MostIdleReaders && !_disposed)
                _readers.Push(reader!);
            else
                await (reader?.DisposeAsync() ?? default); // In the middle of a transaction it may be: closing ends that.
        }
    }

    /// <summary>Another file that stands in the database's place is not opened.</summary>
    private async Task<PreparedConnection> ReaderAsync(CancellationToken cancellationToken)
    {
        if (Trouble is { Kind: DatabaseFault.Lost } lost)
            throw lost;
        if (_readers.TryPop(out var idle))
            return idle;
        ThrowIfLost();
        var reader = new PreparedConnection(_connectionString);
        await reader.OpenAsync(cancellationToken);
        reader.Run("PRAGMA cache_size = -500"); // In KiB. Each commit empties it anyway.
        return reader;
    }

    private void ThrowIfLost()
    {
        if (WhyLost() is { } lost)
            throw Met(lost);
    }

    private DatabaseFaultException? WhyLost()
    {
        if (_disposed || _files?.Fault() is not { } fault)
            return null; // Once it is closed, the files beside it are rightly gone.
        const string closed = "nothing is accepted until it is back";
        var remedy = _files.IsMainGone
            ? $"{closed}; or stop the relay and put {Path.GetFileName(RescuedFile)} in its place"
            : $"{closed}; or stop the relay and start it again";
        return new DatabaseFaultException(DatabaseFault.Lost, fault, remedy, cause: null);
    }

    public override Task<string?> FaultAsync(CancellationToken cancellationToken)
    {
        using var command = _writer.CreateCommand();
        command.CommandText = "PRAGMA quick_check(1)";
        return Task.FromResult(command.ExecuteScalar() is "ok" ? null : "damaged: quick_check finds faults");
    }

    public override Task<string> DescribeAsync(CancellationToken cancellationToken) =>
        Task.FromResult(string.Create(CultureInfo.InvariantCulture, $"{new FileInfo(_path).Length / 1024:N0} kB"));

    /// <summary>Where what is in a lost file is kept.</summary>
    private string RescuedFile => _path + ".rescued";

    public override async Task<Soundness> CheckAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        Soundness? found = null;
        await UndisturbedAsync(
            async () => found = await Task.Run(() => QuickCheck.Run(_writer, limit), CancellationToken.None), cancellationToken);
        return found!;
    }

    /// <summary>Where only the log is gone, all of it goes into the database itself.</summary>
    public override async Task<string?> RescueAsync(CancellationToken cancellationToken)
    {
        if (_rescue is null && _files is not null)
            await UndisturbedAsync(
                () => Task.Run(() => RescueOnce_NeedsLock(_files), CancellationToken.None), cancellationToken);
        return _rescue;
    }

    private void RescueOnce_NeedsLock(OpenFiles files) =>
        _rescue ??= files.IsMainGone ? Rescue.Copy(_writer, RescuedFile) : Rescue.Fold(_writer);

    protected override Exception Translate(Exception fault) => SqliteFaults.Translate(_path, fault);

    protected override async Task<DatabaseFaultException?> StandsAsync(
        DatabaseFaultException? trouble, Func<Writing, Task> probe, CancellationToken cancellationToken)
    {
        if (trouble is { Kind: DatabaseFault.Damaged })
            return trouble;
        if (WhyLost() is { } lost)
            return trouble is { Kind: DatabaseFault.Lost } && trouble.Message == lost.Message ? trouble : lost;
        _rescue = null;
        if (trouble is null or { Kind: DatabaseFault.Lost })
            return null;
        return trouble.Kind == DatabaseFault.Full && !Rescue.HasRoom(_path)
            ? trouble
            : await base.StandsAsync(trouble, probe, cancellationToken);
    }

    /// <summary>What is in the log goes into the database, so that less is lost with the log. Without waiting for those who read.</summary>
    protected override Task<bool> TidyAsync_NeedsLock() => Task.Run(() => WhyLost() is not null || Rescue.TryCheckpoint(_writer));

    private static string Connection(string path, SqliteOpenMode mode) => new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = mode,
        DefaultTimeout = 10, // In seconds: how long another's lock is waited for.
        Pooling = false,
    }.ToString();

    protected override async Task CloseAsync_NeedsLock()
    {
        if (_files is not null && WhyLost() is not null)
            RescueOnce_NeedsLock(_files);
        _disposed = true;
        await _writer.DisposeAsync();
        while (_readers.TryPop(out var reader))
            await reader.DisposeAsync();
    }

    protected override async Task<ISqlConnection> BeginAsync_NeedsLock()
    {
        ThrowIfLost();
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
