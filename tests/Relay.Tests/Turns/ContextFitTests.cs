using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>Whether a window that was too long is summed up, or its newest message held at once.</summary>
public sealed class ContextFitTests
{
    private const string Bare = "HTTP 400 invalid_request_error: prompt is too long";
    private const string TooLarge = "HTTP 413 request_too_large: Request exceeds the maximum size";

    /// <summary>The prompt of most calls below is about 130 KB, which is 30,000 tokens.</summary>
    private const string Numbers = "HTTP 400 invalid_request_error: prompt is too long: 33000 tokens > 30000 maximum";

    public static TheoryData<long> Untold => [0, 10, 300];

    [Theory]
    [MemberData(nameof(Untold))]
    public async Task Usage_that_was_not_told_does_not_make_an_ordinary_message_too_large(long inputTokens)
    {
        await using var relay = await TempRelay.CreateAsync("history_char_cap: 1000000");
        for (var turn = 0; turn < 12; turn++)
            await AnsweredAsync(relay, new string('q', 10_000), new TokenUsage(inputTokens, 0, 0, 0, 0));

        var id = await RefusedAsync(relay, "And now?", Numbers);

        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(id)).State);
        Assert.Equal(1, await SummariesAsync(relay));
    }

    [Fact]
    public async Task A_message_is_never_taken_for_more_tokens_than_it_has_bytes()
    {
        await using var relay = await TempRelay.CreateAsync("history_char_cap: 1000000");
        for (var turn = 0; turn < 12; turn++)
            await AnsweredAsync(relay, new string('q', 10_000), new TokenUsage(2_500 * (turn + 1), 5, 0, 0, 0));

        var id = await RefusedAsync(relay, "And now?", "prompt is too long: 99000 tokens > 33000 maximum");

        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(id)).State);
        Assert.Equal(1, await SummariesAsync(relay));
    }

    [Theory]
    [InlineData(Bare)]
    [InlineData(TooLarge)]
    [InlineData(Numbers)]
    public async Task A_message_that_is_most_of_what_failed_is_held_and_nothing_is_bought(string refusal)
    {
        await using var relay = await TempRelay.CreateAsync("history_char_cap: 1000000");
        for (var turn = 0; turn < 12; turn++)
            await AnsweredAsync(relay, new string('q', 500), new TokenUsage(0, 0, 0, 0, 0));

        var id = await RefusedAsync(relay, new string('x', 120_000), refusal);

        var message = await relay.MessageAsync(id);
        Assert.Equal((MessageState.Held, HoldCause.Context), (message.State, message.Cause));
        Assert.Contains("no summary of the rest makes room", message.Reason, StringComparison.Ordinal);
        Assert.Equal(0, await SummariesAsync(relay));
    }

    [Theory]
    [InlineData(Bare)]
    [InlineData(TooLarge)]
    [InlineData("HTTP 400 invalid_request_error: input length and `max_tokens` exceed context limit: 32000 + 16000 > 46000")]
    [InlineData("HTTP 400 invalid_request_error: Input is too long for requested model.")]
    public async Task A_long_history_is_summed_up_whatever_the_refusals_words(string refusal)
    {
        await using var relay = await TempRelay.CreateAsync("history_char_cap: 1000000");
        for (var turn = 0; turn < 12; turn++)
            await AnsweredAsync(relay, new string('q', 10_000), new TokenUsage(2_500 * (turn + 1), 5, 0, 0, 0));

        var id = await RefusedAsync(relay, "And now?", refusal);

        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(id)).State);
        Assert.Equal(1, await SummariesAsync(relay));
    }

    [Theory]
    [InlineData("prompt is too long: 1,034,561 tokens > 1,000,000 maximum", 1_034_561, 1_000_000)]
    [InlineData("input length and `max_tokens` exceed context limit: 225711 + 16000 > 200000, decrease it", 225_711, 184_000)]
    public void The_numbers_of_a_refusal_are_read(string refusal, long tokens, long limit) =>
        Assert.Equal((tokens, limit), ContextFit.SizeIn(refusal));

    [Theory]
    [InlineData(Bare)]
    [InlineData("exceed context limit: 2000 + 200000 > 200000")] // No prompt at all has room there.
    public void A_refusal_without_numbers_has_none(string refusal) => Assert.Null(ContextFit.SizeIn(refusal));

    private static async Task AnsweredAsync(TempRelay relay, string content, TokenUsage usage)
    {
        relay.Advisor.Enqueue(ScriptedAdvisor.Replied("Yes.") with { Usage = usage });
        await relay.AcceptAsync("session-1", content);
        await relay.TakeTurnsAsync();
    }

    /// <summary>The first call for the message is refused, and what comes after it is answered.</summary>
    private static async Task<MessageId> RefusedAsync(TempRelay relay, string content, string refusal)
    {
        relay.Advisor.Enqueue(new AdvisorOutcome.ContextExceeded(refusal));
        var id = await relay.AcceptAsync("session-1", content);
        await relay.TakeTurnsAsync();
        return id;
    }

    private static Task<long> SummariesAsync(TempRelay relay) =>
        relay.CountAsync("SELECT COUNT(*) FROM calls WHERE purpose = 'summary'");
}
