using Microsoft.AspNetCore.Http;
using Relay.Advisor;
using Relay.Advisor.Anthropic;
using Relay.Conversations;
using Relay.Loopback;
using Xunit;
using TokenUsage = Relay.Costs.TokenUsage;

namespace Relay.Tests.Advisor.Anthropic;

/// <summary>What the advisor makes of a complete or broken stream.</summary>
public sealed class AnthropicStreamTests : IAsyncLifetime
{
    private static readonly AdvisorTimeouts ShortSilence = AdvisorRig.Patient with { Idle = TimeSpan.FromSeconds(2) };

    private LoopbackMessagesApi _api = null!;
    private AdvisorRig _rig = null!;

    public async ValueTask InitializeAsync()
    {
        _api = await LoopbackMessagesApi.StartAsync();
        _rig = new AdvisorRig(_api.Address);
    }

    public async ValueTask DisposeAsync()
    {
        _rig.Dispose();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task A_reply_carries_its_usage_and_request_id()
    {
        _api.Enqueue(ScriptedReply.Text("Go on. 😀", usage: new Relay.Loopback.TokenUsage(10, 20, 30, 40, 50)));

        var outcome = Assert.IsType<AdvisorOutcome.Replied>(await _rig.AskAsync());

        Assert.Equal(("Go on. 😀", "end_turn"), (outcome.Text, outcome.StopReason));
        Assert.Equal(new TokenUsage(10, 50, 20, 30, 40), outcome.Usage);
        Assert.Equal("req_011C00000000000000000001", outcome.RequestId);
        Assert.False(outcome.PerhapsPaid);
    }

    [Fact]
    public async Task Thinking_is_left_out_of_the_reply()
    {
        _api.Enqueue(ScriptedReply.ThinkingThen("The answer."));

        Assert.Equal("The answer.", Assert.IsType<AdvisorOutcome.Replied>(await _rig.AskAsync()).Text);
    }

    [Fact]
    public async Task Several_text_blocks_are_one_reply()
    {
        await using var api = await RawMessagesApi.StreamAsync(
            Sse.Start, Sse.BlockStart(0), Sse.Text(0, "First "), Sse.Text(0, "half, "), Sse.BlockStop(0),
            Sse.BlockStart(1), Sse.Text(1, "second half."), Sse.BlockStop(1), Sse.End("end_turn"), Sse.Stop);
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Replied>(await rig.AskAsync());

        Assert.Equal("First half, second half.", outcome.Text);
        Assert.Equal(new TokenUsage(25, 15, 0, 300, 7000), outcome.Usage);
    }

    [Fact]
    public async Task Events_and_blocks_nobody_knows_are_passed_over()
    {
        await using var api = await RawMessagesApi.StreamAsync(
            Sse.Start, """{"type":"a_new_event","value":1}""",
            """{"type":"content_block_start","index":0,"content_block":{"type":"a_new_block","x":1}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"a_new_delta","x":1}}""", Sse.BlockStop(0),
            Sse.BlockStart(1), Sse.Text(1, "Fine."), Sse.BlockStop(1), Sse.End("a_new_reason"), Sse.Stop);
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Replied>(await rig.AskAsync());

        Assert.Equal(("Fine.", "a_new_reason"), (outcome.Text, outcome.StopReason));
    }

    [Fact]
    public async Task A_reply_cut_by_max_tokens_says_so()
    {
        _api.Enqueue(ScriptedReply.MaxTokens("As far as it"));

        Assert.Equal("max_tokens", Assert.IsType<AdvisorOutcome.Replied>(await _rig.AskAsync()).StopReason);
    }

    [Fact]
    public async Task A_refusal_gives_its_reason_and_is_paid()
    {
        _api.Enqueue(ScriptedReply.Refusal("This asks for harm."));

        var outcome = Assert.IsType<AdvisorOutcome.Refused>(await _rig.AskAsync());

        Assert.Equal("This asks for harm.", outcome.Explanation);
        Assert.NotNull(outcome.Usage);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t")]
    public async Task A_reply_without_words_is_empty(string text)
    {
        _api.Enqueue(ScriptedReply.Text(text));

        var outcome = Assert.IsType<AdvisorOutcome.Empty>(await _rig.AskAsync());

        Assert.Equal("end_turn", outcome.StopReason);
        Assert.NotNull(outcome.Usage);
    }

    [Fact]
    public async Task All_tokens_spent_on_thinking_is_an_empty_reply()
    {
        _api.Enqueue(ScriptedReply.MaxTokens(""));

        Assert.Equal("max_tokens", Assert.IsType<AdvisorOutcome.Empty>(await _rig.AskAsync()).StopReason);
    }

    [Fact]
    public async Task A_window_that_fills_up_while_it_answers_asks_for_a_shorter_prompt()
    {
        _api.Enqueue(ScriptedReply.ContextExceeded());

        var outcome = Assert.IsType<AdvisorOutcome.ContextExceeded>(await _rig.AskAsync());

        Assert.NotNull(outcome.Usage);
    }

    [Fact]
    public async Task A_cut_stream_is_perhaps_paid_and_keeps_the_usage_it_told()
    {
        _api.Enqueue(ScriptedReply.CutAfter(1));

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await _rig.AskAsync());

        Assert.True(outcome.PerhapsPaid);
        Assert.True(outcome.Usage?.TotalInput > 0);
        Assert.Single(_api.Requests);
    }

    [Fact]
    public async Task A_stream_that_ends_without_its_last_event_is_no_reply()
    {
        await using var api = await RawMessagesApi.StreamAsync(Sse.Start, Sse.BlockStart(0), Sse.Text(0, "Half"));
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await rig.AskAsync());

        Assert.True(outcome.PerhapsPaid);
        Assert.Equal(7325, outcome.Usage?.TotalInput);
    }

