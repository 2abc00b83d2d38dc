using Relay.Configuration;
using Relay.Files;
using Relay.Running;
using Relay.Storage.Postgres;
using Relay.Storage.Sqlite;

namespace Relay.Storage.Selection;

/// <summary>Opens the database that a home is configured to use. Nobody else knows of which kind it is.</summary>
internal static class DatabaseFactory
{
    private static int _absent;

    /// <summary>For the daemon: to be migrated before it is used. A server need not be there yet.</summary>
    /// <exception cref="DatabaseFaultException">The home had a database, and this is none, or not the whole of it.</exception>
    public static Database Open(Settings settings, ChangeFeed changes, TimeProvider clock)
    {
        if (settings.Config.Store == StoreKind.Postgres)
            return PostgresDatabase.Open(settings.Secrets.DatabaseUrl!, changes, clock);
        LostDatabase.Check(settings.Home, isInUse: false);
        return SqliteDatabase.Open(LostDatabase.PathOf(settings.Home), changes, clock);
    }

    /// <summary>For the command line beside a daemon or without one: reads what is there and changes nothing.
    /// Where there is nothing yet, an empty one.</summary>
    /// <exception cref="DatabaseFaultException">There is nothing, or nothing whole, and there was.</exception>
    public static async Task<Database> OpenReadOnlyAsync(Settings settings, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (Find(settings, clock) is not { } database)
            return await EmptyAsync(clock, cancellationToken);
        if (await Migrator.AppliedAsync(database, cancellationToken) > 0)
            return database;
        await database.DisposeAsync(); // Its daemon was killed before it had made a table, or has never run.
        if (KnownDatabase.Read(settings.Home, settings.Config.Store) is not null || Traces.Of(settings.Home) is not null)
            throw LostDatabase.New(settings.Home, settings.Config.Store, DatabaseFault.Lost, "the database has no tables");
        return await EmptyAsync(clock, cancellationToken);
    }

    /// <summary>What there is, to be read; null where there is no file.</summary>
    /// <exception cref="DatabaseFaultException">There is nothing, or nothing whole, and there was.</exception>
    public static Database? Find(Settings settings, TimeProvider clock)
    {
        if (settings.Config.Store == StoreKind.Postgres)
            return PostgresDatabase.OpenReadOnly(settings.Secrets.DatabaseUrl!, clock);
        LostDatabase.Check(settings.Home, isInUse: InstanceLock.RunningProcess(settings.Home.LockFile) is not null);
        return new FileInfo(settings.Home.DatabaseFile) is { Exists: true, Length: > 0 }
            ? SqliteDatabase.OpenReadOnly(LostDatabase.PathOf(settings.Home), clock)
            : null;
    }

    /// <summary>What to do about damage.</summary>
    public static string Remedy(Settings settings) => settings.Config.Store == StoreKind.Postgres
        ? "mend it on the server; docs/operations.md says what a relay needs there"
        : $"stop the relay, keep a copy of {settings.Home.State}, and restore relay.db from a backup";

    /// <summary>What to look at when it cannot be read.</summary>
    public static string Access(Settings settings) => settings.Config.Store == StoreKind.Postgres
        ? "look whether the server runs and RELAY_DATABASE_URL in .env names it, its user and the password"
        : $"look whether {settings.Home.DatabaseFile} is a file of the relay's and readable";

    private static async Task<Database> EmptyAsync(TimeProvider clock, CancellationToken cancellationToken)
    {
        var name = $"file:relay-nothing-{Interlocked.Increment(ref _absent)}?mode=memory&cache=shared";
        var database = SqliteDatabase.Open(name, new ChangeFeed(), clock);
        await Migrator.MigrateAsync(database, cancellationToken);
        return database;
    }
}
