using System.Reflection;

namespace Relay.Storage;

/// <summary>Brings the database to this program's schema: numbered files, each applied once, in order, each in a transaction of its own.</summary>
internal static class Migrator
{
    private const string Folder = "Migrations/Sqlite/";

    /// <exception cref="InvalidOperationException">The database is of a newer program; nothing is touched.</exception>
    public static async Task MigrateAsync(Database database, TimeProvider clock, CancellationToken cancellationToken)
    {
        var migrations = Embedded();
        await database.WriteAsync(
            async transaction => await transaction.Command(
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    number INTEGER PRIMARY KEY,
                    name TEXT NOT NULL,
                    applied_at INTEGER NOT NULL
                ) STRICT
                """).ExecuteAsync(cancellationToken),
            cancellationToken);
        var applied = await database.ReadAsync(
            connection => connection.Command("SELECT COALESCE(MAX(number), 0) FROM schema_migrations").NumberAsync(cancellationToken),
            cancellationToken);
        if (applied > migrations[^1].Number)
            throw new InvalidOperationException($"the database is at migration {applied}, this program knows {migrations[^1].Number}: use the newer program");
        foreach (var migration in migrations.Where(migration => migration.Number > applied))
            await database.WriteAsync(
                async transaction =>
                {
                    await transaction.Command(migration.Sql).ExecuteAsync(cancellationToken);
                    await transaction.Command(
                        """
                        INSERT INTO schema_migrations (number, name, applied_at)
                        VALUES (@number, @name, @now)
                        """)
                        .With("@number", migration.Number).With("@name", migration.Name).With("@now", clock.UnixNow())
                        .ExecuteAsync(cancellationToken);
                },
                cancellationToken);
    }

    /// <summary>The newest migration this program knows.</summary>
    public static long Newest => Embedded()[^1].Number;

    /// <summary>The newest migration the database has had; 0 when it has had none.</summary>
    public static Task<long> AppliedAsync(Database database, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async connection =>
            {
                var tables = await connection.Command("SELECT COUNT(*) FROM sqlite_master WHERE name = 'schema_migrations'").NumberAsync(cancellationToken);
                return tables == 0 ? 0 : await connection.Command("SELECT COALESCE(MAX(number), 0) FROM schema_migrations").NumberAsync(cancellationToken);
            },
            cancellationToken);

    private static List<Migration> Embedded()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                var file = Path.GetFileNameWithoutExtension(name);
                return new Migration(int.Parse(file[..4], System.Globalization.CultureInfo.InvariantCulture), file, reader.ReadToEnd());
            })
            .ToList();
    }

    private sealed record Migration(int Number, string Name, string Sql);
}
