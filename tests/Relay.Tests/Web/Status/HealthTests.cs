using Relay.Dispatch;
using Relay.Loopback;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;
using Relay.Tests.Testing;
using Relay.Web.Status;
using Xunit;

namespace Relay.Tests.Web.Status;

/// <summary>Every stage that does not get on is said on /healthz and in the status, and what lasts is paged by a way that works.</summary>
public sealed class HealthTests : IAsyncLifetime
{
    private LoopbackNtfy _ntfy = null!;
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _ntfy = await LoopbackNtfy.StartAsync();
        _relay = await TempRelay.CreateAsync("stuck_after: 1m\n", ntfy: _ntfy.Address, kind: SqlDialect.Sqlite.Name);
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _ntfy.DisposeAsync();
    }

    [Theory]
    [InlineData(503)]
    [InlineData(413)]
    [InlineData(401)]
    public async Task The_page_of_a_question_that_fails_is_said_at_once_until_it_is_sent(int status)
    {
        _ntfy.Always(NtfyFault.Status(status));
        _relay.Advisor.Reply("[NEEDS-JC] Which?");
        await _relay.AcceptAsync("s", "question");
        await _relay.TakeTurnsAsync();
        await _relay.RunAsync<Pager>();

        var said = Assert.Single(await ReasonsAsync());
        Assert.StartsWith($"the page of a question was not sent: HTTP {status}", said, StringComparison.Ordinal);
        var report = await _relay.StatusAsync();
        Assert.Equal("needs_jc", report.State);
        Assert.Equal(await ReasonsAsync(), report.Unhealthy);

        _ntfy.Always(null);
        await _relay.RestartAsync();
        await _relay.RunAsync<Pager>();
        Assert.Empty(await ReasonsAsync());
        Assert.Empty((await _relay.StatusAsync()).Unhealthy);
    }

    [Fact]
    public async Task Another_page_that_fails_is_said_once_it_has_waited_too_long()
    {
        _ntfy.Always(NtfyFault.Status(500));
        await _relay.WriteAsync(writing =>
            PageStore.QueueAsync(writing, new NewPage(PageCause.Online, "title", "text", 3, ""), CancellationToken));
        await _relay.RunAsync<Pager>();
        Assert.Empty(await ReasonsAsync());

        _relay.Clock.Advance(TimeSpan.FromSeconds(61));

        Assert.Equal("a page has not been sent (HTTP 500) for 1m1s", Assert.Single(await ReasonsAsync()));
    }

    [Theory]
    [InlineData("folder", "is a folder")]
    [InlineData("link", "is a link")]
    [InlineData("pipe", "is no file")]
    public async Task What_stands_where_a_reply_belongs_is_a_fault_until_it_is_gone(string kind, string word)
    {
        var input = _relay.InputFile("s");
        Directory.CreateDirectory(Path.GetDirectoryName(input)!);
        switch (kind)
        {
            case "folder": Directory.CreateDirectory(input); break;
            case "link": File.CreateSymbolicLink(input, "nowhere"); break;
            default: Unix.Fifo(input); break;
        }
        await _relay.AcceptAsync("s", "question");
        await _relay.TakeTurnsAsync();
        await _relay.RunAsync<Dispatcher>();

        var said = Assert.Single(await ReasonsAsync());
        Assert.Contains($"dispatch/s: a reply cannot be placed: input.txt {word}", said, StringComparison.Ordinal);
        Assert.Equal("error", (await _relay.StatusAsync()).State);

        if (kind == "folder")
            Directory.Delete(input);
        else
            File.Delete(input);
        await _relay.RunAsync<Dispatcher>();
        Assert.NotNull(_relay.Consume("s"));
        Assert.Empty(await ReasonsAsync());
    }

    [Fact]
    public async Task A_folder_in_place_of_a_reply_that_was_taken_keeps_no_later_one_back_unsaid()
    {
        foreach (var text in (string[])["one", "two"])
        {
            await _relay.AcceptAsync("s", text);
            await _relay.TakeTurnsAsync();
        }
        await _relay.RunAsync<Dispatcher>();
        Assert.NotNull(_relay.Consume("s"));
        Directory.CreateDirectory(_relay.InputFile("s"));

        await _relay.RunAsync<Dispatcher>();

        Assert.Contains("input.txt is a folder", Assert.Single(await ReasonsAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_the_sessions_own_is_no_fault_but_the_reply_behind_it_must_not_wait_for_ever()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_relay.InputFile("s"))!);
        await File.WriteAllTextAsync(_relay.InputFile("s"), "mine", CancellationToken);
        await _relay.AcceptAsync("s", "question");
        await _relay.TakeTurnsAsync();
        await _relay.RunAsync<Dispatcher>();
        Assert.Empty(await ReasonsAsync());

        _relay.Clock.Advance(TimeSpan.FromSeconds(61));

        Assert.Equal("a reply has not been placed in dispatch/s for 1m1s", Assert.Single(await ReasonsAsync()));
    }

    [Fact]
    public async Task A_fault_that_stands_too_long_is_paged_once_until_it_is_mended()
    {
        Break("Dispatcher");
        await WatchAsync(TimeSpan.FromSeconds(59));
        Assert.Empty(await PagesAsync());

        await WatchAsync(TimeSpan.FromSeconds(2));
        await WatchAsync(TimeSpan.FromHours(3));
        Assert.Equal(["Relay error: Dispatcher"], await PagesAsync());

        _relay.Get<Faults>().Clear("Dispatcher");
        await WatchAsync(TimeSpan.FromMinutes(2));
        Break("Dispatcher");
        await WatchAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(2, (await PagesAsync()).Count);
    }

    [Fact]
    public async Task Parts_that_break_together_share_a_page()
    {
        Break("Dispatcher", "QueueFolder", "Pager");

        await WatchAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(["Relay error: 3 parts do not work"], await PagesAsync());
    }

    [Fact]
    public async Task A_restart_pages_no_second_time_and_forgets_what_is_mended()
    {
        Break("Dispatcher");
        await WatchAsync(TimeSpan.FromMinutes(2));
        await _relay.RestartAsync();
        Break("Dispatcher");
        await WatchAsync(TimeSpan.FromMinutes(5));
        Assert.Single(await PagesAsync());

        await _relay.RestartAsync();
        await WatchAsync(TimeSpan.FromMinutes(5));
        Break("Dispatcher");
        await WatchAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(2, (await PagesAsync()).Count);
    }

    [Fact]
    public async Task Without_a_database_the_page_goes_straight_to_the_server()
    {
        await _relay.WriteAsync(writing => writing.Sql("ALTER TABLE pages RENAME TO gone").ExecuteAsync(CancellationToken));
        _ntfy.Enqueue(NtfyFault.Status(500));
        Break("database");

        await WatchAsync(TimeSpan.FromMinutes(5));

        var page = Assert.Single(_ntfy.Pages);
        Assert.Equal("Relay error: database", page.Title);
        Assert.Contains("it does not work", page.Message, StringComparison.Ordinal);
    }

    private void Break(params string[] parts)
    {
        foreach (var part in parts)
            _relay.Get<Faults>().Set(part, "it does not work");
    }

    private async Task WatchAsync(TimeSpan time)
    {
        await _relay.RunAsync<HealthWatch>();
        for (var left = time; left > TimeSpan.Zero; left -= TimeSpan.FromSeconds(30))
        {
            _relay.Clock.Advance(left < TimeSpan.FromSeconds(30) ? left : TimeSpan.FromSeconds(30));
            await _relay.RunAsync<HealthWatch>();
        }
    }

    private async Task<List<string>> PagesAsync() => (await _relay.PagesAsync()).Select(page => page.Title).ToList();

    private async Task<IReadOnlyList<string>> ReasonsAsync() => (await _relay.Get<Health>().ReadAsync(CancellationToken)).Reasons;
}
