using Relay.Conversations;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>Texts from before there was an escape in the database, that hold what is one now.</summary>
public sealed class WholeTextMigrationTests : IAsyncLifetime
{
    private readonly OldDatabase _old = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _old.DisposeAsync();

    [Theory]
    [InlineData("messages", "content")]
    [InlineData("entries", "content")]
    [InlineData("questions", "text")]
    [InlineData("dispatches", "content")]
    [InlineData("pages", "body")]
    [InlineData("agents", "folder")]
    public async Task What_looks_like_the_escape_reads_as_it_was_written(string table, string column)
    {
        _old.Run($"UPDATE {table} SET {column} = 'a' || char(16) || '0b' || char(16) || '1c' || char(16)");

        var database = await _old.MigrateAsync();

        var texts = await database.ReadAsync(
            reading => reading.Sql($"SELECT DISTINCT {column} FROM {table}").ListAsync(row => row.Text(), CancellationToken),
            CancellationToken);
        Assert.Equal(["a\u00100b\u00101c\u0010"], texts);
    }

    /// <summary>On both databases, past the program.</summary>
    [Theory]
    [InlineData("Sqlite", "char(16)")]
    [InlineData("Postgres", "chr(16)")]
    public async Task Keys_stay_different_from_each_other_and_are_found(string dialect, string escape)
    {
        await using var test = await TestDatabase.CreateAsync(dialect);
        string[] names = ["k\u0010", "k\u00101", "k\u00100", "k\u001011"];
        var rows = names
            .Select(name => name.Replace("\u0010", $"' || {escape} || '", StringComparison.Ordinal))
            .Select(name => $"('{name}', 'v' || {escape} || '0')");
        await RunAsync(test.Database, $"INSERT INTO facts (name, value) VALUES {string.Join(", ", rows)}");

        await RunAsync(test.Database, Migration(dialect));

        foreach (var name in names)
            Assert.Equal("v\u00100", await FactAsync(test.Database, name));
        Assert.Null(await FactAsync(test.Database, "k\0"));
    }

    private static Task<int> RunAsync(Database database, string sql) => database.WriteAsync(
        async writing => await writing.Sql(sql).ExecuteAsync(CancellationToken), CancellationToken);

    private static Task<string?> FactAsync(Database database, string name) =>
        database.ReadAsync(reading => FactStore.FindAsync(reading, name, CancellationToken), CancellationToken);

    private static string Migration(string dialect)
    {
        using var stream = typeof(Migrator).Assembly.GetManifestResourceStream($"Migrations/{dialect}/0007_whole_text.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
