using Relay.Storage;
using Relay.Texts;

namespace Relay.Conversations;

/// <summary>Reads and writes single facts: a name and a value.</summary>
internal static class FactStore
{
    public const string FirstStart = "first_start";

    /// <summary>When a reply was last placed, and for which session.</summary>
    public const string LastDispatch = "last_dispatch";

    /// <summary>When the server last took a page.</summary>
    public const string LastPage = "last_page";

    /// <summary>The settings and the program under which what is held was last tried.</summary>
    public const string SettingsSeen = "settings_seen";

    /// <summary>In which home's folders the replies lie that were staged and placed.</summary>
    public const string FoldersOf = "folders_of";

    /// <summary>How many rejected envelopes were removed since their folder was empty.</summary>
    public const string RejectedRemoved = "rejected_removed";

    /// <summary>Adds a fact. False when there is one of that name, which is not changed.</summary>
    public static async Task<bool> AddAsync(Writing writing, string name, string value, CancellationToken cancellationToken) =>
        await writing.Sql(
            """
            INSERT INTO facts (name, value)
            VALUES (@name, @value)
            ON CONFLICT (name) DO NOTHING
            """)
            .With("@name", StoredKey.Of(name)).With("@value", value)
            .ExecuteAsync(cancellationToken) > 0;

    public static Task SetAsync(Writing writing, string name, string value, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            INSERT INTO facts (name, value)
            VALUES (@name, @value)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """)
            .With("@name", StoredKey.Of(name)).With("@value", value)
            .ExecuteAsync(cancellationToken);

    /// <summary>False when there was none.</summary>
    public static async Task<bool> RemoveAsync(Writing writing, string name, CancellationToken cancellationToken) =>
        await writing.Sql("DELETE FROM facts WHERE name = @name")
            .With("@name", StoredKey.Of(name))
            .ExecuteAsync(cancellationToken) > 0;

    public static Task RemoveAllAsync(Writing writing, string prefix, CancellationToken cancellationToken) =>
        writing.Sql("DELETE FROM facts WHERE name >= @prefix AND name < @end")
            .With("@prefix", prefix).With("@end", prefix + "~")
            .ExecuteAsync(cancellationToken);

    /// <summary>The facts whose names start like this.</summary>
    public static Task<List<(string Name, string Value)>> ListAsync(Reading reading, string prefix, CancellationToken cancellationToken) =>
        reading.Sql("SELECT name, value FROM facts WHERE name >= @prefix AND name < @end ORDER BY name")
            .With("@prefix", prefix).With("@end", prefix + "~")
            .ListAsync(row => (row.Text(), row.Text()), cancellationToken);

    public static Task<string?> FindAsync(Reading reading, string name, CancellationToken cancellationToken) =>
        reading.Sql("SELECT value FROM facts WHERE name = @name")
            .With("@name", StoredKey.Of(name))
            .FirstAsync(row => row.Text(), cancellationToken);
}
