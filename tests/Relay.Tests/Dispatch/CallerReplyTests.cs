using Relay.Conversations;
using Relay.Dispatch;
using Relay.Web.Status;
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

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1.1)]
    public async Task A_caller_that_gives_up_or_is_cut_off_has_its_reply_in_the_folder_at_once_or_soon(bool says, double seconds)
    {
        _relay.Advisor.Reply("the reply");
        var message = await _relay.AcceptAsync("s", "question", channel: ReplyChannel.Caller);
        Leave(_relay.Get<CallerChannel>().Wait(message), says);
        await _relay.TakeTurnsAsync();

        _relay.Clock.Advance(TimeSpan.FromSeconds(seconds));
        await PlaceAsync();

        Assert.Equal("the reply", _relay.Consume("s"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_that_comes_back_is_waited_for_as_before(bool says)
    {
        _relay.Advisor.Reply("the reply");
        var message = await _relay.AcceptAsync("s", "question", channel: ReplyChannel.Caller);
        var callers = _relay.Get<CallerChannel>();
        Leave(callers.Wait(message), says);
        callers.Wait(message).Dispose();
        await _relay.TakeTurnsAsync();

        _relay.Clock.Advance(TimeSpan.FromSeconds(5));
        await PlaceAsync();

        Assert.Null(_relay.Consume("s"));
    }

    [Fact]
    public async Task What_comes_to_the_folder_late_stands_behind_what_lies_there_which_is_no_fault()
    {
        foreach (var late in (string[])["late 1", "late 2"])
        {
            _relay.Advisor.Reply(late);
            await _relay.AcceptAsync("s", $"for {late}", channel: ReplyChannel.Caller);
            await _relay.TakeTurnsAsync();
        }
        await AnswerAsync("s", "placed");
        await PlaceAsync();

        _relay.Clock.Advance(TimeSpan.FromSeconds(11)); // Nobody waits for the first ones any more.
        await PlaceAsync();
        _relay.Clock.Advance(TimeSpan.FromHours(1));
        var health = await _relay.Get<Health>().ReadAsync(CancellationToken);
        var order = new List<string?>();
        for (var reply = 0; reply < 3; reply++)
        {
            order.Add(_relay.Consume("s"));
            await PlaceAsync();
            Assert.Equal(reply + 1, await _relay.CountAsync("SELECT COUNT(*) FROM dispatches WHERE state = 'consumed'"));
        }

        Assert.DoesNotContain(health.Reasons, reason => reason.Contains("placed", StringComparison.Ordinal));
        Assert.Equal(["placed", "late 1", "late 2"], order);
    }

    private static void Leave(CallerChannel.Waiter waiter, bool says)
    {
        if (says)
            waiter.GivesUp();
        else
            waiter.IsCutOff();
        waiter.Dispose();
    }
}
