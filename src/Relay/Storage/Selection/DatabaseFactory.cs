using Relay.Configuration;
using Relay.Running;
using Relay.Storage.Sqlite;

namespace Relay.Storage.Selection;

/// <summary>Opens the database that a home is configured to use. Nobody else knows of which kind it is.</summary>
internal static class DatabaseFactory
{
    private static int _absent;

    /// <summary>For the daemon: ready to be migrated.</summary>
    public static Task<Database> OpenAsync(Settings settings, ChangeFeed changes, TimeProvider clock, CancellationToken cancellationToken) =>
        Task.FromResult<Database>(SqliteDatabase.Open(settings.Home.DatabaseFile, changes, clock));

    /// <summary>For the command line beside a daemon or without one: reads what is there and changes nothing. A home without a database has an
    /// empty one.</summary>
    public static async Task<Database> OpenReadOnlyAsync(Settings settings, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (!File.Exists(settings.Home.DatabaseFile))
            return await EmptyAsync(clock, cancellationToken);
        var database = SqliteDatabase.OpenReadOnly(settings.Home.DatabaseFile, clock);
        if (await Migrator.AppliedAsync(database, cancellationToken) > 0)
            return database;
        await database.DisposeAsync(); // Its daemon was killed before it had made a table.
        return await EmptyAsync(clock, cancellationToken);
    }

    public static bool IsThere(Settings settings) => File.Exists(settings.Home.DatabaseFile);

    /// <summary>What to do about damage.</summary>
    public static string Remedy(Settings settings) =>
        $"stop the relay, keep a copy of {settings.Home.State}, and restore relay.db from a backup";

    /// <summary>What to look at when it cannot be read.</summary>
    public static string Access(Settings settings) => $"look whether {settings.Home.DatabaseFile} is a file of the relay's and readable";

    private static async Task<Database> EmptyAsync(TimeProvider clock, CancellationToken cancellationToken)
    {
        var name = $"file:relay-nothing-{Interlocked.Increment(ref _absent)}?mode=memory&cache=shared";
        var database = SqliteDatabase.Open(name, new ChangeFeed(), clock);
        await Migrator.MigrateAsync(database, cancellationToken);
        return database;
    }
}
