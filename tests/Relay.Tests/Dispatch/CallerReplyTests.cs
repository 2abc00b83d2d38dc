using Relay.Conversations;
using Relay.Dispatch;
using Xunit;

namespace Relay.Tests.Dispatch;

/// <summary>Replies for which a caller waits over HTTP, or waits no longer.</summary>
public sealed class CallerReplyTests : DispatchTests
{
    [Fact]
    public async Task What_nobody_waits_for_over_HTTP_goes_to_the_folder_after_ten_seconds()
    {
        _relay.Advisor.Reply("the reply");
        await _relay.AcceptAsync("s", "question", channel: ReplyChannel.Caller);
        await _relay.TakeTurnsAsync();

        await PlaceAsync();
        _relay.Clock.Advance(TimeSpan.FromSeconds(9.9));
        await PlaceAsync();
        Assert.Null(_relay.Consume("s"));

        _relay.Clock.Advance(TimeSpan.FromSeconds(0.2));
        await PlaceAsync();
        Assert.Equal("the reply", _relay.Consume("s"));
    }

    [Fact]
    public async Task The_ten_seconds_start_when_the_caller_leaves_and_again_with_the_relay()
    {
        _relay.Advisor.Reply("the reply");
        var message = await _relay.AcceptAsync("s", "question", channel: ReplyChannel.Caller);
        var waiter = _relay.Get<CallerChannel>().Wait(message);
        await _relay.TakeTurnsAsync();
        _relay.Clock.Advance(TimeSpan.FromMinutes(1));
        await PlaceAsync();
        Assert.Null(_relay.Consume("s"));

        waiter.Dispose();
        _relay.Clock.Advance(TimeSpan.FromSeconds(9));
        await PlaceAsync();
        await _relay.RestartAsync();
        _relay.Clock.Advance(TimeSpan.FromSeconds(9));
        await PlaceAsync();
        Assert.Null(_relay.Consume("s"));

        _relay.Clock.Advance(TimeSpan.FromSeconds(2));
        await PlaceAsync();
        Assert.Equal("the reply", _relay.Consume("s"));
    }
}
