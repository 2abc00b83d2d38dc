using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Relay.Advisor;
using Relay.Advisor.Anthropic;
using Relay.Configuration;
using Relay.Costs;
using Xunit;

namespace Relay.Tests.Advisor.Anthropic;

/// <summary>What gateways leave out of a stream, or put in its place.
/// A reply that is there is taken: asking again would be paid again.</summary>
public sealed class LiberalStreamTests
{
    private static readonly Rates Rates = new(Input: 1, Output: 5, CacheWrite5m: 1.25m, CacheWrite1h: 2, CacheRead: 0.1m);

    private const string Whole =
        """
        {
          "type": "message", "content": [{"type": "text", "text": "All of it."}], "stop_reason": "end_turn",
          "usage": {"input_tokens": 7, "output_tokens": 3}
        }
        """;

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

    [Theory]
    [InlineData("error")]
    [InlineData("broken")]
    [InlineData("number")]
    [InlineData("open")]
    [InlineData("pings")]
    [InlineData("open after the last event")]
    public async Task A_complete_reply_is_taken_however_its_stream_ends(string end)
    {
        await using var api = await RawMessagesApi.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            string[] events = [Sse.Start, Sse.BlockStart(0), Sse.Text(0, "All of it."), Sse.BlockStop(0), Sse.End("end_turn")];
            foreach (var data in events)
                await RawMessagesApi.SendEventAsync(context, data);
            await EndAsync(context, end);
        });
        using var rig = new AdvisorRig(api.Address);
        var watch = Stopwatch.StartNew();

        var outcome = Assert.IsType<AdvisorOutcome.Replied>(await rig.AskAsync());

        Assert.True(watch.Elapsed < AdvisorRig.Patient.Idle / 2, $"{watch.Elapsed}");
        Assert.Equal(("All of it.", "end_turn"), (outcome.Text, outcome.StopReason));
        Assert.Equal(new TokenUsage(25, 15, 0, 300, 7000), outcome.Usage);
        Assert.NotNull(outcome.ToFinishedCall().CostNano(Rates));
        Assert.Equal(1, api.Requests);
    }

    private static async Task EndAsync(HttpContext context, string end)
    {
        switch (end)
        {
            case "error":
                await RawMessagesApi.SendEventAsync(context, """{"type":"error","error":{"type":"api_error","message":"Oh no."}}""");
                break;
            case "broken":
                await context.Response.WriteAsync("event: message_stop\ndata: {\n\n");
                break;
            case "number":
                await context.Response.WriteAsync("data: 7\n\n");
                break;
            case "pings":
                while (!context.RequestAborted.IsCancellationRequested)
                    await RawMessagesApi.SendEventAsync(context, Sse.Ping);
                break;
            default:
                if (end != "open")
                    await RawMessagesApi.SendEventAsync(context, Sse.Stop);
                await new TaskCompletionSource().Task.WaitAsync(context.RequestAborted);
                break;
        }
    }

    /// <summary>A server cannot tell when a reset would overtake what it wrote, so the stream itself breaks here.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cut_or_a_reset_after_the_stop_reason_takes_nothing_away_and_one_before_it_does(bool isReset)
    {
        var fault = isReset
            ? new IOException("The connection was reset.", new SocketException((int)SocketError.ConnectionReset))
            : new HttpIOException(HttpRequestError.ResponseEnded, "The response ended prematurely.");
        var reader = new AnswerReader(TimeSpan.FromSeconds(1), TimeProvider.System);
        var reply = new StreamedReply(CacheTtl.Off);
        var half = new StreamedReply(CacheTtl.Off);
        string[] events = [Sse.Start, Sse.Text(0, "All of it."), Sse.End("end_turn")];

        await reader.ReadAsync(Broken(events), isWhole: false, reply, TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<IOException>(
            () => reader.ReadAsync(Broken(events[..2]), isWhole: false, half, TestContext.Current.CancellationToken));

        var outcome = Assert.IsType<AdvisorOutcome.Replied>(reply.Outcome());
        Assert.Equal(("All of it.", new TokenUsage(25, 15, 0, 300, 7000)), (outcome.Text, outcome.Usage));
        Assert.IsType<AdvisorOutcome.Deferred>(half.Outcome());

        BrokenStream Broken(IEnumerable<string> before) =>
            new(Encoding.UTF8.GetBytes(string.Concat(before.Select(data => $"data: {data}\n\n"))), fault);
    }

    private sealed class BrokenStream(byte[] bytes, Exception fault) : ReadOnlyStream(new MemoryStream())
    {
        private int _read;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_read == bytes.Length)
                throw fault;
            var length = Math.Min(buffer.Length, bytes.Length - _read);
            bytes.AsMemory(_read, length).CopyTo(buffer);
            _read += length;
            return ValueTask.FromResult(length);
        }
    }

    [Fact]
    public async Task A_refusal_and_a_whole_message_are_taken_though_the_connection_stays_open()
    {
        foreach (var (type, body, expected) in new[]
        {
            ("text/event-stream", $"data: {Sse.Start}\n\ndata: {Sse.End("refusal")}\n\n", typeof(AdvisorOutcome.Refused)),
            ("application/json", Whole, typeof(AdvisorOutcome.Replied)),
        })
        {
            await using var api = await RawMessagesApi.StartAsync(async context =>
            {
                context.Response.ContentType = type;
                await context.Response.WriteAsync(body);
                await context.Response.Body.FlushAsync();
                await new TaskCompletionSource().Task.WaitAsync(context.RequestAborted);
            });
            using var rig = new AdvisorRig(api.Address);

            var outcome = await rig.AskAsync();

            Assert.IsType(expected, outcome);
            Assert.False(outcome.PerhapsPaid);
        }
    }

    [Theory]
    [InlineData("event: content_block_delta\ndata: {\n\n")]
    [InlineData("data: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"Oh no.\"}}\n\n")]
    public async Task A_reply_that_breaks_before_its_stop_reason_is_none(string end)
    {
        await using var api = await RawMessagesApi.StartAsync(context =>
        {
            context.Response.ContentType = "text/event-stream";
            return context.Response.WriteAsync($"data: {Sse.Start}\n\ndata: {Sse.Text(0, "Half of")}\n\n{end}");
        });
        using var rig = new AdvisorRig(api.Address);

        Assert.True(Assert.IsType<AdvisorOutcome.Deferred>(await rig.AskAsync()).PerhapsPaid);
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
    [InlineData("""{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1000000000000000000}}""")]
    [InlineData("""{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":99000000000,"output_tokens":3}}""")]
    [InlineData("""{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3,"cache_read_input_tokens":-5}}""")]
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
            return context.Response.WriteAsync(Whole);
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
