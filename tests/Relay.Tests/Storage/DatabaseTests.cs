using System.Data.Common;
using Relay.Conversations;
using Relay.Running;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Storage;

public sealed class SqliteDatabaseTests() : DatabaseTests(SqlDialect.Sqlite.Name)
{
    [Fact]
    public async Task Commits_survive_the_power_write_ahead_log_and_full_synchronisation_are_in_force()
    {
        var (journal, synchronous) = await Database.WriteAsync(
            async writing => (
                await writing.Sql("PRAGMA journal_mode").OnlyAsync(row => row.Text(), CancellationToken),
                await writing.Sql("PRAGMA synchronous").NumberAsync(CancellationToken)),
            CancellationToken);

        Assert.Equal(("wal", 2), (journal, synchronous));
    }
}

public sealed class PostgresDatabaseTests() : DatabaseTests(SqlDialect.Postgres.Name);

/// <summary>What every kind of database does.</summary>
public abstract class DatabaseTests(string kind) : IAsyncLifetime
{
    private TestDatabase _test = null!;

    protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private protected Database Database => _test.Database;

    public async ValueTask InitializeAsync()
    {
        _test = await TestDatabase.CreateAsync(kind);
        await Database.WriteAsync(
            writing => writing.Sql("CREATE TABLE numbers (number BIGINT UNIQUE)").ExecuteAsync(CancellationToken), CancellationToken);
    }

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public async Task What_waits_for_the_writer_shares_a_commit_and_a_fault_undoes_only_its_own_work()
    {
        var opened = new TaskCompletionSource();
        var first = Database.WriteAsync(async _ => await opened.Task, CancellationToken);
        using var impatient = new CancellationTokenSource();

        var writes = Enumerable.Range(1, 100).Select(number => InsertAsync(number, CancellationToken)).ToList();
        var given = InsertAsync(101, impatient.Token);
        await impatient.CancelAsync();
        opened.SetResult();
        await first;
        foreach (var (index, write) in writes.Index())
            if ((index + 1) % 10 == 0)
                await Assert.ThrowsAsync<IOException>(() => write);
            else
                await write;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Assert.Equal(90, await CountAsync());
    }

    [Fact]
    public async Task What_is_to_happen_after_the_commit_happens_once_and_only_then()
    {
        using var listener = _test.Changes.Subscribe(Topic.Pages);
        var runs = 0;
        var actions = 0;
        var opened = new TaskCompletionSource();
        var first = Database.WriteAsync(async _ => await opened.Task, CancellationToken);
        var good = Database.WriteAsync(
            async writing =>
            {
                runs++;
                writing.Wake(Topic.Pages);
                writing.OnceCommitted(() => actions++);
                await Task.CompletedTask;
            },
            CancellationToken);
        var bad = Database.WriteAsync(
            writing =>
            {
                writing.OnceCommitted(() => actions += 100);
                return Task.FromException(new IOException("no"));
            },
            CancellationToken);
        Assert.Equal(0, actions);

        opened.SetResult();
        await first;
        await good;
        await Assert.ThrowsAsync<IOException>(() => bad);

        Assert.Equal((2, 1), (runs, actions)); // It ran again without the one that failed, but its action ran only once.
        await listener.WaitAsync(TimeSpan.FromHours(1), TimeProvider.System, CancellationToken);
    }

    [Fact]
    public async Task A_statement_is_run_anew_while_its_like_is_still_being_read_and_after_it_failed()
    {
        const string insert = "INSERT INTO numbers (number) VALUES (@number)";
        for (var number = 1L; number <= 3; number++)
            await Database.WriteAsync(
                writing => writing.Sql(insert).With("@number", number).ExecuteAsync(CancellationToken), CancellationToken);
        await Assert.ThrowsAnyAsync<DbException>(() => Database.WriteAsync(
            writing => writing.Sql(insert).With("@number", 3L).ExecuteAsync(CancellationToken), CancellationToken));
        await Database.WriteAsync(writing => writing.Sql(insert).With("@number", 4L).ExecuteAsync(CancellationToken), CancellationToken);

        const string smaller = "SELECT COUNT(*) FROM numbers WHERE number < @limit";
        var counts = await Database.ReadAsync(
            async reading =>
            {
                await using var open = reading.Sql(smaller).With("@limit", 3L);
                var inner = await reading.Sql(smaller).With("@limit", 2L).NumberAsync(CancellationToken);
                return (inner, await open.NumberAsync(CancellationToken));
            },
            CancellationToken);

        Assert.Equal((1, 2), counts);
        Assert.Equal(4, await CountAsync());
    }

