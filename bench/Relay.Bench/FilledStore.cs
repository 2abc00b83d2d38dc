using Microsoft.Data.Sqlite;
using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>Fills the store of a relay that is not running with copies of what one real finished message left behind. The only file here
/// that knows the schema: it reads the columns from the database and changes in a copy only what must differ. Ids get another ending,
/// numbers and positions go on counting.</summary>
internal sealed class FilledStore : IDisposable
{
    /// <summary>Ids of what a copy has in common with its model.</summary>
    private static readonly HashSet<string> Shared = ["conversation_id", "session_id", "agent_id"];

    /// <summary>Columns that count within a conversation or a session, and by how much a message moves them: a question and its reply are
    /// two entries.</summary>
    private static readonly Dictionary<string, int> Counting =
        new() { ["number"] = 1, ["position"] = 2, ["asked_position"] = 2, ["reply_position"] = 2, ["question_id"] = 1 };

    private readonly SqliteConnection _database;

    private FilledStore(string file, SqliteOpenMode mode)
    {
        _database = new SqliteConnection($"Data Source={file};Mode={mode};Pooling=False");
        _database.Open();
    }

    /// <summary>Beside a running relay: until each of its messages is finished.</summary>
    public static async Task FinishedAsync(string file, CancellationToken cancellationToken)
    {
        using var store = new FilledStore(file, SqliteOpenMode.ReadOnly);
        await Eventually.ThatAsync(
            Bed.Limit,
            () => store.Scalar(
                "SELECT (SELECT COUNT(*) FROM messages WHERE state NOT IN ('answered', 'consumed')) "
                + "+ (SELECT COUNT(*) FROM dispatches WHERE state <> 'consumed')") is 0L,
            () => "messages are left unfinished",
            cancellationToken);
    }

    /// <summary>So many more finished messages like the newest one, which must be finished, with all their rows.</summary>
    public static void AddFinishedMessages(string file, int count)
    {
        using var store = Open(file);
        var model = (string)store.Scalar("SELECT message_id FROM messages WHERE state = 'answered' ORDER BY number DESC LIMIT 1")!;
        store.Run("BEGIN");
        foreach (var table in store.Texts("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"))
            if (store.Columns(table).Any(column => column.Name == "message_id"))
                store.Copy(table, $"message_id = '{model}'", count);
        store.Run(
            """
            UPDATE conversations SET
                last_number = (SELECT MAX(number) FROM messages m WHERE m.conversation_id = conversations.conversation_id),
                last_position = (SELECT MAX(position) FROM entries e WHERE e.conversation_id = conversations.conversation_id),
                window_turns = (SELECT COUNT(*) FROM entries e WHERE e.conversation_id = conversations.conversation_id),
                window_characters = (SELECT SUM(characters) FROM entries e WHERE e.conversation_id = conversations.conversation_id)
            WHERE EXISTS (SELECT 1 FROM entries e WHERE e.conversation_id = conversations.conversation_id);
            COMMIT
            """);
    }

    /// <summary>So many more answered questions like the newest one, which must be answered.</summary>
    public static void AddAnsweredQuestions(string file, int count)
    {
        using var store = Open(file);
        store.Copy("questions", "question_id = (SELECT MAX(question_id) FROM questions WHERE state = 'answered')", count);
    }

    /// <summary>So many rulings in all, like the one that is there.</summary>
    public static void AddRulings(string file, int count)
    {
        using var store = Open(file);
        store.Copy("rulings", "ruling_id = (SELECT MAX(ruling_id) FROM rulings)", count - 1);
        store.Run("UPDATE counters SET value = (SELECT MAX(ruling_id) FROM rulings) WHERE name = 'ruling'");
    }

    public void Dispose() => _database.Dispose();

    private static FilledStore Open(string file)
    {
        var store = new FilledStore(file, SqliteOpenMode.ReadWrite);
        store.Run("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; PRAGMA foreign_keys = OFF");
        return store;
    }

    /// <param name="IsRowId">It counts by itself when it is left out.</param>
    private sealed record Column(string Name, bool IsRowId);

    private void Copy(string table, string where, int count)
    {
        var columns = Columns(table).Where(column => !column.IsRowId).Select(column => column.Name).ToList();
        Run(
            $"""
            WITH RECURSIVE copies (copy) AS (SELECT 1 UNION ALL SELECT copy + 1 FROM copies WHERE copy < {count})
            INSERT INTO {table} ({string.Join(", ", columns)})
            SELECT {string.Join(", ", columns.Select(column => InCopy(table, column)))}
            FROM copies CROSS JOIN (SELECT * FROM {table} WHERE {where}) AS model
            """);
    }

    /// <summary>A column of the copy whose number is in "copy".</summary>
    private static string InCopy(string table, string column)
    {
        if (column == "number" && table == "message_events")
            return column; // It counts within its message.
        if (Counting.TryGetValue(column, out var step))
            return $"{column} + copy * {step}";
        var identifies = column.EndsWith("_id", StringComparison.Ordinal) || column.EndsWith("_key", StringComparison.Ordinal);
        return identifies && !Shared.Contains(column)
            ? $"substr({column}, 1, max(length({column}) - 12, 0)) || printf('%012x', copy)" // NULL stays NULL, and a UUID stays one.
            : column;
    }

    private List<Column> Columns(string table)
    {
        using var command = _database.CreateCommand();
        command.CommandText =
            $"""
            SELECT name, pk = 1 AND type = 'INTEGER' AND (SELECT MAX(pk) FROM pragma_table_info('{table}')) = 1
            FROM pragma_table_info('{table}')
            """;
        using var reader = command.ExecuteReader();
        var columns = new List<Column>();
        while (reader.Read())
            columns.Add(new Column(reader.GetString(0), reader.GetBoolean(1)));
        return columns;
    }

    private List<string> Texts(string sql)
    {
        using var command = _database.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var texts = new List<string>();
        while (reader.Read())
            texts.Add(reader.GetString(0));
        return texts;
    }

    private object? Scalar(string sql)
    {
        using var command = _database.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private void Run(string sql) => Scalar(sql);
}
