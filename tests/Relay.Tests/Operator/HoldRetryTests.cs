using Relay.Advisor;
using Relay.Conversations;
using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Operator;

/// <summary>The end of a cause releases everything that it held, and is found without anybody's help.</summary>
public sealed class HoldRetryTests : IAsyncLifetime
{
    private const string TwoConversations = "sessions: [{session_id: one}, {session_id: other, conversation: aside}]";
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync(TwoConversations);

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [InlineData(nameof(HoldCause.Credentials))]
    [InlineData(nameof(HoldCause.Credit))]
    [InlineData(nameof(HoldCause.SpendLimit))]
    [InlineData(nameof(HoldCause.Model))]
    public async Task A_good_call_in_another_conversation_releases_what_is_held(string cause)
    {
        var held = await HeldAsync("one", Enum.Parse<HoldCause>(cause));
        await _relay.AcceptAsync("other", "Does it work again?");

        await _relay.TakeTurnsAsync();
        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(held)).State);
        Assert.Equal("running", (await _relay.StatusAsync()).State);
    }

    [Theory]
    [InlineData(nameof(HoldCause.Request))]
    [InlineData(nameof(HoldCause.Empty))]
    public async Task What_concerns_one_message_stays_held_whatever_others_do(string cause)
    {
        var held = await HeldAsync("one", Enum.Parse<HoldCause>(cause));
        await _relay.AcceptAsync("other", "And mine?");

        await _relay.TakeTurnsAsync();
        await RetryAfterAsync(TimeSpan.FromHours(2));

        Assert.Equal(MessageState.Held, (await _relay.MessageAsync(held)).State);
        Assert.Equal(2, _relay.Advisor.Calls.Count);
    }

    [Fact]
    public async Task A_cause_that_ended_is_found_by_itself_and_all_it_held_go_on()
    {
        var first = await HeldAsync("one", HoldCause.Credit);
        var second = await HeldAsync("other", HoldCause.Credit);

        await RetryAfterAsync(TimeSpan.FromMinutes(3));
        Assert.Equal(2, _relay.Advisor.Calls.Count);
        await RetryAfterAsync(TimeSpan.FromMinutes(4));
        await _relay.TakeTurnsAsync();

        Assert.All([first, second], id => Assert.Equal(MessageState.Answered, _relay.MessageAsync(id).Result.State));
    }

    [Fact]
    public async Task While_it_lasts_one_message_is_tried_at_a_time_and_more_and_more_rarely_and_nobody_is_paged_again()
    {
        await HeldAsync("one", HoldCause.Credit);
        await HeldAsync("other", HoldCause.Credit);
        for (var attempt = 0; attempt < 100; attempt++)
            _relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Credit, "HTTP 400"));

        for (var minute = 0; minute < 180; minute++)
            await RetryAfterAsync(TimeSpan.FromMinutes(1));

        Assert.InRange(_relay.Advisor.Calls.Count, 2 + 4, 2 + 8);
        Assert.Single(await _relay.PagesAsync());
    }

    private async Task<MessageId> HeldAsync(string session, HoldCause cause)
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Held(cause, "HTTP 4xx"));
        var id = await _relay.AcceptAsync(session, "Shall I?");
        await _relay.TakeTurnsAsync();
        await _relay.RunAsync<HoldRetry>();
        Assert.Equal(MessageState.Held, (await _relay.MessageAsync(id)).State);
        return id;
    }

    private async Task RetryAfterAsync(TimeSpan time)
    {
        _relay.Clock.Advance(time);
        await _relay.RunAsync<HoldRetry>();
        await _relay.TakeTurnsAsync();
    }
}
