using System.Data.Common;

namespace Relay.Storage;

/// <summary>All that differs between the databases in the text of SQL. Everything else is one text for both.</summary>
/// <param name="Name">As it stands in config.yaml.</param>
/// <param name="BeginRead">Begins a transaction that sees one snapshot.</param>
/// <param name="BeginWrite">Begins a transaction that may write.</param>
/// <param name="HasMigrations">1 where the table of migrations is there.</param>
internal sealed record SqlDialect(string Name, string BeginRead, string BeginWrite, string HasMigrations)
{
    /// <summary>What the index of words takes of @words.</summary>
    public required string IndexedWords { get; init; }

    /// <summary>The condition that a row of it has what @query says.</summary>
    public required string HasWords { get; init; }

    public static readonly SqlDialect Sqlite = new(
        "Sqlite",
        BeginRead: "BEGIN",
        BeginWrite: "BEGIN IMMEDIATE",
        HasMigrations: "SELECT COUNT(*) FROM sqlite_master WHERE name = 'schema_migrations'")
    {
        IndexedWords = "@words",
        HasWords = "entry_words MATCH @query",
    };

    public static readonly SqlDialect Postgres = new(
        "Postgres",
        BeginRead: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        BeginWrite: "BEGIN ISOLATION LEVEL READ COMMITTED",
        HasMigrations: """
            SELECT COUNT(*) FROM information_schema.tables
            WHERE table_schema = current_schema() AND table_name = 'schema_migrations'
            """)
    {
        IndexedWords = "to_tsvector('simple', @words)",
        HasWords = "words @@ to_tsquery('simple', @query)",
    };
}

/// <summary>A connection that gives out commands, which may be kept compiled.</summary>
internal interface ISqlConnection : IAsyncDisposable
{
    DbCommand Command(string text);
}
