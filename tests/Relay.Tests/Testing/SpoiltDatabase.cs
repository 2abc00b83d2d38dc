using Microsoft.Data.Sqlite;
using Relay.Conversations;
using Relay.Running;
using Relay.Storage;
using Relay.Storage.Sqlite;

namespace Relay.Tests.Testing;

/// <summary>What can become of a database's file.</summary>
internal static class SpoiltDatabase
{
    private const int PageSize = 4096;

    /// <summary>Every page but the first two is filled with noise, from the middle of it on.</summary>
    public static void Scramble(string file)
    {
        var random = new Random(7);
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        var pages = RandomAccess.GetLength(handle) / PageSize;
        var noise = new byte[PageSize];
        for (var page = 2; page < pages; page++)
        {
            random.NextBytes(noise);
            RandomAccess.Write(handle, noise, page * PageSize);
        }
    }

    /// <summary>Only the first page of a table is noise.</summary>
    public static void Scramble(string file, string table)
    {
        var connection = new SqliteConnection($"Data Source={file};Pooling=False;Mode=ReadOnly");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT rootpage FROM sqlite_schema WHERE name = '{table}'";
        var page = (long)command.ExecuteScalar()!;
        connection.Dispose();
        var noise = new byte[PageSize];
        new Random(7).NextBytes(noise);
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.Write(handle, noise, (page - 1) * PageSize);
    }

    /// <summary>A database of SQLite with nothing in it, or another relay's.</summary>
    public static async Task MakeAsync(string file, bool withTables, CancellationToken cancellationToken)
    {
        await using var database = SqliteDatabase.Open(file, new ChangeFeed(), TimeProvider.System);
        if (!withTables)
        {
            await database.WriteAsync(writing => writing.Sql("CREATE TABLE other (a)").ExecuteAsync(cancellationToken), cancellationToken);
            return;
        }
        await Migrator.MigrateAsync(database, cancellationToken);
        await database.WriteAsync(
            writing => FactStore.AddAsync(writing, FactStore.FirstStart, "another time", cancellationToken), cancellationToken);
    }
}
