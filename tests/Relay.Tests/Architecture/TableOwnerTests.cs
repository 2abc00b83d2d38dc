using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Architecture;

/// <summary>A table is named by one class, which owns it: who wants to know what is in it asks there.
/// Reads the SQL of the sources.</summary>
public sealed class TableOwnerTests
{
    private static readonly IReadOnlyList<SqlText> Texts = SqlText.ReadAll();

    [Fact]
    public async Task Every_table_is_named_by_one_class_and_no_exception_is_made()
    {
        var tables = await TablesAsync();

        var owners = Texts
            .SelectMany(text => text.TablesOf(tables).Select(table => (Table: table, text.Class, text.Place)))
            .ToLookup(use => use.Table);

        Assert.All(tables, table =>
        {
            var classes = owners[table].GroupBy(use => use.Class).Select(group => $"{group.Key} ({group.First().Place})").ToList();
            Assert.True(classes.Count == 1, $"{table} is named by {(classes.Count == 0 ? "nobody" : string.Join(" and ", classes))}");
        });
        Assert.Equal("Migrator", owners["schema_migrations"].First().Class);
    }

    [Theory]
    [InlineData("""class A { string B = "SELECT 1 FROM messages"; }""", "messages")]
    [InlineData("""class A { string B => $"DELETE FROM messages WHERE {C}"; }""", "messages")]
    [InlineData("""class A { void B() => C($"INSERT INTO messages ({D}) SELECT {D} FROM entries e JOIN calls c"); }""",
        "messages entries calls")]
    [InlineData("class A { string B = \"\"\"\n WITH x AS (SELECT 1 FROM calls)\n UPDATE messages SET a = 1\n \"\"\"; }", "calls messages")]
    [InlineData("""class A { string B = "SELECT 1 FROM messages m, entries e, x"; }""", "messages entries")]
    [InlineData("""class A { string B = "SELECT messages FROM x WHERE entries = 'calls'"; }""", "")]
    [InlineData("""class A { string B = "taken FROM messages"; }""", "")]
    public void A_table_is_seen_wherever_a_statement_names_it(string source, string named)
    {
        var tables = new HashSet<string> { "messages", "entries", "calls" };

        Assert.Equal(named, string.Join(' ', SqlText.Read("source", source).SelectMany(text => text.TablesOf(tables))));
    }

    private static async Task<HashSet<string>> TablesAsync()
    {
        await using var test = await TestDatabase.CreateAsync(SqlDialect.Sqlite.Name);
        var tables = await test.Database.ReadAsync(
            reading => reading.Sql(
                "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow' AND name NOT LIKE 'sqlite%'")
                .ListAsync(row => row.Text(), TestContext.Current.CancellationToken),
            TestContext.Current.CancellationToken);
        return tables.ToHashSet();
    }
}
