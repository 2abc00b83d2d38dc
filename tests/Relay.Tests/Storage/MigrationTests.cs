using Microsoft.Data.Sqlite;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>A migration is done whole or not at all, whatever ends it, and what comes out is what a new database has.</summary>
public sealed class MigrationTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_schema_of_a_migrated_database_is_that_of_a_new_one()
    {
        await using var old = new OldDatabase();
        await using var fresh = await TestDatabase.CreateAsync(SqlDialect.Sqlite.Name);

        Assert.Equal(await SchemaAsync(fresh.Database), await SchemaAsync(await old.MigrateAsync()));
    }

    [Fact]
    public async Task A_database_in_which_nothing_was_said_yet_becomes_as_a_new_one()
    {
        await using var old = new OldDatabase();
        foreach (var table in OldDatabase.Tables)
            old.Run($"DELETE FROM {table}");
        await using var fresh = await TestDatabase.CreateAsync(SqlDialect.Sqlite.Name);

        var migrated = await OldDatabase.DumpAsync(await old.MigrateAsync());

        Assert.Equal(
            (await OldDatabase.DumpAsync(fresh.Database)).Where(IsRow),
            migrated.Where(IsRow));
    }

    [Fact]
    public async Task What_fails_in_the_middle_leaves_the_database_as_it_was_and_the_next_start_makes_it_whole()
    {
        await using var undisturbed = new OldDatabase();
        await using var old = new OldDatabase();
        old.Run("CREATE TABLE new_pages (in_the_way INTEGER)"); // Most tables are replaced by then.
        var before = await OldDatabase.DumpAsync(old.Open());

        await Assert.ThrowsAsync<SqliteException>(old.MigrateAsync);

        Assert.Equal(before, await OldDatabase.DumpAsync(old.Open()));
        old.Run("DROP TABLE new_pages");
        Assert.Equal(
            await OldDatabase.DumpAsync(await undisturbed.MigrateAsync()),
            await OldDatabase.DumpAsync(await old.MigrateAsync()));
    }

    [Fact]
    public async Task What_a_kill_in_the_middle_leaves_on_disk_is_migrated_by_the_next_start()
    {
        await using var undisturbed = new OldDatabase();
        await using var killed = new OldDatabase();
        await using (var old = new OldDatabase())
        {
            using var connection = new SqliteConnection($"Data Source={old.File};Pooling=False");
            connection.Open();
            Run(connection, "PRAGMA cache_size = 10"); // So that pages are written before the commit.
            Run(connection, "BEGIN IMMEDIATE");
            Run(connection, await LargestMigrationAsync());
            foreach (var file in new[] { "", "-wal" })
                File.Copy(old.File + file, killed.File + file, overwrite: true);
        }
        Assert.True(new FileInfo(killed.File + "-wal").Length > 100_000);

        Assert.Equal(
            await OldDatabase.DumpAsync(await undisturbed.MigrateAsync()),
            await OldDatabase.DumpAsync(await killed.MigrateAsync()));
    }

    [Fact]
    public async Task A_second_start_changes_nothing_more()
    {
        await using var old = new OldDatabase();
        var first = await OldDatabase.DumpAsync(await old.MigrateAsync());

        Assert.Equal(first, await OldDatabase.DumpAsync(await old.MigrateAsync()));
    }

    private static bool IsRow(string line) => !line.Contains(": CREATE", StringComparison.Ordinal);

    private static async Task<List<string>> SchemaAsync(Database database)
    {
        var dump = await OldDatabase.DumpAsync(database);
        return dump.FindAll(line => !IsRow(line) && !line.StartsWith("schema_migrations", StringComparison.Ordinal));
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static async Task<string> LargestMigrationAsync()
    {
        var assembly = typeof(Migrator).Assembly;
        using var reader = new StreamReader(assembly.GetManifestResourceStream("Migrations/Sqlite/0003_owners_and_clusters.sql")!);
        return await reader.ReadToEndAsync(CancellationToken);
    }
}
