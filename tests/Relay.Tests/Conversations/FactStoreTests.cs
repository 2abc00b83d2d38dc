using Relay.Conversations;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Conversations;

public sealed class SqliteFactStoreTests() : FactStoreTests(SqlDialect.Sqlite.Name);

public sealed class PostgresFactStoreTests() : FactStoreTests(SqlDialect.Postgres.Name);

/// <summary>Facts are known once, and numbers are given out once.</summary>
public abstract class FactStoreTests(string kind) : StoreTests(kind)
{
    [Fact]
    public async Task A_fact_that_is_there_already_stays_as_it_was()
    {
        Assert.True(await AddAsync("said:1", "first"));
        Assert.False(await AddAsync("said:1", "second"));

        Assert.Equal("first", await FindAsync("said:1"));
    }

    [Fact]
    public async Task Of_many_who_bring_the_same_fact_at_once_one_is_first()
    {
        var added = await AtOnceAsync(20, (writing, writer) => FactStore.AddAsync(writing, "said:1", $"{writer}", CancellationToken));

        Assert.Single(added, true);
        Assert.Equal($"{Array.IndexOf(added, true)}", await FindAsync("said:1"));
    }

    [Fact]
    public async Task A_fact_that_changes_is_known_as_it_was_set_last()
    {
        await SetAsync("last", "first");
        await SetAsync("last", "second");

        Assert.Equal("second", await FindAsync("last"));
    }

    [Fact]
    public async Task Names_and_values_are_kept_letter_by_letter()
    {
        foreach (var name in new[] { "a", "A", "%", "_", "", Unusual, new string('x', 10_000) })
        {
            Assert.Null(await FindAsync(name));
            Assert.True(await AddAsync(name, "of " + name));
            Assert.Equal("of " + name, await FindAsync(name));
        }
    }

    [Fact]
    public async Task A_number_is_given_out_once_and_without_a_gap()
    {
        Assert.Equal(0, await LastAsync("question"));

        var numbers = await AtOnceAsync(30, (writing, _) => CounterStore.NextAsync(writing, "question", CancellationToken));

        Assert.Equal(Enumerable.Range(1, 30).Select(number => (long)number), numbers.Order());
        Assert.Equal(30, await LastAsync("question"));
        Assert.Equal(0, await LastAsync("session"));
    }

    [Fact]
    public async Task A_number_that_was_undone_is_given_out_again()
    {
        await Assert.ThrowsAsync<IOException>(() => WriteAsync(async writing =>
        {
            await CounterStore.NextAsync(writing, "question", CancellationToken);
            throw new IOException("no");
        }));

        Assert.Equal(1, await WriteAsync(writing => CounterStore.NextAsync(writing, "question", CancellationToken)));
    }

    private Task<bool> AddAsync(string name, string value) =>
        WriteAsync(writing => FactStore.AddAsync(writing, name, value, CancellationToken));

    private Task SetAsync(string name, string value) => WriteAsync(writing => FactStore.SetAsync(writing, name, value, CancellationToken));

    private Task<string?> FindAsync(string name) => ReadAsync(reading => FactStore.FindAsync(reading, name, CancellationToken));

    private Task<long> LastAsync(string counter) => ReadAsync(reading => CounterStore.LastAsync(reading, counter, CancellationToken));
}
