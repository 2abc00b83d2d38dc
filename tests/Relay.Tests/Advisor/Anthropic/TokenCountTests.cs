using Microsoft.AspNetCore.Http;
using Relay.Loopback;
using Xunit;

namespace Relay.Tests.Advisor.Anthropic;

/// <summary>What the API says a call's prompt is, which decides near a cap.</summary>
public sealed class TokenCountTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_prompt_is_counted_as_it_would_be_sent_and_nothing_is_asked()
    {
        await using var api = await LoopbackMessagesApi.StartAsync();
        using var rig = new AdvisorRig(api.Address);

        var counted = await rig.Advisor.CountTokensAsync(AdvisorRig.Question(new string('x', 4_000)), CancellationToken);

        Assert.InRange(counted!.Value, 500, 4_000);
        Assert.Empty(api.Requests);
        var request = Assert.Single(api.CountTokensRequests);
        Assert.False(request.Json.TryGetProperty("max_tokens", out _));
        Assert.False(request.Json.TryGetProperty("stream", out _));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-7)]
    public async Task A_count_that_no_prompt_has_is_none(int tokens)
    {
        await using var api = await RawMessagesApi.StartAsync(context =>
        {
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync($$"""{"input_tokens":{{tokens}}}""");
        });
        using var rig = new AdvisorRig(api.Address);

        Assert.Null(await rig.Advisor.CountTokensAsync(AdvisorRig.Question(), CancellationToken));
    }

    [Fact]
    public async Task A_gateway_that_cannot_count_is_no_fault()
    {
        await using var api = await RawMessagesApi.StartAsync(context =>
        {
            context.Response.StatusCode = 404;
            return context.Response.WriteAsync("<html>Not here</html>");
        });
        using var rig = new AdvisorRig(api.Address);

        Assert.Null(await rig.Advisor.CountTokensAsync(AdvisorRig.Question(), CancellationToken));
    }
}
