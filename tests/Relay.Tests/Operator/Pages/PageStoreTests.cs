using Relay.Conversations;
using Relay.Operator.Pages;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Operator.Pages;

public sealed class SqlitePageStoreTests() : PageStoreTests(SqlDialect.Sqlite.Name);

public sealed class PostgresPageStoreTests() : PageStoreTests(SqlDialect.Postgres.Name);

/// <summary>A cause is paged once while it stands, and what has cleared is not paged any more.</summary>
public abstract class PageStoreTests(string kind) : StoreTests(kind)
{
    private static readonly PageCause[] Causes =
    [
        PageCause.Stuck, PageCause.Moving, PageCause.Question(1), PageCause.Question(2),
        PageCause.Hold(HoldCause.Budget), PageCause.Hold(HoldCause.Model), PageCause.Message(new MessageId("1")),
        PageCause.Reply(new MessageId("1")), PageCause.Refused("a%_b" + Unusual),
    ];

    [Fact]
    public async Task One_page_stands_for_a_cause_and_each_cause_has_its_own()
    {
        foreach (var cause in Causes)
        {
            Assert.True(await QueueAsync(cause));
            Assert.False(await QueueAsync(cause));
        }

        Assert.Equal(Sorted(Causes), await DueCausesAsync());
    }

    [Fact]
    public async Task Of_many_who_page_a_cause_at_once_one_does()
    {
        var queued = await AtOnceAsync(20, (writing, _) => PageStore.QueueAsync(writing, New(PageCause.Stuck), CancellationToken));

        Assert.Single(queued, true);
        Assert.Equal(1, (await UnsentAsync()).Count);
    }

    [Fact]
    public async Task A_cause_that_was_sent_stands_until_it_clears_and_is_then_paged_again()
    {
        await QueueAsync(PageCause.Stuck);
        await SendAsync((await DueAsync())[0]);
        Assert.False(await QueueAsync(PageCause.Stuck));
        Assert.Equal(Now, await StandingSinceAsync(PageCause.Stuck));

        await ClearAsync(PageCause.Stuck);
        Assert.Null(await StandingSinceAsync(PageCause.Stuck));
        Assert.True(await QueueAsync(PageCause.Stuck));
        Assert.Equal(["queued", "sent"], await StatesAsync());
    }

    [Fact]
    public async Task What_cleared_before_it_was_sent_is_dropped_and_not_wanted_any_more()
    {
        await QueueAsync(PageCause.Question(1));
        await QueueAsync(PageCause.Question(2));
        var due = await DueAsync();

        await ClearAsync(PageCause.Question(1));

        foreach (var page in due)
            Assert.Equal(page.Cause == PageCause.Question(2), await IsStillWantedAsync(page));
        Assert.Equal(["question:2"], (await DueAsync()).Select(page => $"{page.Cause}"));
        Assert.Equal(["dropped", "queued"], await StatesAsync());
    }

    [Fact]
    public async Task One_good_call_clears_what_it_disproves_and_nothing_else()
    {
        foreach (var cause in Causes)
            await QueueAsync(cause);

        await WriteAsync(writing => PageStore.ClearHoldsAsync(writing, CancellationToken));

        Assert.Equal(
            Sorted(Causes.Where(cause => cause.Kind != PageKind.Hold || cause == PageCause.Hold(HoldCause.Budget))),
            await DueCausesAsync());
    }

    [Fact]
    public async Task A_page_carries_what_was_written_on_it()
    {
        await WriteAsync(writing => PageStore.QueueAsync(
            writing, new NewPage(PageCause.Question(7), Unusual, "body " + Unusual, Priority: 5, "lock,warning"), CancellationToken));

        var page = Assert.Single(await DueAsync());

        Assert.Equal(
            (PageCause.Question(7), Unusual, "body " + Unusual, 5, "lock,warning", 0),
            (page.Cause, page.Title, page.Body, page.Priority, page.Tags, page.Attempts));
    }

    [Fact]
    public async Task A_page_that_failed_is_due_when_it_was_put_off_to_and_says_why_until_it_is_sent()
    {
        var start = Now;
        await QueueAsync(PageCause.Stuck);
        await FailAsync((await DueAsync())[0], Unusual, start.AddSeconds(2));

        Assert.Empty(await DueAsync());
        Assert.Equal(start.AddSeconds(2), await NextDueAsync());
        Assert.Equal(new Unsent(1, Unusual, start), await UnsentAsync());
        Clock.Advance(TimeSpan.FromSeconds(2));
        var again = Assert.Single(await DueAsync());
        Assert.Equal(1, again.Attempts);
        await SendAsync(again);
        Assert.Equal(new Unsent(0, null, null), await UnsentAsync());
        Assert.Null(await NextDueAsync());
    }

    [Fact]
    public async Task Those_due_first_come_first_and_no_more_than_are_sent_in_one_go()
    {
        for (var number = 1; number <= 25; number++)
        {
            await QueueAsync(PageCause.Question(number));
            Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(Enumerable.Range(1, 20).Select(number => $"question:{number}"), (await DueAsync()).Select(page => $"{page.Cause}"));
    }

    [Fact]
    public async Task Of_many_starts_one_announcement_waits_the_last()
    {
        foreach (var home in new[] { "/first", "/second", "/third" })
            await WriteAsync(writing => PageStore.AnnounceAsync(writing, "claude", home, CancellationToken));

        Assert.Contains("/third", Assert.Single(await DueAsync()).Body, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Sorted(IEnumerable<PageCause> causes) =>
        causes.Select(cause => $"{cause}").Order(StringComparer.Ordinal);

    private async Task<IEnumerable<string>> DueCausesAsync() => Sorted((await DueAsync()).Select(page => page.Cause));

    private static NewPage New(PageCause cause) => new(cause, "title", "body", Priority: 3, "tag");

    private Task<bool> QueueAsync(PageCause cause) => WriteAsync(writing => PageStore.QueueAsync(writing, New(cause), CancellationToken));

    private Task ClearAsync(PageCause cause) => WriteAsync(writing => PageStore.ClearAsync(writing, cause, CancellationToken));

    private Task SendAsync(QueuedPage page) => WriteAsync(
        writing => PageStore.SentAsync(writing, page, new Push.Taken(Refusal: null), CancellationToken));

    private Task FailAsync(QueuedPage page, string error, DateTimeOffset dueAt) =>
        WriteAsync(writing => PageStore.FailedAsync(writing, page, error, dueAt, CancellationToken));

    private Task<List<QueuedPage>> DueAsync() => ReadAsync(async reading =>
    {
        var others = await PageStore.DueAsync(reading, ofMessages: false, most: 20, CancellationToken);
        return others.Concat(await PageStore.DueAsync(reading, ofMessages: true, most: 20, CancellationToken)).ToList();
    });

    private Task<DateTimeOffset?> NextDueAsync() =>
        ReadAsync(reading => PageStore.NextDueAsync(reading, ofMessages: false, CancellationToken));

    private Task<Unsent> UnsentAsync() => ReadAsync(reading => PageStore.UnsentAsync(reading, CancellationToken));

    private async Task<bool> IsStillWantedAsync(QueuedPage page) =>
        await ReadAsync(reading => PageStore.StillWantedAsync(reading, page, CancellationToken)) is not null;

    private Task<DateTimeOffset?> StandingSinceAsync(PageCause cause) =>
        ReadAsync(reading => PageStore.StandingSinceAsync(reading, cause, CancellationToken));

    private Task<List<string>> StatesAsync() => ReadAsync(
        reading => reading.Sql("SELECT state FROM pages ORDER BY state").ListAsync(row => row.Text(), CancellationToken));
}
