using Relay.Conversations;
using Relay.Storage;
using Relay.Tests.Testing;
using Relay.Texts;
using Xunit;

namespace Relay.Tests.Conversations;

public sealed class SqliteJournalSearchTests() : JournalSearchTests(SqlDialect.Sqlite.Name);

public sealed class PostgresJournalSearchTests() : JournalSearchTests(SqlDialect.Postgres.Name);

/// <summary>What was said is found by its words, whatever is typed.</summary>
public abstract class JournalSearchTests(string kind) : StoreTests(kind)
{
    [Theory]
    [InlineData("migration", 1)]
    [InlineData("MIGRATION plan", 1)]
    [InlineData("plan \"the migration\"", 1)]
    [InlineData("\"migration the\"", 0)]
    [InlineData("\"the migration", 1)]
    [InlineData("“the migration”", 1)]
    [InlineData("migra", 0)]
    [InlineData("migra*", 1)]
    [InlineData("migration nothing", 0)]
    [InlineData("prufen", 1)]
    [InlineData("PRÜFEN", 1)]
    [InlineData("src/Relay/Foo.cs", 1)]
    [InlineData("foo", 1)]
    [InlineData("relay.foo", 1)]
    [InlineData("foo.relay", 0)]
    [InlineData("迁移", 1)]
    [InlineData("移迁", 0)]
    [InlineData("מיגרציה", 1)]
    [InlineData("1e5", 1)]
    [InlineData("0x1f", 1)]
    [InlineData("it's", 1)]
    public async Task Plain_words_find_it(string text, int count)
    {
        await SaidAsync("The plan: it's the migration of src/Relay/Foo.cs. Prüfen! 数据迁移 מיגרציה 1e5 0x1f");
        await SaidAsync("Something else.");
        await IndexAsync();

        Assert.Equal(count, (await SearchAsync(text)).Found.Count);
    }

