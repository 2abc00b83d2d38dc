using Microsoft.AspNetCore.Http;
using Relay.Advisor;
using Relay.Costs;
using Xunit;

namespace Relay.Tests.Advisor.Anthropic;

/// <summary>What gateways leave out of a stream, or put in its place.
/// A reply that is there is taken: asking again would be paid again.</summary>
public sealed class LiberalStreamTests
{
    private static readonly Rates Rates = new(Input: 1, Output: 5, CacheWrite5m: 1.25m, CacheWrite1h: 2, CacheRead: 0.1m);

    [Fact]
    public async Task A_stop_reason_ends_a_reply_though_the_last_event_is_missing()
    {
        await using var api = await RawMessagesApi.StreamAsync(
            Sse.Start, Sse.BlockStart(0), Sse.Text(0, "All of it."), Sse.BlockStop(0), Sse.End("end_turn"));
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Replied>(await rig.AskAsync());

        Assert.Equal("All of it.", outcome.Text);
        Assert.Equal(new TokenUsage(25, 15, 0, 300, 7000), outcome.Usage);
        Assert.NotNull(outcome.ToFinishedCall().CostNano(Rates));
    }

    [Fact]
    public async Task The_last_event_ends_a_reply_though_no_reason_was_told()
    {
        await using var api = await RawMessagesApi.StreamAsync(
            Sse.Start, Sse.BlockStart(0), Sse.Text(0, "All of it."), Sse.BlockStop(0), Sse.Stop);
        using var rig = new AdvisorRig(api.Address);

        Assert.Equal("All of it.", Assert.IsType<AdvisorOutcome.Replied>(await rig.AskAsync()).Text);
    }

    [Theory]
    [InlineData("""{"type":"message_delta","delta":{"stop_reason":"end_turn"}}""")]
    [InlineData("""{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":null}""")]
    [InlineData("""{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{}}""")]
    [InlineData("""{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":"many"}}""")]
    public async Task Usage_that_is_not_told_to_the_end_leaves_a_reply_of_unknown_cost(string end)
    {
        await using var api = await RawMessagesApi.StreamAsync(
            Sse.Start, Sse.BlockStart(0), Sse.Text(0, "All of it."), Sse.BlockStop(0), end, Sse.Stop);
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Replied>(await rig.AskAsync());

        Assert.Equal(("All of it.", "end_turn"), (outcome.Text, outcome.StopReason));
        Assert.Equal(7325, outcome.Usage?.TotalInput);
        Assert.Null(outcome.ToFinishedCall().CostNano(Rates));
    }

    [Theory]
    [InlineData("text/event-stream", "")]
    [InlineData("text/event-stream; charset=utf-8", "data: [DONE]\n\n")]
    [InlineData("text/plain", "")]
    [InlineData(null, "")]
    public async Task Events_may_be_without_event_lines_and_a_stream_without_its_name(string? contentType, string after)
    {
        string[] events =
            [Sse.Start, Sse.Ping, Sse.BlockStart(0), Sse.Text(0, "All of it."), Sse.BlockStop(0), Sse.End("end_turn"), Sse.Stop];
        await using var api = await RawMessagesApi.StartAsync(context =>
        {
            context.Response.ContentType = contentType;
            return context.Response.WriteAsync(string.Concat(events.Select(data => $"data: {data}\n\n")) + after);
        });
        using var rig = new AdvisorRig(api.Address);

        Assert.Equal("All of it.", Assert.IsType<AdvisorOutcome.Replied>(await rig.AskAsync()).Text);
    }

    [Fact]
    public async Task A_message_in_one_piece_is_a_reply_too()
    {
        await using var api = await RawMessagesApi.StartAsync(context =>
        {
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(
                """
                {
                  "type": "message", "content": [{"type": "text", "text": "All of it."}], "stop_reason": "end_turn",
                  "usage": {"input_tokens": 7, "output_tokens": 3}
                }
                """);
        });
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Replied>(await rig.AskAsync());

        Assert.Equal(("All of it.", new TokenUsage(7, 3, 0, 0, 0)), (outcome.Text, outcome.Usage));
    }

    [Theory]
    [InlineData(200, "text/html", "<html><body>Sign in, please.</body></html>")]
    [InlineData(200, "application/json", "{\"login\":\"required\"}")]
    [InlineData(200, "text/plain", "")]
    [InlineData(204, null, "")]
    [InlineData(302, "text/html", "<html>Moved</html>")]
    [InlineData(307, null, "")]
    [InlineData(404, "text/html", "<html>Not here</html>")]
    [InlineData(500, "text/html", "<html>Oh no</html>")]
    [InlineData(503, null, "")]
    public async Task An_answer_that_is_no_models_was_not_paid(int status, string? contentType, string body)
    {
        await using var api = await RawMessagesApi.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = contentType;
            if (status is 302 or 307)
                context.Response.Headers.Location = "/elsewhere";
            return body.Length == 0 ? Task.CompletedTask : context.Response.WriteAsync(body);
        });
        using var rig = new AdvisorRig(api.Address);

        var outcome = await rig.AskAsync();

        Assert.True(outcome is AdvisorOutcome.Deferred or AdvisorOutcome.Held, $"{outcome}");
        Assert.Equal(0, outcome.ToFinishedCall().CostNano(Rates));
        Assert.Equal(1, api.Requests);
    }
}
