using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Loopback;
using Xunit;

namespace Relay.Tests.Advisor.Anthropic;

/// <summary>What each error of the API means for the message. A call makes one request, whatever the answer is.</summary>
public sealed class AnthropicFaultTests : IAsyncLifetime
{
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

    [Theory]
    [InlineData(408)]
    [InlineData(409)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    [InlineData(529)]
    public async Task A_passing_fault_defers_and_is_not_repeated_inside_the_call(int status)
    {
        _api.Enqueue(ScriptedReply.Status(status));

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await _rig.AskAsync());

        Assert.Null(outcome.RetryAfter);
        Assert.Contains($"HTTP {status}", outcome.Reason, StringComparison.Ordinal);
        Assert.False(outcome.PerhapsPaid);
        Assert.Equal("req_011C00000000000000000001", outcome.RequestId);
        Assert.Single(_api.Requests);
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("86400", 86_400)]
    [InlineData("soon", null)]
    public async Task Retry_after_is_handed_on(string header, int? seconds)
    {
        _api.Enqueue(ScriptedReply.RateLimited(retryAfter: header));

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await _rig.AskAsync());

        Assert.Equal(seconds, outcome.RetryAfter?.TotalSeconds);
        Assert.Single(_api.Requests);
    }

    [Fact]
    public async Task Retry_after_can_be_a_date()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
        using var rig = new AdvisorRig(_api.Address, clock: clock);
        _api.Enqueue(ScriptedReply.Status(529, retryAfter: "Sun, 22 Nov 2026 12:01:30 GMT"));

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await rig.AskAsync());

        Assert.Equal(TimeSpan.FromSeconds(90), outcome.RetryAfter);
    }

    [Theory]
    [InlineData(401, "Credentials")]
    [InlineData(403, "Credentials")]
    [InlineData(402, "Credit")]
    [InlineData(404, "Model")]
    [InlineData(400, "Request")]
    [InlineData(422, "Request")]
    public async Task A_fault_only_somebody_can_mend_holds(int status, string cause)
    {
        _api.Enqueue(ScriptedReply.Status(status));

        var outcome = Assert.IsType<AdvisorOutcome.Held>(await _rig.AskAsync());

        Assert.Equal(cause, outcome.Cause.ToString());
        Assert.Contains($"HTTP {status}", outcome.Reason, StringComparison.Ordinal);
        Assert.Single(_api.Requests);
    }

    [Fact]
    public async Task Low_credit_and_spend_limits_hold_under_whatever_status_they_come()
    {
        _api.Enqueue(ScriptedReply.LowCredit(), ScriptedReply.UsageLimitReached(), ScriptedReply.SpendLimitReached());

        Assert.Equal(HoldCause.Credit, Assert.IsType<AdvisorOutcome.Held>(await _rig.AskAsync()).Cause);
        Assert.Equal(HoldCause.SpendLimit, Assert.IsType<AdvisorOutcome.Held>(await _rig.AskAsync()).Cause);
        Assert.Equal(HoldCause.SpendLimit, Assert.IsType<AdvisorOutcome.Held>(await _rig.AskAsync()).Cause);
    }

    [Fact]
    public async Task A_prompt_that_is_too_long_or_too_large_asks_for_a_shorter_one()
    {
        _api.Enqueue(ScriptedReply.PromptTooLong(), ScriptedReply.Status(413));

        var exceeded = Assert.IsType<AdvisorOutcome.ContextExceeded>(await _rig.AskAsync());
        Assert.Contains("prompt is too long", exceeded.Reason, StringComparison.Ordinal);
        Assert.IsType<AdvisorOutcome.ContextExceeded>(await _rig.AskAsync());
    }

    [Theory]
    [InlineData("input length and `max_tokens` exceed context limit: 225711 + 16000 > 200000, decrease input length or `max_tokens`")]
    [InlineData("Input is too long for requested model.")]
    [InlineData("This model's maximum context length is 200000 tokens.")]
    public async Task Every_wording_of_a_window_that_is_too_long_asks_for_a_shorter_one(string words)
    {
        foreach (var body in (string[])
            [$$$"""{"type":"error","error":{"type":"invalid_request_error","message":"{{{words}}}"}}""", $$"""{"message":"{{words}}"}"""])
        {
            await using var api = await RawMessagesApi.StartAsync(context =>
            {
                context.Response.StatusCode = 400;
                context.Response.ContentType = "application/json";
                return context.Response.WriteAsync(body);
            });
            using var rig = new AdvisorRig(api.Address);

            Assert.Contains(words, Assert.IsType<AdvisorOutcome.ContextExceeded>(await rig.AskAsync()).Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_a_key_nothing_is_sent()
    {
        using var rig = new AdvisorRig(_api.Address, key: null);

        var outcome = Assert.IsType<AdvisorOutcome.Held>(await rig.AskAsync());

        Assert.Equal(HoldCause.Credentials, outcome.Cause);
        Assert.Empty(_api.Requests);
    }

    [Fact]
    public async Task A_server_that_is_not_there_defers_and_was_not_paid()
    {
        using var rig = new AdvisorRig(new Uri($"http://127.0.0.1:{FreePort()}"));

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await rig.AskAsync());

        Assert.False(outcome.PerhapsPaid);
        Assert.Null(outcome.Usage);
    }

    [Fact]
    public async Task A_connection_that_ends_after_the_request_was_sent_is_perhaps_paid()
    {
        await using var api = await RawMessagesApi.StartAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Abort();
        });
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await rig.AskAsync());

        Assert.True(outcome.PerhapsPaid);
        Assert.Equal(1, api.Requests);
    }

    [Fact]
    public async Task A_silence_before_the_headers_ends_and_is_perhaps_paid()
    {
        using var rig = new AdvisorRig(_api.Address, AdvisorRig.Patient with { Headers = TimeSpan.FromSeconds(2) });
        _api.Enqueue(ScriptedReply.StallBeforeHeaders());

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await rig.AskAsync());

        Assert.True(outcome.PerhapsPaid);
        Assert.Single(_api.Requests);
    }

    [Fact]
    public async Task A_proxy_that_answers_in_its_own_words_defers()
    {
        await using var api = await RawMessagesApi.StartAsync(context =>
        {
            context.Response.StatusCode = (int)HttpStatusCode.BadGateway;
            context.Response.ContentType = "text/html";
            return context.Response.WriteAsync("<html>502 Bad Gateway</html>");
        });
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await rig.AskAsync());

        Assert.Contains("502", outcome.Reason, StringComparison.Ordinal);
        Assert.Equal(1, api.Requests);
    }

    [Fact]
    public async Task A_redirect_is_not_an_answer()
    {
        await using var api = await RawMessagesApi.StartAsync(context =>
        {
            context.Response.StatusCode = (int)HttpStatusCode.Found;
            context.Response.Headers.Location = _api.Address + "v1/messages";
            return Task.CompletedTask;
        });
        using var rig = new AdvisorRig(api.Address);

        Assert.IsNotType<AdvisorOutcome.Replied>(await rig.AskAsync());

        Assert.Empty(_api.Requests);
    }

    [Fact]
    public async Task Being_stopped_is_not_an_outcome()
    {
        _api.Enqueue(ScriptedReply.StallAfter(1));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var call = _rig.Advisor.AskAsync(AdvisorRig.Question(), stop.Token);
        await (await _api.WaitForRequestsAsync(1, TimeSpan.FromSeconds(20))).Silent;

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