    [Theory]
    [InlineData("a AND b OR NOT c NEAR d")]
    [InlineData("words : conversation_id : * ^ + - ( ) { } [ ]")]
    [InlineData("' OR 1=1; DROP TABLE entries; --")]
    [InlineData("foo' | 'bar' & !x <-> y:*A")]
    [InlineData("\"\"\"\"\" * \\ \0 \u202e \ud800 x")]
    [InlineData("NEAR(a b, 5) *a* **")]
    [InlineData("%s {0} ${jndi} <script>alert(1)</script>")]
    public async Task Nothing_that_is_typed_is_a_mistake_or_more_than_words(string text)
    {
        await SaidAsync("The plan.");
        await SaidAsync(text);
        await IndexAsync();

        var answer = await SearchAsync(text);

        Assert.Equal([2L], answer.Found.Select(found => found.Entry.Position));
        Assert.Equal(2, await CountAsync("SELECT COUNT(*) FROM entries"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \" * - \u202e 👍 ")]
    public void Without_a_word_there_is_nothing_to_look_for(string text) => Assert.Null(SearchQuery.Parse(text));

    [Fact]
    public async Task Thousands_of_words_are_looked_for_as_the_first_few()
    {
        await SaidAsync("word");
        await IndexAsync();

        Assert.Empty((await SearchAsync(string.Join(' ', Enumerable.Range(0, 10_000)))).Found);
        Assert.Empty((await SearchAsync(new string('x', 1_000_000))).Found);
    }

    [Fact]
    public async Task In_one_conversation_or_all_the_newest_first_and_in_parts()
    {
        for (var number = 1; number <= 5; number++)
            await SaidAsync($"plan {number}", number % 2 == 0 ? Other : Default);
        await IndexAsync();

        Assert.Equal([Default, Default, Default], (await SearchAsync("plan", Default)).Found.Select(found => found.Conversation));
        Assert.Equal(5, (await SearchAsync("plan")).Found.Count);
        var first = await SearchAsync("plan", wanted => wanted with { Conversation = Default, Most = 2 });
        Assert.Equal([3L, 2L], first.Found.Select(found => found.Entry.Position));
        var second = await SearchAsync("plan", wanted => wanted with { Conversation = Default, Most = 2, Before = first.Next!.Value });
        Assert.Equal([1L], second.Found.Select(found => found.Entry.Position));
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task What_is_left_out_of_calls_is_found_too()
    {
        var position = await SaidAsync("The secret plan");
        await WriteAsync(writing => Journal.LeaveOutAsync(writing, Default, position, "given up", CancellationToken));
        await IndexAsync();
        var later = await SaidAsync("Another plan");
        await IndexAsync();
        await WriteAsync(writing => Journal.LeaveOutAsync(writing, Default, later, "given up", CancellationToken));

        var found = (await SearchAsync("plan")).Found;

        Assert.Equal(["Another plan", "The secret plan"], found.Select(each => each.Entry.Content));
        Assert.All(found, each => Assert.NotNull(each.Entry.LeftOut));
    }

    [Fact]
    public async Task A_text_of_a_megabyte_is_found_by_its_last_words_and_in_one_line()
    {
        await SaidAsync(string.Join(' ', Enumerable.Range(0, 150_000).Select(number => $"w{number}")) + " the end");
        await SaidAsync(new string('x', 1_048_576) + " behind");
        await IndexAsync();

        Assert.Equal(1, Assert.Single((await SearchAsync("\"the end\"")).Found).Entry.Position);
        Assert.Single((await SearchAsync("w149999")).Found);
        Assert.Single((await SearchAsync("behind")).Found);
        Assert.Single((await SearchAsync("w1*")).Found); // Once, however often it is in it.
    }

    [Fact]
    public async Task An_entry_is_in_the_index_once_whoever_adds_it_and_what_is_missing_is_told()
    {
        for (var number = 0; number < 250; number++)
            await SaidAsync("plan");
        var early = await SearchAsync("plan");
        Assert.Equal((250, false), (early.NotSearched, early.IsAll));

        await AtOnceAsync(4, (writing, _) => SearchIndex.GoOnAsync(writing, Database.Dialect, CancellationToken));
        await Assert.ThrowsAsync<IOException>(() => WriteAsync(async writing =>
        {
            await SayAsync(writing, "plan", Default);
            await SearchIndex.GoOnAsync(writing, Database.Dialect, CancellationToken);
            throw new IOException("undone");
        }));
        await IndexAsync();

        var answer = await SearchAsync("plan", wanted => wanted with { Most = 1_000 });
        Assert.Equal((250, 0, true), (answer.Found.Count, answer.NotSearched, answer.IsAll));
        Assert.Equal(250, await CountAsync("SELECT COUNT(*) FROM entry_words"));
    }

    [Fact]
    public void The_words_are_marked_in_a_safe_line()
    {
        var query = SearchQuery.Parse("plan \"the end\"")!;
        var text = new string('x', 500) + " <b>The\u202e PLAN</b>\u001b[2J of\nthe\tend " + new string('y', 500);

        var parts = Snippet.Of(text, query);

        Assert.Equal(["PLAN", "the end"], parts.Where(part => part.IsFound).Select(part => part.Text.Replace('\t', ' ')));
        var line = string.Concat(parts.Select(part => part.Text));
        Assert.True(line.Length < 400);
        Assert.DoesNotContain(line, each => each is '\u001b' or '\u202e' or '\n');
    }

    private Task<long> SaidAsync(string text, ConversationId? conversation = null) =>
        WriteAsync(writing => SayAsync(writing, text, conversation ?? Default));

    private static Task<long> SayAsync(Writing writing, string text, ConversationId conversation) =>
        Journal.AppendAsync(writing, new NewEntry(conversation, EntryRole.User, "session-1", text), CancellationToken);

    private async Task IndexAsync()
    {
        while (await WriteAsync(writing => SearchIndex.GoOnAsync(writing, Database.Dialect, CancellationToken)) > 0)
        {
            // There is more.
        }
    }

    private Task<SearchAnswer> SearchAsync(string text, ConversationId? conversation = null) =>
        SearchAsync(text, wanted => wanted with { Conversation = conversation });

    private Task<SearchAnswer> SearchAsync(string text, Func<WordsWanted, WordsWanted> adjust) => ReadAsync(reading =>
        JournalSearch.FindAsync(
            reading, Database.Dialect, adjust(new WordsWanted(SearchQuery.Parse(text)!)), CancellationToken));
}
