using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using Relay.Running;
using Relay.Storage;
using Relay.Storage.Sqlite;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>A copy of the database that 0.1.0 left when it was killed, with every kind of row in it: replies taken, placed, ready, for
/// callers and for agents; questions open, answered and expired; the operator's rulings, words to one session and words nobody asked for;
/// messages held, deferred, refused, given up, and one being asked; summaries; calls done, failed, lost and under way; pages sent, queued,
/// dropped. The program itself made it, with the simulated advisor and then a stand-in of the API, over four runs and two kills.</summary>
internal sealed class OldDatabase : IAsyncDisposable
{
    /// <summary>The time at which it was killed, and a little.</summary>
    public static readonly DateTimeOffset KilledAt = new(2026, 11, 26, 0, 34, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("relay-old-").FullName;
    private readonly List<Database> _open = [];

    public OldDatabase() => System.IO.File.Copy(Original, File);

    public static string Original { get; } = Path.Combine(AppContext.BaseDirectory, "Storage", "relay-0.1.0.db");

    public string File => Path.Combine(_folder, "relay.db");

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    /// <summary>The tables that 0.1.0 had.</summary>
    public static IReadOnlyList<string> Tables { get; } =
    [
        "conversations", "sessions", "messages", "message_events", "entries", "questions", "dispatches", "pages", "calls", "agents",
        "tool_uses", "facts",
    ];

    /// <summary>As it is.</summary>
    public Database Open()
    {
        var database = SqliteDatabase.Open(File, new ChangeFeed(), new FakeTimeProvider(KilledAt));
        _open.Add(database);
        return database;
    }

    public async Task<Database> MigrateAsync()
    {
        var database = Open();
        await Migrator.MigrateAsync(database, CancellationToken);
        return database;
    }

    /// <summary>Past the program.</summary>
    public void Run(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Everything that is in the database, and its schema, as text.</summary>
    public static Task<List<string>> DumpAsync(Database database) => database.ReadAsync(
        async reading =>
        {
            var schema = await reading.Sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
                .ListAsync(row => (Name: row.Text(), Sql: row.Text()), CancellationToken);
            var dump = schema.ConvertAll(each => $"{each.Name}: {each.Sql}");
            foreach (var (table, _) in schema.Where(each => each.Sql.StartsWith("CREATE TABLE", StringComparison.Ordinal)))
            {
                var columns = await reading.Sql($"SELECT name FROM pragma_table_info('{table}') WHERE name <> 'applied_at'")
                    .ListAsync(row => row.Text(), CancellationToken);
                var text = string.Join(" || '|' || ", columns.Select(column => $"quote({column})"));
                dump.AddRange(await reading.Sql($"SELECT {text} FROM {table} ORDER BY 1")
                    .ListAsync(row => $"{table}: {row.Text()}", CancellationToken));
            }
            return dump;
        },
        CancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _open)
            await database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