    [Fact]
    public async Task Migrations_are_applied_once_and_in_order()
    {
        var first = await AppliedAsync();

        await Migrator.MigrateAsync(Database, CancellationToken);

        Assert.Equal(first, await AppliedAsync());
        Assert.Equal(Enumerable.Range(1, first.Count).Select(number => (long)number), first.Select(each => each.Number));
        Assert.All(first, each => Assert.StartsWith($"{each.Number:D4}_", each.Name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_database_of_a_newer_program_is_refused()
    {
        await Database.WriteAsync(
            writing => writing.Sql("INSERT INTO schema_migrations (number, name, applied_at) VALUES (9999, 'of the future', 0)")
                .ExecuteAsync(CancellationToken),
            CancellationToken);

        var refusal = await Assert.ThrowsAsync<DatabaseFaultException>(() => Migrator.MigrateAsync(Database, CancellationToken));

        Assert.Contains("newer program", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Work_that_throws_leaves_nothing_behind()
    {
        await Assert.ThrowsAsync<IOException>(() => InsertAsync(10, CancellationToken));

        Assert.Equal(0, await CountAsync());
        await InsertAsync(11, CancellationToken);
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task Readers_do_not_wait_for_the_writer_and_see_one_snapshot()
    {
        var seen = await Database.ReadAsync(
            async reading =>
            {
                var before = await CountAsync(reading);
                await InsertAsync(1, CancellationToken);
                return (before, await CountAsync(reading));
            },
            CancellationToken);

        Assert.Equal((0, 0), seen);
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task A_scalar_that_is_no_whole_number_is_a_fault_and_never_a_zero()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Database.ReadAsync(
            reading => reading.Sql("SELECT 'many'").NumberAsync(CancellationToken), CancellationToken));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Database.ReadAsync(
            reading => reading.Sql("SELECT number FROM numbers").NumberAsync(CancellationToken), CancellationToken));
    }

    [Fact]
    public async Task A_lost_race_is_run_again_and_finds_what_the_other_wrote()
    {
        var runs = 0;

        var result = await Database.WriteAsync(
            async _ =>
            {
                await Task.CompletedTask;
                return ++runs < 3 ? throw new LostRaceException("the first answer") : runs;
            },
            CancellationToken);

        Assert.Equal(3, result);
    }

    [Fact]
    public async Task A_text_comes_back_as_it_was_stored()
    {
        foreach (var text in new[] { "a\0b", "\0", "\0\0", "\u0010", "a\u00100b", "a\u00101b", "\u0010\u0010\0\u0010", "a\0\u0010" })
            Assert.Equal(text, await StoredAsync(text));
    }

    [Fact]
    public async Task Half_a_pair_does_not_cut_a_text()
    {
        Assert.Equal("a\uFFFDb", await StoredAsync("a\uD83Db")); // Half of a pair.
        Assert.Equal("a\U0001F642b", await StoredAsync("a\U0001F642b"));
    }

    [Fact]
    public async Task A_key_of_any_length_is_one_key()
    {
        var long1 = new string('k', 100_000) + "1";
        var long2 = new string('k', 100_000) + "2";
        Task<bool> AddAsync(string name) => Database.WriteAsync(
            writing => FactStore.AddAsync(writing, name, "x", CancellationToken), CancellationToken);

        Assert.Equal((true, true, false), (await AddAsync(long1), await AddAsync(long2), await AddAsync(long1)));
    }

    private Task<string> StoredAsync(string text) => Database.ReadAsync(
        reading => reading.Sql("SELECT CAST(@text AS TEXT)").With("@text", text).OnlyAsync(row => row.Text(), CancellationToken),
        CancellationToken);

    private static Task<long> CountAsync(Reading reading) => reading.Sql("SELECT COUNT(*) FROM numbers").NumberAsync(CancellationToken);

    private Task<long> CountAsync() => Database.ReadAsync(CountAsync, CancellationToken);

    private Task<List<(long Number, string Name, long At)>> AppliedAsync() => Database.ReadAsync(
        reading => reading.Sql("SELECT number, name, applied_at FROM schema_migrations ORDER BY number")
            .ListAsync(row => (row.Number(), row.Text(), row.Number()), CancellationToken),
        CancellationToken);

    /// <summary>Inserts a number. Every tenth number fails after its insert.</summary>
    private Task<bool> InsertAsync(int number, CancellationToken cancellationToken) => Database.WriteAsync(
        async writing =>
        {
            await writing.Sql("INSERT INTO numbers VALUES (@number)").With("@number", (long)number).ExecuteAsync(cancellationToken);
            return number % 10 == 0 ? throw new IOException("no") : true;
        },
        cancellationToken);
}
