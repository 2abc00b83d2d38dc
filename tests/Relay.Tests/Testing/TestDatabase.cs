using Relay.Running;
using Relay.Storage;
using Relay.Storage.Postgres;
using Relay.Storage.Sqlite;
using Xunit;

namespace Relay.Tests.Testing;

/// <summary>A new database for a test, of either kind, with all migrations.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private readonly Func<Task> _remove;
    private bool _isClosed;

    private TestDatabase(Database database, ChangeFeed changes, Uri? url, Func<Task> remove)
    {
        _remove = remove;
        Database = database;
        Changes = changes;
        Url = url;
    }

    /// <summary>Null for a file.</summary>
    public Uri? Url { get; }

    public ChangeFeed Changes { get; }

    public Database Database { get; }

    public static async Task<TestDatabase> CreateAsync(string kind, TimeProvider? clock = null)
    {
        var test = kind == SqlDialect.Postgres.Name
            ? await OnServerAsync(clock ?? TimeProvider.System)
            : InFile(clock ?? TimeProvider.System);
        await Migrator.MigrateAsync(test.Database, TestContext.Current.CancellationToken);
        return test;
    }

    /// <summary>As the process that has it open ends.</summary>
    public async Task CloseAsync()
    {
        if (!_isClosed)
            await Database.DisposeAsync();
        _isClosed = true;
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await _remove();
    }

    private static TestDatabase InFile(TimeProvider clock)
    {
        var folder = Directory.CreateTempSubdirectory("relay-database-").FullName;
        var changes = new ChangeFeed();
        return new TestDatabase(
            SqliteDatabase.Open(Path.Combine(folder, "relay.db"), changes, clock),
            changes,
            url: null,
            () =>
            {
                Directory.Delete(folder, recursive: true);
                return Task.CompletedTask;
            });
    }

    private static async Task<TestDatabase> OnServerAsync(TimeProvider clock)
    {
        var url = await TestServer.CreateSchemaAsync();
        var changes = new ChangeFeed();
        return new TestDatabase(PostgresDatabase.Open(url, changes, clock), changes, url, () => TestServer.DropSchemaAsync(url));
    }
}
