using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Relay.Storage.Sqlite;

namespace Relay.Storage;

/// <summary>The truth: SQLite in WAL with synchronous=FULL, so a committed transaction survives the process and the power.
/// One writer at a time, any number of readers beside it.</summary>
internal sealed class Database : IDisposable
{
    /// <summary>The first of a group waits for the last one's work.</summary>
    private const int LargestGroup = 64;

    /// <summary>Those that wait open; more may be in use.</summary>
    private const int MostIdleReaders = 4;

    private readonly string _connectionString;
    private readonly PreparedConnection _writer;
    private readonly ConcurrentStack<PreparedConnection> _readers = [];
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ConcurrentQueue<PendingWrite> _waiting = new();
    private volatile bool _disposed;

    private Database(string path, SqliteOpenMode mode)
    {
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, DefaultTimeout = 10, Pooling = false }.ToString();
        _writer = new PreparedConnection(_connectionString);
        _writer.Open();
        if (mode == SqliteOpenMode.ReadOnly)
            return;
        Run(_writer, "PRAGMA journal_mode = WAL");
        Run(_writer, "PRAGMA synchronous = FULL");
        Run(_writer, "PRAGMA fullfsync = ON"); // On macOS a commit is else only handed to the drive; elsewhere it means nothing.
        Run(_writer, "PRAGMA foreign_keys = ON");
        Run(_writer, "PRAGMA temp_store = MEMORY"); // What a savepoint copies; else it is written to a file made for it.
    }

    public static Database Open(string path) => new(path, SqliteOpenMode.ReadWriteCreate);

    /// <summary>For the command line beside a daemon or without one: reads what is there and changes nothing.</summary>
    public static Database OpenReadOnly(string path) => new(path, SqliteOpenMode.ReadOnly);

    /// <summary>Runs the work in one transaction; it is durable when this returns, and undone when the work throws.
    /// What waits for the writer meanwhile shares the next commit, since the disk's answer is what takes long.</summary>
    public Task<T> WriteAsync<T>(Func<DbTransaction, Task<T>> work, CancellationToken cancellationToken)
    {
        var write = new PendingWrite<T>(work);
        _waiting.Enqueue(write);
        return CommitAsync(write, cancellationToken);
    }

    /// <summary>Each work as if written alone, in this order, but with shared commits.</summary>
    public Task<T[]> WriteEachAsync<T>(IEnumerable<Func<DbTransaction, Task<T>>> works, CancellationToken cancellationToken)
    {
        var writes = works.Select(work => new PendingWrite<T>(work)).ToList();
        writes.ForEach(_waiting.Enqueue); // All of them before the first commit begins.
        return Task.WhenAll(writes.Select(write => CommitAsync(write, cancellationToken)));
    }

    public Task WriteAsync(Func<DbTransaction, Task> work, CancellationToken cancellationToken) =>
        WriteAsync(
            async transaction =>
            {
                await work(transaction);
                return true;
            },
            cancellationToken);

    public async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        if (!_readers.TryPop(out var reader))
        {
            reader = new PreparedConnection(_connectionString);
            await reader.OpenAsync(cancellationToken);
            Run(reader, "PRAGMA cache_size = -500"); // In KiB. Each commit empties it anyway.
        }
        try
        {
            return await work(reader);
        }
        finally
        {
            if (_readers.Count < MostIdleReaders && !_disposed)
                _readers.Push(reader);
            else
                await reader.DisposeAsync();
        }
    }

    /// <summary>What is wrong with the file, the first of it; null when it is sound.</summary>
    public string? QuickCheck()
    {
        using var command = _writer.CreateCommand();
        command.CommandText = "PRAGMA quick_check(1)";
        return command.ExecuteScalar() is "ok" ? null : "quick_check finds faults";
    }

    public void Dispose()
    {
        _disposed = true;
        _writer.Dispose();
        while (_readers.TryPop(out var reader))
            reader.Dispose();
        _writing.Dispose();
    }

    private async Task<T> CommitAsync<T>(PendingWrite<T> write, CancellationToken cancellationToken)
    {
        try
        {
            await _writing.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!write.TryTake())
        {
            return await write.Done; // It is under way: its outcome is recorded, whoever stops waiting.
        }
        try
        {
            while (!write.Done.IsCompleted) // Another may have run it already, or a full group may have gone before it.
                await CommitWaiting_NeedsLockAsync();
        }
        finally
        {
            _writing.Release();
        }
        return await write.Done;
    }

    private async Task CommitWaiting_NeedsLockAsync()
    {
        var group = new List<PendingWrite>();
        while (group.Count < LargestGroup && _waiting.TryDequeue(out var write))
            if (write.TryTake())
                group.Add(write);
        try
        {
            await using var transaction = _writer.BeginTransaction();
            if (group is [var single])
                await single.RunAloneAsync(transaction); // A savepoint copies every page it touches.
            else
                foreach (var write in group)
                    await write.RunAmongOthersAsync(transaction);
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch (Exception exception)
        {
            group.ForEach(write => write.Fail(exception)); // Nothing of the group is on disk: each who asked is told.
        }
        group.ForEach(write => write.Complete());
    }

    private static void Run(PreparedConnection connection, string pragma)
    {
        using var command = connection.CreateCommand();
        command.CommandText = pragma;
        command.ExecuteNonQuery();
    }
}
