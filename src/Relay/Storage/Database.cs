using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Relay.Storage;

/// <summary>The truth: SQLite in WAL with synchronous=FULL, so a committed transaction survives the process and the power.
/// One writer at a time, any number of readers beside it.</summary>
internal sealed class Database : IDisposable
{
    private readonly string _connectionString;
    private readonly SqliteConnection _writer;
    private readonly SemaphoreSlim _writing = new(1, 1);

    private Database(string path, SqliteOpenMode mode)
    {
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, DefaultTimeout = 10 }.ToString();
        _writer = new SqliteConnection(_connectionString);
        _writer.Open();
        if (mode == SqliteOpenMode.ReadOnly)
            return;
        Run("PRAGMA journal_mode = WAL");
        Run("PRAGMA synchronous = FULL");
        Run("PRAGMA foreign_keys = ON");
    }

    public static Database Open(string path) => new(path, SqliteOpenMode.ReadWriteCreate);

    /// <summary>For the command line beside a daemon or without one: reads what is there and changes nothing.</summary>
    public static Database OpenReadOnly(string path) => new(path, SqliteOpenMode.ReadOnly);

    /// <summary>Runs the work in one transaction; it is durable when this returns, and undone when the work throws.</summary>
    public async Task<T> WriteAsync<T>(Func<DbTransaction, Task<T>> work, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await using var transaction = _writer.BeginTransaction();
            var result = await work(transaction);
            await transaction.CommitAsync(CancellationToken.None); // Once the work is done its outcome is recorded, whoever stops waiting.
            return result;
        }
        finally
        {
            _writing.Release();
        }
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
        await using var connection = new SqliteConnection(_connectionString);
        await connection.OpenAsync(cancellationToken);
        return await work(connection);
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
        _writer.Dispose();
        SqliteConnection.ClearPool(_writer);
        _writing.Dispose();
    }

    private void Run(string pragma)
    {
        using var command = _writer.CreateCommand();
        command.CommandText = pragma;
        command.ExecuteNonQuery();
    }
}
