using Microsoft.AspNetCore.Http;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Loopback;
using Xunit;

namespace Relay.Tests.Advisor.Anthropic;

/// <summary>What stands between the relay and the API is named as that, and not taken for the API's word about key, model or
/// credit.</summary>
public sealed class GatewayTests
{
    private const string Page = "<!DOCTYPE html>\n<html><head><title>Sign in\n</title></head><body>…</body></html>";

    [Theory]
    [InlineData(400, Page)]
    [InlineData(401, Page)]
    [InlineData(402, Page)]
    [InlineData(403, Page)]
    [InlineData(403, """{"message":"Forbidden"}""")]
    [InlineData(403, "")]
    [InlineData(404, Page)]
    [InlineData(404, """{"detail":"Not Found"}""")]
    [InlineData(404, "404 page not found")]
    [InlineData(404, "")]
    [InlineData(405, "")]
    [InlineData(407, Page)]
    [InlineData(200, Page)]
    [InlineData(200, "  \n<html></html>")]
    [InlineData(201, Page)]
    public async Task An_answer_that_is_not_in_the_APIs_words_is_the_gateways(int status, string body)
    {
        await using var api = await AnswerAsync(status, "text/html", body);
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Held>(await rig.AskAsync());

        Assert.Equal(HoldCause.Gateway, outcome.Cause);
        Assert.False(outcome.PerhapsPaid);
        Assert.StartsWith($"HTTP {status} from {api.Address.GetLeftPart(UriPartial.Authority)}", outcome.Reason, StringComparison.Ordinal);
        if (body == Page)
            Assert.EndsWith("a web page, \"Sign in\"", outcome.Reason, StringComparison.Ordinal);
        Assert.Equal(1, api.Requests);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_redirect_is_not_followed_and_says_where_it_leads(int status)
    {
        await using var target = await AnswerAsync(200, "text/event-stream", "");
        await using var api = await RawMessagesApi.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = $"{target.Address}v1/messages";
            return Task.CompletedTask;
        });
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Held>(await rig.AskAsync());

        Assert.Equal(HoldCause.Gateway, outcome.Cause);
        Assert.Contains($"redirects to {target.Address}v1/messages", outcome.Reason, StringComparison.Ordinal);
        Assert.False(outcome.PerhapsPaid);
        Assert.Equal(0, target.Requests);
    }

    [Theory]
    [InlineData(404, "not_found_error", HoldCause.Model)]
    [InlineData(403, "key_model_access_denied", HoldCause.Credentials)]
    [InlineData(401, "auth_error", HoldCause.Credentials)]
    internal async Task A_gateway_that_speaks_like_the_API_is_believed(int status, string type, HoldCause cause)
    {
        await using var api = await AnswerAsync(
            status, "application/json", $$$"""{"error":{"message":"no such thing","type":"{{{type}}}","code":"{{{status}}}"}}""");
        using var rig = new AdvisorRig(api.Address);

        Assert.Equal(cause, Assert.IsType<AdvisorOutcome.Held>(await rig.AskAsync()).Cause);
    }

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task What_passes_by_itself_does_so_in_a_gateways_words_too(int status)
    {
        await using var api = await AnswerAsync(status, "text/html", Page);
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Deferred>(await rig.AskAsync());

        Assert.False(outcome.PerhapsPaid);
        Assert.StartsWith($"HTTP {status}", outcome.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reply_in_JSON_where_a_stream_was_asked_for_is_taken_and_any_other_JSON_is_the_gateways()
    {
        await using var api = await AnswerAsync(200, "application/json", """{"type":"message","content":[{"type":"text","text":"Hi"}]}""");
        await using var other = await AnswerAsync(200, "application/json", """{"login":"required"}""");
        using var rig = new AdvisorRig(api.Address);
        using var otherRig = new AdvisorRig(other.Address);

        Assert.Equal("Hi", Assert.IsType<AdvisorOutcome.Replied>(await rig.AskAsync()).Text);
        var outcome = Assert.IsType<AdvisorOutcome.Held>(await otherRig.AskAsync());
        Assert.Equal(HoldCause.Gateway, outcome.Cause);
        Assert.Contains("login", outcome.Reason, StringComparison.Ordinal);
        Assert.False(outcome.PerhapsPaid);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/octet-stream")]
    [InlineData(null)]
    public async Task A_stream_under_another_name_is_a_stream(string? type)
    {
        await using var api = await RawMessagesApi.StartAsync(async context =>
        {
            context.Response.ContentType = type;
            string[] events = [Sse.Start, Sse.BlockStart(0), Sse.Text(0, "Hi"), Sse.BlockStop(0), Sse.End("end_turn"), Sse.Stop];
            foreach (var data in events)
                await RawMessagesApi.SendEventAsync(context, data);
        });
        using var rig = new AdvisorRig(api.Address);

        Assert.Equal("Hi", Assert.IsType<AdvisorOutcome.Replied>(await rig.AskAsync()).Text);
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("v1/")]
    [InlineData("v1/messages")]
    [InlineData("v1/messages/")]
    public async Task A_base_address_with_the_path_below_it_is_taken_as_meant(string path)
    {
        await using var api = await LoopbackMessagesApi.StartAsync();
        using var rig = new AdvisorRig(new Uri(api.Address, path));

        Assert.IsType<AdvisorOutcome.Replied>(await rig.AskAsync());
    }

    [Fact]
    public async Task A_user_in_the_address_is_refused_and_not_dropped()
    {
        await using var api = await LoopbackMessagesApi.StartAsync();
        using var rig = new AdvisorRig(new UriBuilder(api.Address) { UserName = "me", Password = "sesame" }.Uri);

        var outcome = Assert.IsType<AdvisorOutcome.Held>(await rig.AskAsync());

        Assert.Equal(HoldCause.Gateway, outcome.Cause);
        Assert.DoesNotContain("sesame", outcome.Reason, StringComparison.Ordinal);
        Assert.Empty(api.Requests);
    }

    private static Task<RawMessagesApi> AnswerAsync(int status, string type, string body) => RawMessagesApi.StartAsync(context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(body);
    });
}
