using System.Text;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Loopback;
using Relay.Operator.Pages;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Operator.Pages;

public sealed class PagerTests : IAsyncLifetime
{
    private const string NtfyToken = "tk_0123456789";
    private LoopbackNtfy _ntfy = null!;
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _ntfy = await LoopbackNtfy.StartAsync(new() { Token = NtfyToken });
        _relay = await TempRelay.CreateAsync(ntfy: _ntfy.Address, ntfyToken: NtfyToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _ntfy.DisposeAsync();
    }

    [Fact]
    public async Task A_page_goes_out_once_to_the_topic_with_the_token()
    {
        await QueueAsync(PageCause.Stuck, "Grüße 🙂 [NEEDS-JC]", "Wörter");
        await SendAsync();
        await SendAsync();

        var page = Assert.Single(_ntfy.Pages);
        Assert.Equal(_relay.Settings.Current.Secrets.NtfyTopic, page.Topic);
        Assert.Equal(("Grüße 🙂 [NEEDS-JC]", "Wörter"), (page.Title, page.Message));
        Assert.Equal($"Bearer {NtfyToken}", page.Authorization);
        Assert.Equal("sent", Assert.Single(await _relay.PagesAsync()).State);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("é")]
    [InlineData("🙂")]
    public async Task A_long_page_is_cut_at_a_character_within_the_limits(string character)
    {
        string Repeated(int count) => string.Concat(Enumerable.Repeat(character, count));
        await QueueAsync(PageCause.Stuck, Repeated(2_000), Repeated(5_000));
        await SendAsync();

        var page = Assert.Single(_ntfy.Pages);
        Assert.InRange(Encoding.UTF8.GetByteCount(page.Message), 4_080, 4_096);
        Assert.InRange(Encoding.UTF8.GetByteCount(page.Title), 1_000, 1_024);
        Assert.DoesNotContain('\uFFFD', page.Message);
        Assert.EndsWith("(cut)", page.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exactly_the_limit_is_not_cut()
    {
        await QueueAsync(PageCause.Stuck, "title", new string('x', 4_096));
        await SendAsync();

        Assert.Equal(new string('x', 4_096), Assert.Single(_ntfy.Pages).Message);
    }

    [Fact]
    public async Task A_cause_is_paged_once_until_it_clears()
    {
        Assert.True(await QueueAsync(PageCause.Hold(HoldCause.Credentials), "error", "a"));
        Assert.False(await QueueAsync(PageCause.Hold(HoldCause.Credentials), "error", "b"));
        await _relay.RestartAsync();
        Assert.False(await QueueAsync(PageCause.Hold(HoldCause.Credentials), "error", "c"));
        Assert.True(await QueueAsync(PageCause.Hold(HoldCause.Credit), "error", "d"));

        await ClearAsync(PageCause.Hold(HoldCause.Credentials));

        Assert.True(await QueueAsync(PageCause.Hold(HoldCause.Credentials), "error", "e"));
    }

    [Fact]
    public async Task A_server_that_refuses_is_asked_again_later_and_later()
    {
        _ntfy.Always(NtfyFault.Status(500));
        await QueueAsync(PageCause.Stuck, "title", "body");
        List<int> attempts = [];
        for (var second = 0; second < 120; second++)
        {
            await SendAsync();
            attempts.Add(_ntfy.Attempts.Count);
            _relay.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(_ntfy.Attempts.Count, 5, 8);
        Assert.InRange(attempts[3], 2, 3);
        var status = await _relay.StatusAsync();
        Assert.Equal((1, "HTTP 500"), (status.PagesUnsent, status.PageError));

        _ntfy.Always(null);
        _relay.Clock.Advance(TimeSpan.FromMinutes(10));
        await SendAsync();
        Assert.Single(_ntfy.Pages);
    }

    [Fact]
    public async Task Retry_After_is_kept_to()
    {
        _ntfy.Enqueue(NtfyFault.Status(429, "100"));
        await QueueAsync(PageCause.Stuck, "title", "body");
        await SendAsync();

        _relay.Clock.Advance(TimeSpan.FromSeconds(99));
        await SendAsync();
        Assert.Single(_ntfy.Attempts);

        _relay.Clock.Advance(TimeSpan.FromSeconds(2));
        await SendAsync();
        Assert.Single(_ntfy.Pages);
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("cut after accepting")]
    [InlineData("gone")]
    public async Task A_lost_connection_is_tried_again_under_the_same_id(string how)
    {
        if (how == "gone")
            await _ntfy.DisposeAsync();
        else
            _ntfy.Enqueue(how == "cut" ? NtfyFault.Cut() : NtfyFault.CutAfterAccepting());
        await QueueAsync(PageCause.Stuck, "title", "body");
        await SendAsync();
        Assert.Equal("queued", Assert.Single(await _relay.PagesAsync()).State);
        if (how == "gone")
            _ntfy = await LoopbackNtfy.StartAsync(new() { Token = NtfyToken, Port = _ntfy.Port });

        _relay.Clock.Advance(TimeSpan.FromSeconds(10));
        await SendAsync();

        Assert.Single(_ntfy.Showing);
    }

    [Fact]
    public async Task A_server_that_says_nothing_holds_up_only_the_pages()
    {
        _ntfy.Enqueue(NtfyFault.Hang());
        await QueueAsync(PageCause.Stuck, "title", "body");
        var sending = SendAsync();
        await _ntfy.WaitForAttemptsAsync(1, RunningRelay.Patience);

        _relay.Drop("s", "question");
        await _relay.PassAsync();
        Assert.NotNull(_relay.Consume("s"));

        _relay.Clock.Advance(TimeSpan.FromSeconds(21));
        await sending;
        Assert.Contains("no answer within 20s", (await _relay.StatusAsync()).PageError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answered_question_is_never_paged()
    {
        _ntfy.Enqueue(NtfyFault.Status(503));
        _relay.Advisor.Reply("[NEEDS-JC] Which?");
        await _relay.AcceptAsync("s", "question");
        await _relay.TakeTurnsAsync();
        await SendAsync();

        await _relay.AnswerAsync("left");
        _relay.Clock.Advance(TimeSpan.FromHours(1));
        await SendAsync();

        Assert.Empty(_ntfy.Pages);
    }

    [Fact]
    public async Task What_the_server_says_never_brings_the_topic_or_the_token_into_the_status()
    {
        _ntfy.Always(NtfyFault.Status(400));
        await QueueAsync(PageCause.Stuck, "title", "body");
        await SendAsync();

        var status = Encoding.UTF8.GetString((await _relay.StatusAsync()).ToJson());
        Assert.Contains("HTTP 400", status, StringComparison.Ordinal);
        foreach (var secret in (string[])[_relay.Settings.Current.Secrets.NtfyTopic, NtfyToken, _relay.Settings.Current.Secrets.Token])
        {
            Assert.DoesNotContain(secret, status, StringComparison.Ordinal);
            Assert.DoesNotContain(_relay.Logs.GetSnapshot(), record => record.Message.Contains(secret, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task What_holds_work_up_is_paged_once_per_cause_over_retries_and_restarts()
    {
        for (var attempt = 0; attempt < 3; attempt++)
        {
            _relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Credentials, "HTTP 401"));
            if (attempt == 0)
                await _relay.AcceptAsync("s", "question");
            else
                await _relay.RestartAsync();
            await _relay.TakeTurnsAsync();
        }
        var page = Assert.Single(await _relay.PagesAsync());
        Assert.Contains("error", page.Title, StringComparison.Ordinal);
        Assert.InRange(page.Priority, 4, 5);
        Assert.Equal("error", (await _relay.StatusAsync()).State);

        await _relay.RestartAsync();
        await _relay.TakeTurnsAsync(); // The key works again.
        Assert.Equal("running", (await _relay.StatusAsync()).State);
        _relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Credentials, "HTTP 401"));
        await _relay.AcceptAsync("s", "another");
        await _relay.TakeTurnsAsync();
        Assert.Equal(2, (await _relay.PagesAsync()).Count);
    }

    [Fact]
    public async Task A_stuck_queue_is_paged_once_and_once_when_it_moves()
    {
        await _relay.AcceptAsync("s", "nobody answers");
        await WatchAsync(TimeSpan.FromMinutes(9.9));
        Assert.Empty(await TitlesAsync());

        await WatchAsync(TimeSpan.FromMinutes(0.2));
        Assert.Contains("stuck", Assert.Single(await TitlesAsync()), StringComparison.Ordinal);
        await WatchAsync(TimeSpan.FromMinutes(30));
        Assert.Single(await TitlesAsync());

        await _relay.TakeTurnsAsync();
        await WatchAsync(TimeSpan.FromMinutes(30));
        Assert.Equal(2, (await TitlesAsync()).Count);
        Assert.Contains("moving again", (await TitlesAsync())[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_waits_for_the_operator_is_not_stuck_nor_is_what_comes_after_the_answer()
    {
        _relay.Advisor.Reply("[NEEDS-JC] Which?");
        await _relay.AcceptAsync("s", "question");
        await _relay.TakeTurnsAsync();
        await _relay.AcceptAsync("t", "waiting");
        await WatchAsync(TimeSpan.FromHours(5));

        await _relay.AnswerAsync("left");
        await WatchAsync(TimeSpan.FromMinutes(9));
        Assert.DoesNotContain(await TitlesAsync(), title => title.Contains("stuck", StringComparison.Ordinal));
        Assert.True((await _relay.Get<Relay.Web.Status.Health>().ReadAsync(CancellationToken)).Healthy);

        await WatchAsync(TimeSpan.FromMinutes(2));
        Assert.Contains(await TitlesAsync(), title => title.Contains("stuck", StringComparison.Ordinal));
    }

    private async Task WatchAsync(TimeSpan time)
    {
        for (var left = time; left > TimeSpan.Zero; left -= TimeSpan.FromMinutes(1))
        {
            _relay.Clock.Advance(left < TimeSpan.FromMinutes(1) ? left : TimeSpan.FromMinutes(1));
            await _relay.RunAsync<StuckWatch>();
        }
    }

    private async Task<List<string>> TitlesAsync() =>
        (await _relay.PagesAsync()).Where(page => page.Cause is "stuck" or "moving").Select(page => page.Title).ToList();

    private Task<bool> QueueAsync(PageCause cause, string title, string body) =>
        _relay.WriteAsync(writing =>
            PageStore.QueueAsync(writing, new NewPage(cause, title, body, Priority: 4, "warning"), CancellationToken));

    private Task ClearAsync(PageCause cause) =>
        _relay.WriteAsync(writing => PageStore.ClearAsync(writing, cause, CancellationToken));

    private Task<int> SendAsync() => _relay.RunAsync<Pager>();
}
