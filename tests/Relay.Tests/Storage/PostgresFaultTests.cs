using System.Data.Common;
using System.Diagnostics;
using Relay.Loopback;
using Relay.Running;
using Relay.Storage;
using Relay.Storage.Postgres;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>A server that ends connections, goes away, comes back, or refuses; and other processes beside this one.</summary>
public sealed class PostgresFaultTests : IAsyncLifetime
{
    private TestDatabase _test = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private Database Database => _test.Database;

    public async ValueTask InitializeAsync()
    {
        _test = await TestDatabase.CreateAsync(SqlDialect.Postgres.Name);
        await WriteAsync(Database, "CREATE TABLE numbers (number BIGINT)");
    }

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public async Task A_connection_lost_between_two_writes_costs_nobody_a_write()
    {
        using var listener = _test.Changes.Subscribe(Topic.Turns);
        await EndAsync(await WriterAsync());

        await InsertAsync(1);

        Assert.Equal((1, 1), (await CountAsync(), Database.Generation));
        await listener.WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken); // Another may have worked meanwhile.
    }

    [Fact]
    public async Task A_connection_lost_in_the_middle_of_a_write_undoes_it_and_the_next_has_a_new_one()
    {
        await Assert.ThrowsAnyAsync<DbException>(() => Database.WriteAsync(
            async writing =>
            {
                await InsertAsync(writing, 1);
                await EndAsync(await WriterAsync(writing));
                await InsertAsync(writing, 2);
            },
            CancellationToken));
        Assert.Equal((0, 0), (await CountAsync(), Database.Generation));

        await InsertAsync(3);

        Assert.Equal((1, 1), (await CountAsync(), Database.Generation));
    }

    [Fact]
    public async Task A_connection_lost_while_its_commit_was_under_way_is_a_fault_whatever_came_of_it()
    {
        await using var proxy = new DatabaseProxy(_test.Url!);
        await _test.CloseAsync();
        await using var database = PostgresDatabase.Open(proxy.Url, new ChangeFeed(), TimeProvider.System);
        await WriteAsync(database, "INSERT INTO numbers VALUES (1)");
        var told = false;
        proxy.CutAfterCommit();

        await Assert.ThrowsAnyAsync<DbException>(() => database.WriteAsync(
            async writing =>
            {
                writing.OnceCommitted(() => told = true);
                await InsertAsync(writing, 2);
            },
            CancellationToken));

        Assert.Equal((1, false), (proxy.Cut, told));
        await UntilWrittenAsync(database, "INSERT INTO numbers VALUES (3)"); // The server may still be ending the lost connection.
        Assert.Equal((3, 1), (await CountAsync(database), database.Generation));
    }

    [Fact]
    public async Task Who_holds_the_database_is_told_and_once_he_is_gone_the_next_takes_over()
    {
        await using var second = PostgresDatabase.Open(_test.Url!, new ChangeFeed(), TimeProvider.System);

        var refusal = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => WriteAsync(second, "INSERT INTO numbers VALUES (1)"));
        var read = await CountAsync(second);
        await _test.CloseAsync();
        await UntilWrittenAsync(second, "INSERT INTO numbers VALUES (2)");

        Assert.Contains(
            $"another relay holds this database: relay on {Environment.MachineName}, process {Environment.ProcessId}",
            refusal.Message, StringComparison.Ordinal);
        Assert.Equal((0, 1, 0), (read, await CountAsync(second), second.Generation));
    }

    [Fact]
    public async Task The_lock_is_lost_with_its_connection()
    {
        await using var second = PostgresDatabase.Open(_test.Url!, new ChangeFeed(), TimeProvider.System);
        await EndAsync(await WriterAsync());
        await UntilWrittenAsync(second, "INSERT INTO numbers VALUES (1)");

        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => InsertAsync(2));

        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task Attempts_to_reach_a_server_that_is_not_there_are_few_and_everybody_is_told_why()
    {
        var nowhere = new Uri("postgres://relay:secret@127.0.0.1:9/relay");
        await using var database = PostgresDatabase.Open(nowhere, new ChangeFeed(), TimeProvider.System);
        var started = Stopwatch.GetTimestamp();

        for (var attempt = 0; attempt < 1_000; attempt++)
        {
            var fault = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => WriteAsync(database, "SELECT 1"));
            Assert.Equal("the database server cannot be reached: Connection refused", fault.Message);
        }
        var read = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => CountAsync(database));

        Assert.Equal("the database server cannot be reached: Connection refused", read.Message);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(5));
        Assert.DoesNotContain("secret", read.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_another_process_announces_wakes_a_listener_and_ones_own_announcement_is_not_heard_twice()
    {
        var (changes, heard) = (new ChangeFeed(), new ChangeFeed());
        await _test.CloseAsync();
        await using var other = PostgresDatabase.Open(_test.Url!, heard, TimeProvider.System); // It only listens.
        using var everything = heard.Subscribe(Topic.Any);
        await everything.WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken); // Connected.
        await using var database = PostgresDatabase.Open(_test.Url!, changes, TimeProvider.System);
        using var own = changes.Subscribe(Topic.Any);
        await own.WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken); // Connected.
        using var reply = heard.Subscribe(Topic.Replies, "session-1");
        using var page = heard.Subscribe(Topic.Pages);

        await database.WriteAsync(
            writing =>
            {
                writing.Wake(Topic.Replies, "session-1");
                return Task.CompletedTask;
            },
            CancellationToken);
        await own.WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken); // Told within the process.
        await reply.WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken); // Heard through the server.

        Assert.False(await IsWokenAsync(own));
        Assert.False(await IsWokenAsync(page));
    }

    [Fact]
    public async Task A_server_that_was_restarted_is_used_again_by_writers_readers_and_listeners()
    {
        await using var server = await StartServerAsync();
        var changes = new ChangeFeed();
        await using var database = PostgresDatabase.Open(server.Url, changes, TimeProvider.System);
        using var lost = changes.Subscribe(Topic.Database);
        await WriteAsync(database, "CREATE TABLE numbers (number BIGINT)");
        await Task.WhenAll(CountAsync(database), CountAsync(database), CountAsync(database));
        await lost.WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken); // Connected.

        await server.StopAsync();
        await lost.WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken); // Found out with nobody asking.
        var write = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => WriteAsync(database, "INSERT INTO numbers VALUES (1)"));
        var read = await Assert.ThrowsAsync<DatabaseUnavailableException>(() => CountAsync(database));
        await server.StartAsync();
        await UntilWrittenAsync(database, "INSERT INTO numbers VALUES (2)");

        Assert.Equal(("the database server cannot be reached: Connection refused", write.Message), (read.Message, read.Message));
        Assert.Equal((1, 1), (await CountAsync(database), database.Generation));
        await Task.WhenAll(CountAsync(database), CountAsync(database), CountAsync(database));
    }

    [Fact]
    public async Task A_server_that_takes_no_writes_says_so_and_is_written_again_once_it_does()
    {
        var url = await TestServer.CreateDatabaseAsync();
        var name = url.AbsolutePath[1..];
        await using (var database = PostgresDatabase.Open(url, new ChangeFeed(), TimeProvider.System))
        {
            await WriteAsync(database, "CREATE TABLE numbers (number BIGINT)");
            await TestServer.RunAsync($"ALTER DATABASE {name} SET default_transaction_read_only = on");
            await EndAsync(await WriterAsync(database));
            var fault = await Assert.ThrowsAnyAsync<DbException>(() => WriteAsync(database, "INSERT INTO numbers VALUES (1)"));
            Assert.Contains("read-only transaction", fault.Message, StringComparison.Ordinal);
            Assert.Equal(0, await CountAsync(database));
            Assert.Contains("read-only", await database.FaultAsync(CancellationToken), StringComparison.Ordinal);
            await TestServer.RunAsync($"ALTER DATABASE {name} RESET default_transaction_read_only");

            await UntilWrittenAsync(database, "INSERT INTO numbers VALUES (2)");

            Assert.Equal(1, await CountAsync(database));
        }
        await TestServer.DropDatabaseAsync(url);
    }

    [Fact]
    public async Task A_sound_server_is_described()
    {
        Assert.Null(await Database.FaultAsync(CancellationToken));
        Assert.Matches(@"\APostgreSQL \d+\.\d+, \w+ at 127\.0\.0\.1:\d+, [\d,]+ kB\z", await Database.DescribeAsync(CancellationToken));
    }

    [Fact]
    public void What_is_announced_is_understood_and_what_is_too_long_means_everything()
    {
        var few = new Announcement("me", [(Topic.Turns, null), (Topic.Replies, "session-1")]);
        var many = new Announcement(
            "me", Enumerable.Range(0, 1_000).Select(number => (Topic.Replies, (string?)$"session-{number}")).ToList());

        Assert.Equal(few.Topics, Announcement.Parse(few.ToString()).Topics);
        Assert.Null(Announcement.Parse(many.ToString()).Topics);
        Assert.Equal([(Topic.Pages, null)], Announcement.Parse("other\nOfTheFuture:x\nPages").Topics!);
    }

    private static async Task<PostgresServer> StartServerAsync()
    {
        var programs = PostgresServer.FindPrograms();
        Assert.SkipWhen(programs is null, "no PostgreSQL server is installed: ./build test installs one");
        var server = await PostgresServer.CreateAsync(programs!);
        await server.StartAsync();
        return server;
    }

    /// <summary>As an administrator ends a connection, or a server that is stopped.</summary>
    private Task EndAsync(long process) =>
        TestServer.RunAsync(_test.Url!, FormattableString.Invariant($"SELECT pg_terminate_backend({process}, 5000)"));

    private Task<long> WriterAsync() => WriterAsync(Database);

    private static Task<long> WriterAsync(Database database) => database.WriteAsync(WriterAsync, CancellationToken);

    private static Task<long> WriterAsync(Reading reading) => reading.Sql("SELECT pg_backend_pid()").NumberAsync(CancellationToken);

    private Task<int> InsertAsync(long number) => Database.WriteAsync(writing => InsertAsync(writing, number), CancellationToken);

    private static Task<int> InsertAsync(Writing writing, long number) =>
        writing.Sql("INSERT INTO numbers VALUES (@number)").With("@number", number).ExecuteAsync(CancellationToken);

    private static Task<int> WriteAsync(Database database, string sql) =>
        database.WriteAsync(writing => writing.Sql(sql).ExecuteAsync(CancellationToken), CancellationToken);

    private static Task UntilWrittenAsync(Database database, string sql) => Until.TrueAsync(
        async () =>
        {
            try
            {
                await WriteAsync(database, sql);
                return true;
            }
            catch (DbException)
            {
                return false;
            }
        },
        "the database");

    private Task<long> CountAsync() => CountAsync(Database);

    private static Task<long> CountAsync(Database database) => database.ReadAsync(
        reading => reading.Sql("SELECT COUNT(*) FROM numbers").NumberAsync(CancellationToken), CancellationToken);

    private static async Task<bool> IsWokenAsync(Subscription subscription)
    {
        var started = Stopwatch.GetTimestamp();
        var limit = TimeSpan.FromMilliseconds(300);
        await subscription.WaitAsync(limit, TimeProvider.System, CancellationToken);
        return Stopwatch.GetElapsedTime(started) < limit * 0.9; // A timer may be a little early.
    }
}
