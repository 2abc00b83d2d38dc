using Relay.Advisor;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Loopback;
using Relay.Operator.Pages;
using Relay.Storage;
using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>The machine's clock is set, while the relay runs or before it starts again.</summary>
public sealed class ClockTests : IAsyncLifetime
{
    private static readonly TimeSpan Back = TimeSpan.FromHours(-2);

    private LoopbackNtfy _ntfy = null!;
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _ntfy = await LoopbackNtfy.StartAsync();
        _relay = await TempRelay.CreateAsync(ntfy: _ntfy.Address);
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _ntfy.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_accepted_before_is_asked_at_once(bool restarted)
    {
        var id = await _relay.AcceptAsync("s", "Shall I?");
        await SetAsync(Back, restarted);

        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(id)).State);
    }

    [Fact]
    public async Task Messages_are_asked_in_the_order_they_came_in_whatever_the_clock_said()
    {
        await _relay.AcceptAsync("s", "one");
        await SetAsync(Back, restarted: false);
        await _relay.AcceptAsync("s", "two");

        await _relay.TakeTurnsAsync();

        Assert.Equal(["[s] one", "[s] two"], _relay.Advisor.Calls.Select(call => call.Messages[^1].Blocks[^1]));
    }

    [Theory]
    [InlineData(-7200)]
    [InlineData(7200)]
    [InlineData(-20)]
    public async Task What_is_deferred_while_the_relay_runs_waits_as_long_as_it_did(int seconds)
    {
        await DeferAsync();
        _relay.Clock.Advance(TimeSpan.FromSeconds(10));
        await _relay.RunAsync<ClockWatch>();

        await SetAsync(TimeSpan.FromSeconds(seconds), restarted: false);
        Assert.Empty(await DueAsync());
        Assert.InRange(_relay.Get<AdvisorLoop>().Poll.TotalSeconds, 1, 30);
        _relay.Clock.Advance(TimeSpan.FromSeconds(18)); // 28 of 30.
        Assert.Empty(await DueAsync());
        _relay.Clock.Advance(TimeSpan.FromSeconds(3));

        Assert.Single(await DueAsync());
    }

    [Fact]
    public async Task What_was_deferred_by_a_clock_that_was_ahead_is_due_at_the_next_start()
    {
        var id = await DeferAsync();
        await SetAsync(Back, restarted: true);

        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(id)).State);
    }

    [Fact]
    public async Task A_stored_time_further_away_than_any_deferral_is_due_now()
    {
        var id = await DeferAsync();
        await _relay.WriteAsync(
            writing => writing.Sql("UPDATE messages SET due_at = due_at + 7200000").ExecuteAsync(CancellationToken));
        await _relay.RestartAsync();

        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(id)).State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pages_do_not_wait_for_the_clock_to_come_round_again(bool restarted)
    {
        _ntfy.Enqueue(NtfyFault.Status(500));
        await _relay.WriteAsync(writing => PageStore.AnnounceAsync(writing, "claude", "failed once", CancellationToken));
        await _relay.RunAsync<Pager>();
        var fresh = new NewPage(PageCause.Stuck, "Relay: queue stuck", "never sent", Priority: 4, "warning");
        await _relay.WriteAsync(writing => PageStore.QueueAsync(writing, fresh, CancellationToken));

        await SetAsync(Back, restarted);
        _relay.Clock.Advance(TimeSpan.FromSeconds(5));
        await _relay.RunAsync<Pager>();

        Assert.Equal(["sent", "sent"], (await _relay.PagesAsync()).Select(page => page.State));
    }

    [Fact]
    public async Task No_duration_is_negative()
    {
        await _relay.AcceptAsync("s", "Shall I?");
        await SetAsync(Back, restarted: false);

        Assert.Equal(0, (await _relay.StatusAsync()).OldestWaitingSeconds);
    }

    [Fact]
    public async Task Nothing_becomes_older_by_a_clock_that_is_set_forward()
    {
        await _relay.AcceptAsync("s", "Shall I?");
        _relay.Clock.Advance(TimeSpan.FromSeconds(5));
        await SetAsync(TimeSpan.FromHours(2), restarted: false);
        _relay.Clock.Advance(TimeSpan.FromSeconds(5));

        await _relay.RunAsync<StuckWatch>();

        Assert.InRange((await _relay.StatusAsync()).OldestWaitingSeconds, 9, 11);
        Assert.Empty((await _relay.StatusAsync()).Unhealthy);
        Assert.Empty(await _relay.PagesAsync());
    }

    [Fact]
    public async Task A_queue_that_is_stuck_is_found_by_the_time_that_passed()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Deferred("busy", RetryAfter: TimeSpan.FromMinutes(15)));
        await _relay.AcceptAsync("s", "Shall I?");
        await _relay.TakeTurnsAsync();
        await _relay.RunAsync<StuckWatch>();

        await SetAsync(Back, restarted: false);
        _relay.Clock.Advance(TimeSpan.FromMinutes(11));
        await _relay.RunAsync<StuckWatch>();

        Assert.Contains(await _relay.PagesAsync(), page => page.Title.Contains("stuck", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reply_nobody_waits_for_any_more_still_goes_to_the_folder_soon()
    {
        await _relay.AcceptAsync("s", "Shall I?", channel: ReplyChannel.Caller);
        await _relay.TakeTurnsAsync();
        await SetAsync(Back, restarted: false);

        await _relay.RunAsync<Dispatcher>();
        _relay.Clock.Advance(TimeSpan.FromSeconds(11));
        await _relay.RunAsync<Dispatcher>();

        Assert.NotNull(_relay.Consume("s"));
    }

    private async Task<MessageId> DeferAsync()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Deferred("HTTP 529", RetryAfter: TimeSpan.FromSeconds(30)));
        var id = await _relay.AcceptAsync("s", "Shall I?");
        await _relay.TakeTurnsAsync();
        return id;
    }

    private Task<List<ConversationId>> DueAsync() => _relay.Get<AdvisorLoop>().DueAsync(CancellationToken);

    private async Task SetAsync(TimeSpan by, bool restarted)
    {
        _relay.Clock.Set(by);
        if (restarted)
            await _relay.RestartAsync();
        else
            await _relay.RunAsync<ClockWatch>();
    }
}
