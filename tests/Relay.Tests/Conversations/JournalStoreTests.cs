using Relay.Conversations;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Conversations;

public sealed class SqliteJournalStoreTests() : JournalStoreTests(SqlDialect.Sqlite.Name);

public sealed class PostgresJournalStoreTests() : JournalStoreTests(SqlDialect.Postgres.Name);

/// <summary>The journal is append-only: what is in it is neither changed nor lost, and a window shows it in order.</summary>
public abstract class JournalStoreTests(string kind) : StoreTests(kind)
{
    [Fact]
    public async Task Entries_stand_in_the_order_they_were_made_whoever_makes_them_at_once()
    {
        var positions = await AtOnceAsync(30, (writing, writer) => Journal.AppendAsync(writing, Said($"{writer}"), CancellationToken));

        var entries = await BetweenAsync(0, long.MaxValue);
        Assert.Equal(Enumerable.Range(1, 30).Select(position => (long)position), entries.Select(entry => entry.Position));
        Assert.All(positions.Index(), each => Assert.Equal($"{each.Index}", entries[(int)each.Item - 1].Content));
    }

    [Fact]
    public async Task Conversations_have_journals_of_their_own()
    {
        await AppendAsync(Said("here"));
        await AppendAsync(Said("there") with { Conversation = Other });

        Assert.Equal(["here"], (await BetweenAsync(0, long.MaxValue)).Select(entry => entry.Content));
        Assert.Equal((1, 1), ((await SizeAsync()).Turns, (await BetweenAsync(0, 10))[0].Position));
    }

    [Fact]
    public async Task What_is_undone_leaves_neither_an_entry_nor_a_gap()
    {
        await AppendAsync(Said("one"));
        await Assert.ThrowsAsync<IOException>(() => WriteAsync(async writing =>
        {
            await Journal.AppendAsync(writing, Said("undone"), CancellationToken);
            throw new IOException("no");
        }));

        Assert.Equal(2, await AppendAsync(Said("two")));
        Assert.Equal(["one", "two"], (await BetweenAsync(0, long.MaxValue)).Select(entry => entry.Content));
        Assert.Equal(new HistorySize(2, 6), await SizeAsync());
    }

    [Fact]
    public async Task A_text_of_any_kind_and_length_comes_back_as_it_was_said()
    {
        string[] texts = [Unusual, new string('x', 1 << 20), "🙂"];
        foreach (var text in texts)
            await AppendAsync(Said(text) with { Speaker = "operator " + Unusual });

        var entries = (await WindowAsync()).Turns;

        Assert.Equal(texts, entries.Select(entry => entry.Content));
        Assert.Equal(texts.Select(text => text.Length), entries.Select(entry => entry.Characters));
        Assert.All(entries, entry => Assert.Equal($"[operator {Unusual}] {entry.Content}", entry.Text));
        Assert.Equal(texts.Sum(text => (long)text.Length), (await SizeAsync()).Characters);
    }

    [Fact]
    public async Task The_entries_between_two_positions_exclude_the_first_and_include_the_last()
    {
        for (var number = 1; number <= 5; number++)
            await AppendAsync(Said($"{number}"));

        Assert.Equal(["3", "4"], (await BetweenAsync(2, 4)).Select(entry => entry.Content));
        Assert.Empty(await BetweenAsync(5, long.MaxValue));
        Assert.Empty(await BetweenAsync(4, 2));
    }

    [Fact]
    public async Task A_window_is_empty_where_nothing_was_said_and_whole_where_nothing_was_summed_up()
    {
        Assert.Empty((await WindowAsync()).Turns);
        await AppendAsync(Said("left or right?"));
        await AppendAsync(Said("left") with { IsRuling = true, Question = "left or right?" });

        var window = await WindowAsync();

        Assert.Equal(["left or right?", "left"], window.Turns.Select(entry => entry.Content));
        Assert.Null(window.Summary);
        Assert.Empty(window.Rulings);
    }

    [Fact]
    public async Task After_a_summary_the_rulings_it_covers_are_carried_word_for_word_and_what_it_covers_stays_in_the_journal()
    {
        await AppendAsync(Said("left or right?"));
        await AppendAsync(Said(Unusual) with { IsRuling = true, Speaker = "operator JC", Question = "left?" });
        var ruled = Now;
        Clock.Advance(TimeSpan.FromMinutes(1));
        await AppendAsync(Said("and now?"));
        await AppendAsync(Said("go on") with { IsRuling = true });

        await SummariseAsync("so far", coversThrough: 3);

        var window = await WindowAsync();
        Assert.Equal([new Ruling(ruled, "operator JC", Unusual, "left?")], window.Rulings);
        Assert.Equal(("so far", 3), (window.Summary!.Content, window.Summary.CoversThrough));
        Assert.Equal(["go on"], window.Turns.Select(entry => entry.Content));
        Assert.Equal(5, (await BetweenAsync(0, long.MaxValue)).Count);
        Assert.Equal(new HistorySize(1, window.Characters), await SizeAsync()); // The rulings, too, go along with every call.
    }

    [Fact]
    public async Task The_newest_summary_takes_the_place_of_those_before_it()
    {
        foreach (var number in Enumerable.Range(1, 3))
            await AppendAsync(Said($"{number}"));
        await SummariseAsync("older", coversThrough: 1);
        await AppendAsync(Said("4"));
        await SummariseAsync("newer", coversThrough: 3);

        var window = await WindowAsync();

        Assert.Equal("newer", window.Summary!.Content);
        Assert.Equal(["4"], window.Turns.Select(entry => entry.Content));
        Assert.Equal(new HistorySize(1, 1 + "newer".Length), await SizeAsync());
    }

    private static NewEntry Said(string content) => new(Default, EntryRole.User, One.Value, content);

    private Task<long> AppendAsync(NewEntry entry) => WriteAsync(writing => Journal.AppendAsync(writing, entry, CancellationToken));

    private Task SummariseAsync(string content, long coversThrough) =>
        WriteAsync(writing => Journal.AppendSummaryAsync(writing, Default, content, coversThrough, CancellationToken));

    private Task<List<Entry>> BetweenAsync(long after, long through) =>
        ReadAsync(reading => Journal.BetweenAsync(reading, Default, after, through, CancellationToken));

    private Task<ContextWindow> WindowAsync() => ReadAsync(reading => Journal.WindowAsync(reading, Default, CancellationToken));

    private async Task<HistorySize> SizeAsync() =>
        (await ReadAsync(reading => ConversationStore.SizeAsync(reading, Default, CancellationToken)))!;
}
