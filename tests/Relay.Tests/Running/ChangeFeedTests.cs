using Microsoft.Extensions.Time.Testing;
using Relay.Running;
using Xunit;

namespace Relay.Tests.Running;

public sealed class ChangeFeedTests
{
    private readonly ChangeFeed _changes = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_before_or_during_the_wait_ends_it_once()
    {
        using var listener = _changes.Subscribe(Topic.Turns);
        _changes.Publish(Topic.Turns);
        _changes.Publish(Topic.Turns);
        await WaitAsync(listener);

        var waiting = WaitAsync(listener);
        Assert.False(waiting.IsCompleted);
        _changes.Publish(Topic.Turns);
        await waiting;
    }

    [Fact]
    public async Task Every_listener_is_woken_and_none_takes_anothers_wake_up()
    {
        using var one = _changes.Subscribe(Topic.Pages);
        using var two = _changes.Subscribe(Topic.Pages);
        using var all = _changes.Subscribe(Topic.Any);
        using var other = _changes.Subscribe(Topic.Dispatch);

        _changes.Publish(Topic.Pages);

        await Task.WhenAll(WaitAsync(one), WaitAsync(two), WaitAsync(all));
        Assert.False(WaitAsync(other).IsCompleted);
    }

    [Fact]
    public async Task A_listener_for_one_thing_hears_of_that_alone()
    {
        using var mine = _changes.Subscribe(Topic.Replies, "session-1");
        using var whole = _changes.Subscribe(Topic.Replies);

        _changes.Publish(Topic.Replies, "session-2");
        await WaitAsync(whole);
        var waiting = WaitAsync(mine);
        Assert.False(waiting.IsCompleted);

        _changes.Publish(Topic.Replies, "session-1");
        await Task.WhenAll(waiting, WaitAsync(whole));
    }

    [Fact]
    public async Task Without_a_change_the_wait_ends_at_its_limit()
    {
        var clock = new FakeTimeProvider();
        using var listener = _changes.Subscribe(Topic.Turns);
        var waiting = listener.WaitAsync(TimeSpan.FromSeconds(5), clock, CancellationToken);

        clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(waiting.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(0.2));

        await waiting;
    }

    [Fact]
    public async Task A_cancelled_wait_ends_and_takes_no_wake_up_along()
    {
        using var listener = _changes.Subscribe(Topic.Turns);
        using var stop = new CancellationTokenSource();
        var waiting = listener.WaitAsync(TimeSpan.FromHours(1), TimeProvider.System, stop.Token);

        await stop.CancelAsync();
        await waiting;

        _changes.Publish(Topic.Turns);
        await WaitAsync(listener);
    }

    [Fact]
    public async Task What_is_held_for_is_looked_for_at_once_at_each_change_and_at_each_poll()
    {
        var clock = new FakeTimeProvider();
        using var listener = _changes.Subscribe(Topic.Replies);
        var looks = 0;
        var held = listener.HoldAsync(
            () => Task.FromResult(++looks == 4 ? "found" : null),
            new Hold(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5)),
            clock,
            CancellationToken);
        Assert.Equal(1, looks);

        _changes.Publish(Topic.Replies);
        await Testing.Until.TrueAsync(() => looks == 2, "the look after a change");
        await AdvanceAsync(3);
        await AdvanceAsync(4);

        Assert.Equal("found", await held);

        Task AdvanceAsync(int look) => Testing.Until.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return looks >= look;
            },
            "the look of a poll");
    }

    [Fact]
    public async Task What_does_not_come_is_given_up_at_the_limit()
    {
        using var listener = _changes.Subscribe(Topic.Replies);

        Assert.Null(await listener.HoldAsync(
            () => Task.FromResult<string?>(null),
            new Hold(TimeSpan.Zero, TimeSpan.FromSeconds(5)),
            TimeProvider.System,
            CancellationToken));
    }

    private static Task WaitAsync(Subscription listener) =>
        listener.WaitAsync(TimeSpan.FromHours(1), TimeProvider.System, CancellationToken);
}
