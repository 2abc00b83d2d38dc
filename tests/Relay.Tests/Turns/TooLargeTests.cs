using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>What does not fit the model's context is held, at once where no summary can help, and stops nobody else.</summary>
public sealed class TooLargeTests : HeldMessageTests
{
    private const string TooLong = "HTTP 400 invalid_request_error: prompt is too long: 1034561 tokens > 1000000 maximum";

    [Fact]
    public async Task A_message_too_large_for_the_model_is_held_at_once_nothing_is_summed_up_and_the_others_go_on()
    {
        for (var turn = 0; turn < 12; turn++)
            await AnsweredAsync($"question {turn}");
        var calls = _relay.Advisor.Calls.Count;
        _relay.Advisor.Enqueue(new AdvisorOutcome.ContextExceeded(TooLong));
        var large = await _relay.AcceptAsync("session-1", new string('x', 100_000));
        await _relay.TakeTurnsAsync();
        var next = await _relay.AcceptAsync("session-2", "And mine?");
        await _relay.TakeTurnsAsync();

        Assert.Equal((MessageState.Held, HoldCause.Context), await StateOfAsync(large));
        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(next)).State);
        Assert.Equal(calls + 2, _relay.Advisor.Calls.Count);
        Assert.DoesNotContain("xxx", LastCall(), StringComparison.Ordinal);
        Assert.Contains("no summary of the rest makes room", (await _relay.MessageAsync(large)).Reason!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retried_with_a_model_that_has_room_it_is_asked_whole_and_answered()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.ContextExceeded(TooLong));
        var large = await _relay.AcceptAsync("session-1", "all of it");
        await _relay.TakeTurnsAsync();
        await AnsweredAsync("in between");

        Assert.True(await _relay.Get<Holds>().RetryAsync(await _relay.MessageAsync(large), CancellationToken));
        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(large)).State);
        Assert.Contains("[session-1] all of it", LastCall(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20, 0)] // Half of the million is not reached.
    [InlineData(600_000, 0)]
    [InlineData(850_000, 1)]
    public async Task What_every_call_carries_is_warned_of_before_it_fills_the_context(long inputTokens, int pages)
    {
        _relay.Advisor.Enqueue(ScriptedAdvisor.Replied("Yes.", "end_turn") with { Usage = new TokenUsage(inputTokens, 5, 0, 0, 0) });
        await _relay.AcceptAsync("session-1", "?"); // Nearly all of the call is the system prompt.
        await _relay.TakeTurnsAsync();

        Assert.Equal(pages, (await _relay.PagesAsync()).Count(page => page.Title.Contains("context fills", StringComparison.Ordinal)));
        Assert.Equal(
            inputTokens > 500_000,
            _relay.Logs.GetSnapshot().Any(line => line.Message.Contains("rulings take about", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_system_prompt_that_likely_fills_half_of_the_context_is_warned_of_before_any_call()
    {
        await _relay.ConfigureAsync($"model: claude-haiku-4-5\nsystem_prompt: {new string('x', 400_000)}");

        var warning = Assert.Single((await _relay.StatusAsync()).Warnings!);
        Assert.Contains("system_prompt takes about 120,000 of the model's 200,000 tokens", warning, StringComparison.Ordinal);
        Assert.Empty(_relay.Advisor.Calls);

        await _relay.ConfigureAsync("model: claude-haiku-4-5\nsystem_prompt: short");
        Assert.Empty((await _relay.StatusAsync()).Warnings!);
    }

    [Fact]
    public async Task What_the_system_prompt_alone_holds_is_one_page_and_goes_on_once_there_is_room()
    {
        await _relay.ConfigureAsync($"system_prompt: {new string('x', 250_000)}");
        var ids = new List<MessageId>();
        for (var message = 0; message < 3; message++)
        {
            _relay.Advisor.Enqueue(new AdvisorOutcome.ContextExceeded("prompt is too long: 234561 tokens > 200000 maximum"));
            ids.Add(await _relay.AcceptAsync("session-1", $"question {message}"));
            await _relay.TakeTurnsAsync();
            Assert.Equal((MessageState.Held, HoldCause.Context), await StateOfAsync(ids[message]));
        }

        var page = Assert.Single(await _relay.PagesAsync());
        Assert.Equal("hold:context", page.Cause);
        Assert.DoesNotContain("Other messages go on", page.Body, StringComparison.Ordinal);
        Assert.Empty(await _relay.ReadAsync(reading => StateCheck.ReadAsync(reading, CancellationToken)));

        await _relay.ConfigureAsync("system_prompt: short");
        await _relay.RunAsync<HoldRelease>();
        await _relay.TakeTurnsAsync();
        Assert.All(ids, id => Assert.Equal(MessageState.Answered, _relay.MessageAsync(id).GetAwaiter().GetResult().State));
        Assert.Equal(0, await _relay.CountAsync("SELECT COUNT(*) FROM pages WHERE cleared_at IS NULL"));
    }
}