    [Fact]
    public async Task A_silence_in_mid_stream_is_cut()
    {
        using var rig = new AdvisorRig(_api.Address, ShortSilence);
        _api.Enqueue(ScriptedReply.StallAfter(1));

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await rig.AskAsync());

        Assert.True(outcome.PerhapsPaid);
        Assert.True(outcome.Usage?.TotalInput > 0);
        Assert.Contains("silent", outcome.Reason, StringComparison.Ordinal);
        var end = await _api.Requests[0].Ended.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(RequestEnd.ClientLeft, end);
    }

    [Fact]
    public async Task Pings_count_as_life()
    {
        await using var api = await RawMessagesApi.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await RawMessagesApi.SendEventAsync(context, Sse.Start);
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
            for (var ping = 0; ping < 15; ping++) // Longer than the silence that ends a call.
            {
                await timer.WaitForNextTickAsync(context.RequestAborted);
                await RawMessagesApi.SendEventAsync(context, Sse.Ping);
            }
            foreach (var data in (string[])[Sse.BlockStart(0), Sse.Text(0, "At last."), Sse.BlockStop(0), Sse.End("end_turn"), Sse.Stop])
                await RawMessagesApi.SendEventAsync(context, data);
        });
        using var rig = new AdvisorRig(api.Address, ShortSilence);

        Assert.Equal("At last.", Assert.IsType<AdvisorOutcome.Replied>(await rig.AskAsync()).Text);
    }

    [Fact]
    public async Task A_call_ends_at_its_total_limit_though_pings_go_on()
    {
        await using var api = await RawMessagesApi.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await RawMessagesApi.SendEventAsync(context, Sse.Start);
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            while (await timer.WaitForNextTickAsync(context.RequestAborted))
                await RawMessagesApi.SendEventAsync(context, Sse.Ping);
        });
        using var rig = new AdvisorRig(api.Address, AdvisorRig.Patient with { Total = TimeSpan.FromSeconds(2) });

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await rig.AskAsync());

        Assert.True(outcome.PerhapsPaid);
        Assert.Equal(7325, outcome.Usage?.TotalInput);
    }

    [Theory]
    [InlineData("overloaded_error")]
    [InlineData("api_error")]
    [InlineData("rate_limit_error")]
    [InlineData("timeout_error")]
    [InlineData("an_error_nobody_knows")]
    public async Task An_error_in_the_stream_that_passes_defers(string type)
    {
        _api.Enqueue(ScriptedReply.ErrorEvent(type));

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await _rig.AskAsync());

        Assert.Contains(type, outcome.Reason, StringComparison.Ordinal);
        Assert.True(outcome.PerhapsPaid);
        Assert.True(outcome.Usage?.TotalInput > 0);
        Assert.Single(_api.Requests);
    }

    [Theory]
    [InlineData("authentication_error", "Credentials")]
    [InlineData("permission_error", "Credentials")]
    [InlineData("billing_error", "Credit")]
    [InlineData("not_found_error", "Model")]
    [InlineData("invalid_request_error", "Request")]
    public async Task An_error_in_the_stream_that_somebody_must_mend_holds(string type, string cause)
    {
        _api.Enqueue(ScriptedReply.ErrorEvent(type, "No."));

        Assert.Equal(cause, Assert.IsType<AdvisorOutcome.Held>(await _rig.AskAsync()).Cause.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("<html><head><title>It works!</title></head></html>")]
    [InlineData("\r\n<!DOCTYPE html><html></html>")]
    [InlineData("upstream connect error or disconnect/reset before headers")]
    [InlineData("{\"login\":\"required\"}")]
    public async Task A_stream_in_name_alone_is_the_gateways_and_was_not_paid(string body)
    {
        await using var api = await RawMessagesApi.StartAsync(context =>
        {
            context.Response.ContentType = "text/event-stream";
            return context.Response.WriteAsync(body);
        });
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Held>(await rig.AskAsync());

        Assert.Equal(HoldCause.Gateway, outcome.Cause);
        Assert.StartsWith("HTTP 200 from ", outcome.Reason, StringComparison.Ordinal);
        Assert.False(outcome.ToFinishedCall().IsBought);
    }

    [Theory]
    [InlineData("event: message_start\ndata: {\"type\":\"message_start\",\"mess\n\n")]
    [InlineData("event: message_start\ndata: {\"type\":\"message_start\",\"message\":null}\n\n")]
    [InlineData("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":\"none\"}}\n\n")]
    [InlineData("event: message_delta\ndata: {\"type\":\"message_delta\"}\n\n")]
    [InlineData("event: message_delta\ndata: 7\n\n")]
    [InlineData("event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":\"x\",\"content_block\":[]}\n\n")]
    public async Task A_good_status_over_garbage_defers(string body)
    {
        await using var api = await RawMessagesApi.StartAsync(context =>
        {
            context.Response.ContentType = "text/event-stream";
            return context.Response.WriteAsync(body);
        });
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await rig.AskAsync());

        Assert.True(outcome.PerhapsPaid);
    }
}
