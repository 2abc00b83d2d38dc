using Relay.Running;
using Relay.Storage;
using Relay.Storage.Sqlite;
using Xunit;

namespace Relay.Tests.Testing;

/// <summary>A new database for a test, of either kind, with all migrations.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("relay-database-").FullName;

    private TestDatabase(ChangeFeed changes, TimeProvider clock)
    {
        Changes = changes;
        Database = SqliteDatabase.Open(Path.Combine(_folder, "relay.db"), changes, clock);
    }

    public ChangeFeed Changes { get; }

    public Database Database { get; }

    public static async Task<TestDatabase> CreateAsync(string kind, TimeProvider? clock = null)
    {
        Assert.Equal(SqlDialect.Sqlite.Name, kind);
        var test = new TestDatabase(new ChangeFeed(), clock ?? TimeProvider.System);
        await Migrator.MigrateAsync(test.Database, TestContext.Current.CancellationToken);
        return test;
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
