using System.Data.Common;
using Relay.Storage;
using Xunit;

namespace Relay.Tests.Storage;

public sealed class DatabaseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("relay-storage-").FullName;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private string DatabasePath => Path.Combine(_folder, "relay.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Commits_survive_the_power_write_ahead_log_and_full_synchronisation_are_in_force()
    {
        using var database = Database.Open(DatabasePath);

        var (journal, synchronous) = await database.WriteAsync(
            async transaction => (
                (await transaction.Command("PRAGMA journal_mode").ListAsync(reader => reader.GetString(0), CancellationToken))[0],
                (await transaction.Command("PRAGMA synchronous").ListAsync(reader => reader.GetInt64(0), CancellationToken))[0]),
            CancellationToken);

        Assert.Equal(("wal", 2), (journal, synchronous));
    }

    [Fact]
    public async Task What_waits_for_the_writer_shares_a_commit_and_a_fault_undoes_only_its_own_work()
    {
        using var database = Database.Open(DatabasePath);
        await database.WriteAsync(transaction => transaction.Command("CREATE TABLE numbers (number INTEGER)").ExecuteAsync(CancellationToken), CancellationToken);
        var opened = new TaskCompletionSource();
        var first = database.WriteAsync(async transaction => await opened.Task, CancellationToken);
        using var impatient = new CancellationTokenSource();

        var writes = Enumerable.Range(1, 100).Select(number => InsertAsync(database, number, CancellationToken)).ToList();
        var given = InsertAsync(database, 101, impatient.Token);
        await impatient.CancelAsync();
        opened.SetResult();
        await first;
        foreach (var (index, write) in writes.Index())
            if ((index + 1) % 10 == 0)
                await Assert.ThrowsAsync<IOException>(() => write);
            else
                await write;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Assert.Equal(90, await database.ReadAsync(connection => connection.Command("SELECT COUNT(*) FROM numbers").NumberAsync(CancellationToken), CancellationToken));
    }

    [Fact]
    public async Task Works_written_together_keep_their_order_and_each_falls_alone()
    {
        using var database = Database.Open(DatabasePath);
        await database.WriteAsync(transaction => transaction.Command("CREATE TABLE numbers (number INTEGER)").ExecuteAsync(CancellationToken), CancellationToken);

        await Assert.ThrowsAsync<IOException>(() => database.WriteEachAsync(Enumerable.Range(1, 100).Select(InsertUnlessTenth), CancellationToken));

        var numbers = await database.ReadAsync(
            connection => connection.Command("SELECT number FROM numbers ORDER BY rowid").ListAsync(reader => (int)reader.GetInt64(0), CancellationToken), CancellationToken);
        Assert.Equal(Enumerable.Range(1, 100).Where(number => number % 10 != 0), numbers);
    }

    [Fact]
    public async Task A_statement_is_run_anew_while_its_like_is_still_being_read_and_after_it_failed()
    {
        using var database = Database.Open(DatabasePath);
        const string insert = "INSERT INTO numbers (number) VALUES (@number)";
        await database.WriteAsync(
            async transaction =>
            {
                await transaction.Command("CREATE TABLE numbers (number INTEGER UNIQUE)").ExecuteAsync(CancellationToken);
                for (var number = 1; number <= 3; number++)
                    await transaction.Command(insert).With("@number", number).ExecuteAsync(CancellationToken);
            },
            CancellationToken);
        await Assert.ThrowsAnyAsync<DbException>(() => database.WriteAsync(
            transaction => transaction.Command(insert).With("@number", 3).ExecuteAsync(CancellationToken), CancellationToken));
        await database.WriteAsync(transaction => transaction.Command(insert).With("@number", 4).ExecuteAsync(CancellationToken), CancellationToken);

        var pairs = await database.ReadAsync(
            async connection =>
            {
                const string smaller = "SELECT number FROM numbers WHERE number < @limit ORDER BY number";
                await using var outer = connection.Command(smaller).With("@limit", 4);
                await using var reader = await outer.ExecuteReaderAsync(CancellationToken);
                var counts = new List<(long Number, int Smaller)>();
                while (await reader.ReadAsync(CancellationToken))
                    counts.Add((reader.GetInt64(0), (await connection.Command(smaller).With("@limit", reader.GetInt64(0)).ListAsync(each => each.GetInt64(0), CancellationToken)).Count));
                return counts;
            },
            CancellationToken);

        Assert.Equal([(1, 0), (2, 1), (3, 2)], pairs);
        Assert.Equal(4, await database.ReadAsync(connection => connection.Command("SELECT COUNT(*) FROM numbers").NumberAsync(CancellationToken), CancellationToken));
    }

    [Fact]
    public async Task Migrations_are_applied_once_and_in_order()
    {
        using var database = Database.Open(DatabasePath);
        await Migrator.MigrateAsync(database, TimeProvider.System, CancellationToken);
        var first = await AppliedAsync(database);

        await Migrator.MigrateAsync(database, TimeProvider.System, CancellationToken);

        Assert.Equal(first, await AppliedAsync(database));
        Assert.Equal(Enumerable.Range(1, first.Count).Select(number => (long)number), first.Select(each => each.Number));
        Assert.All(first, each => Assert.StartsWith($"{each.Number:D4}_", each.Name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_database_of_a_newer_program_is_refused()
    {
        using var database = Database.Open(DatabasePath);
        await Migrator.MigrateAsync(database, TimeProvider.System, CancellationToken);
        await database.WriteAsync(
            transaction => transaction.Command("INSERT INTO schema_migrations (number, name, applied_at) VALUES (9999, 'of the future', 0)").ExecuteAsync(CancellationToken),
            CancellationToken);

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => Migrator.MigrateAsync(database, TimeProvider.System, CancellationToken));

        Assert.Contains("newer program", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Work_that_throws_leaves_nothing_behind()
    {
        using var database = Database.Open(DatabasePath);
        await Migrator.MigrateAsync(database, TimeProvider.System, CancellationToken);

        await Assert.ThrowsAsync<IOException>(() => database.WriteAsync(
            async transaction =>
            {
                await transaction.Command("INSERT INTO facts (name, value) VALUES ('half', 'done')").ExecuteAsync(CancellationToken);
                throw new IOException("in the middle");
            },
            CancellationToken));

        Assert.Equal(0, await database.ReadAsync(connection => connection.Command("SELECT COUNT(*) FROM facts").NumberAsync(CancellationToken), CancellationToken));
        await database.WriteAsync(transaction => transaction.Command("INSERT INTO facts (name, value) VALUES ('whole', 'done')").ExecuteAsync(CancellationToken), CancellationToken);
    }

    [Fact]
    public async Task Readers_do_not_wait_for_the_writer_and_see_what_was_committed()
    {
        using var database = Database.Open(DatabasePath);
        await Migrator.MigrateAsync(database, TimeProvider.System, CancellationToken);

        var seen = await database.WriteAsync(
            async transaction =>
            {
                await transaction.Command("INSERT INTO facts (name, value) VALUES ('a', 'b')").ExecuteAsync(CancellationToken);
                return await database.ReadAsync(connection => connection.Command("SELECT COUNT(*) FROM facts").NumberAsync(CancellationToken), CancellationToken);
            },
            CancellationToken);

        Assert.Equal(0, seen);
        Assert.Equal(1, await database.ReadAsync(connection => connection.Command("SELECT COUNT(*) FROM facts").NumberAsync(CancellationToken), CancellationToken));
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused()
    {
        File.WriteAllText(DatabasePath, new string('x', 10_000));

        Assert.ThrowsAny<System.Data.Common.DbException>(() => Database.Open(DatabasePath));
    }

    private static Task<List<(long Number, string Name, long At)>> AppliedAsync(Database database) => database.ReadAsync(
        connection => connection.Command("SELECT number, name, applied_at FROM schema_migrations ORDER BY rowid")
            .ListAsync(reader => (reader.Number("number"), reader.Text("name"), reader.Number("applied_at")), CancellationToken),
        CancellationToken);

    /// <summary>Every tenth fails after its insert.</summary>
    private static Task<bool> InsertAsync(Database database, int number, CancellationToken cancellationToken) =>
        database.WriteAsync(InsertUnlessTenth(number), cancellationToken);

    private static Func<DbTransaction, Task<bool>> InsertUnlessTenth(int number) => async transaction =>
    {
        await transaction.Command("INSERT INTO numbers VALUES (@number)").With("@number", number).ExecuteAsync(CancellationToken);
        return number % 10 == 0 ? throw new IOException("no") : true;
    };
}
