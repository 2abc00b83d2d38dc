using System.Globalization;
using System.Reflection;

namespace Relay.Storage;

/// <summary>Brings the database to this program's schema: numbered files, each applied once, in order, each in a transaction of its
/// own.</summary>
internal static class Migrator
{
    /// <summary>The newest migration this program knows.</summary>
    public static long Newest { get; } = Embedded(SqlDialect.Sqlite)[^1].Number;

    /// <exception cref="DatabaseFaultException">The database is of a newer program; nothing is touched.</exception>
    public static async Task MigrateAsync(Database database, CancellationToken cancellationToken)
    {
        await database.WriteAsync(
            writing => writing.Sql(
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    number     BIGINT PRIMARY KEY,
                    name       TEXT NOT NULL,
                    applied_at BIGINT NOT NULL
                )
                """)
                .ExecuteAsync(cancellationToken),
            cancellationToken);
        var applied = await AppliedAsync(database, cancellationToken);
        if (applied > Newest)
            throw NewerThanThis(applied);
        foreach (var migration in Embedded(database.Dialect).Where(migration => migration.Number > applied))
            await database.WriteAsync(writing => ApplyAsync(writing, migration, cancellationToken), cancellationToken);
    }

    public static DatabaseFaultException NewerThanThis(long applied) => new(
        DatabaseFault.Newer, $"the database is at migration {applied}, this program knows {Newest}", "use the newer program", cause: null);

    /// <summary>The newest migration the database has had; 0 when it has had none.</summary>
    public static Task<long> AppliedAsync(Database database, CancellationToken cancellationToken) => database.ReadAsync(
        async reading => await reading.Sql(database.Dialect.HasMigrations).NumberAsync(cancellationToken) == 0
            ? 0
            : await reading.Sql("SELECT COALESCE(MAX(number), 0) FROM schema_migrations").NumberAsync(cancellationToken),
        cancellationToken);

    /// <summary>Writes, and changes nothing: it shows whether the database takes writes.</summary>
    public static Task TouchAsync(Writing writing, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE schema_migrations SET name = name WHERE number = 1").ExecuteAsync(cancellationToken);

    private static async Task ApplyAsync(Writing writing, Migration migration, CancellationToken cancellationToken)
    {
        await writing.Sql(migration.Sql).ExecuteAsync(cancellationToken);
        await writing.Sql(
            """
            INSERT INTO schema_migrations (number, name, applied_at)
            VALUES (@number, @name, @now)
            """)
            .With("@number", migration.Number).With("@name", migration.Name).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
    }

    private static List<Migration> Embedded(SqlDialect dialect)
    {
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith($"Migrations/{dialect.Name}/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                var file = Path.GetFileNameWithoutExtension(name);
                return new Migration(long.Parse(file[..4], CultureInfo.InvariantCulture), file, reader.ReadToEnd());
            })
            .ToList();
    }

    private sealed record Migration(long Number, string Name, string Sql);
}
