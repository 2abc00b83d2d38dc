using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Relay.Loopback;
using Xunit;
using static Relay.Tests.Loopback.PromptBody;

namespace Relay.Tests.Loopback;

public sealed class CacheLedgerTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly CacheLedger _ledger = new();

    [Fact]
    public void A_first_request_is_written_up_to_its_marker_and_a_second_reads_what_was_written()
    {
        var first = Bill(Of(null, Message("user", Block(Tokens(1_000, 'a'), "5m"), Block(Tokens(10, 'q')))));
        var second = Bill(Of(null, Message("user", Block(Tokens(1_000, 'a')), Block(Tokens(10, 'q')), Block(Tokens(5, 'r'), "5m"))));

        Assert.Equal(new TokenUsage(10, 1_000, 0, 0, 0), first);
        Assert.Equal(new TokenUsage(0, 15, 0, 1_000, 0), second);
    }

    [Fact]
    public void A_string_and_a_single_text_block_are_the_same_content()
    {
        Bill(Of(null, Message("user", Block(Tokens(600, 'a'), "1h"))));

        var usage = Bill(Of(null, User(Tokens(600, 'a')), Message("user", Block("next", "1h"))));

        Assert.Equal(600, usage.CacheReadTokens);
    }

    [Theory]
    [InlineData(18, 600)]
    [InlineData(19, 0)]
    public void A_marker_looks_back_over_twenty_positions_itself_included(int blocksBetween, int read)
    {
        Bill(Of(null, Message("user", Block(Tokens(600, 'a'), "5m"))));
        var between = Enumerable.Range(0, blocksBetween).Select(number => Block($"block {number}"));

        var usage = Bill(Of(null, Message("user", [Block(Tokens(600, 'a')), .. between, Block("last", "5m")])));

        Assert.Equal(read, usage.CacheReadTokens);
    }

    [Fact]
    public void A_second_marker_where_the_turn_before_ended_bridges_a_long_turn()
    {
        Bill(Of(null, Message("user", Block(Tokens(600, 'a'), "5m"))));
        var between = Enumerable.Range(0, 40).Select(number => Block($"block {number}"));

        var usage = Bill(Of(null, Message("user", [Block(Tokens(600, 'a'), "5m"), .. between, Block("last", "5m")])));

        Assert.Equal(600, usage.CacheReadTokens);
    }

    [Theory]
    [InlineData("5m", 5)]
    [InlineData("1h", 60)]
    public void An_entry_lives_until_its_time_is_up_and_no_longer(string ttl, int minutes)
    {
        var body = Of(null, Message("user", Block(Tokens(600, 'a'), ttl)));
        Bill(body);

        _clock.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(1));
        var justInTime = Bill(body);
        _clock.Advance(TimeSpan.FromMinutes(minutes));
        var tooLate = Bill(body);

        Assert.Equal(600, justInTime.CacheReadTokens);
        Assert.Equal((0, 600), (tooLate.CacheReadTokens, tooLate.CacheCreationInputTokens));
    }

    [Fact]
    public void Each_hit_starts_the_lifetime_again()
    {
        var body = Of(null, Message("user", Block(Tokens(600, 'a'), "5m")));
        Bill(body);

        for (var hit = 0; hit < 4; hit++)
        {
            _clock.Advance(TimeSpan.FromMinutes(4));

            Assert.Equal(600, Bill(body).CacheReadTokens);
        }
    }

    [Theory]
    [InlineData(PromptBody.Model, 511, 0)]
    [InlineData(PromptBody.Model, 512, 512)]
    [InlineData("claude-opus-4-6", 4_095, 0)]
    [InlineData("claude-opus-4-6", 4_096, 4_096)]
    public void A_prefix_below_the_minimum_of_the_model_is_silently_not_cached(string model, int tokens, int written)
    {
        var body = Of(null, Message("user", Block(Tokens(tokens, 'a'), "5m")));
        body["model"] = model;

        var usage = Bill(body);

        Assert.Equal(new TokenUsage(tokens - written, written, 0, 0, 0), usage);
    }

    [Fact]
    public void With_both_lifetimes_the_prompt_is_split_into_read_one_hour_write_and_five_minute_write()
    {
        var system = Block(Tokens(600, 's'), "1h");
        Bill(Of([system.DeepClone()], User("hello")));

        var usage = Bill(Of(
            [system],
            Message("user", Block(Tokens(100, 'a'), "1h"), Block(Tokens(50, 'b'), "5m"), Block(Tokens(7, 'c')))));

        Assert.Equal(new TokenUsage(7, CacheWrite5mTokens: 50, CacheWrite1hTokens: 100, CacheReadTokens: 600, 0), usage);
    }

    [Fact]
    public void Another_model_or_another_effort_or_an_edited_turn_reads_nothing()
    {
        JsonObject Body() => Of(null, Message("user", Block(Tokens(600, 'a'), "5m")));
        Bill(Body());
        var otherModel = Body();
        otherModel["model"] = "claude-sonnet-5-5";
        var otherEffort = Body();
        otherEffort["output_config"] = new JsonObject { ["effort"] = "high" };

        Assert.Equal(0, Bill(otherModel).CacheReadTokens);
        Assert.Equal(0, Bill(otherEffort).CacheReadTokens);
        Assert.Equal(0, Bill(Of(null, Message("user", Block(Tokens(600, 'b'), "5m")))).CacheReadTokens);
    }

    [Fact]
    public void The_automatic_marker_of_the_top_level_moves_with_the_last_block()
    {
        var first = Of(null, User(Tokens(600, 'a')));
        first["cache_control"] = new JsonObject { ["type"] = "ephemeral", ["ttl"] = "1h" };
        var second = Of(null, User(Tokens(600, 'a')), Assistant(Tokens(20, 'r')), User(Tokens(30, 'b')));
        second["cache_control"] = new JsonObject { ["type"] = "ephemeral", ["ttl"] = "1h" };

        Assert.Equal(new TokenUsage(0, 0, 600, 0, 0), Bill(first));
        Assert.Equal(new TokenUsage(0, 0, 50, 600, 0), Bill(second));
    }

    [Fact]
    public void The_same_requests_cost_more_with_only_the_system_cached()
    {
        var systemOnly = new CacheLedger();
        var (asSent, alternative) = (0m, 0m);
        var turns = new List<JsonObject>();
        for (var turn = 0; turn < 10; turn++)
        {
            turns.Add(Message("user", Block(Tokens(2_000, (char)('a' + turn)))));
            var body = Of([Block(Tokens(1_000, 's'))], [.. turns.Select(each => each.DeepClone().AsObject())]);
            body["cache_control"] = new JsonObject { ["type"] = "ephemeral" };
            var request = AdvisorRequest.FromBody(body.ToJsonString(), _clock.GetUtcNow());

            asSent += _ledger.Bill(request).CostUsd(TokenRates.Opus55);
            alternative += systemOnly.Bill(request, MarkerPolicy.SystemOnly).CostUsd(TokenRates.Opus55);

            turns.Add(Assistant("noted"));
            _clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.True(asSent < 0.4m * alternative, $"{asSent} as sent, {alternative} with the system only");
    }

    private TokenUsage Bill(JsonObject body) =>
        _ledger.Bill(AdvisorRequest.FromBody(body.ToJsonString(), _clock.GetUtcNow()));
}
