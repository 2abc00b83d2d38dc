using System.Net;
using Relay.Loopback;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Http;

public sealed class RevokedConnectionTests : IAsyncLifetime
{
    private RunningRelay _relay = null!;
    private Connected _shop = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _relay = await RunningRelay.StartAsync();
        _shop = await Connected.AsAsync(_relay, "shop");
    }

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task Revoked_it_is_401_at_once_and_the_next_one_takes_over()
    {
        var session = new ClaudeSession(_relay, "claude-1") { Token = _shop.Token };
        await session.HookAsync("SessionStart");

        await Connected.Book(_relay).RevokeAsync("shop", Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, (await session.PostAsync(session.Event("SessionStart"), Cancel)).Status);
        var next = await Connected.AsAsync(_relay, "shop");

        Assert.Equal(HttpStatusCode.Unauthorized, await _shop.StatusAsync(HttpMethod.Post, "/ask", new { content = "c", id = "i" }));
        await new ClaudeSession(_relay, "claude-1") { Token = next.Token }.HookAsync("SessionStart");
        Assert.Equal(HttpStatusCode.Unauthorized, await _shop.StatusAsync(HttpMethod.Get, "/status"));
    }

    [Fact]
    public async Task A_request_that_is_held_when_its_token_is_revoked_brings_nothing_any_more()
    {
        _relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("The code is 1234."));
        var asking = _shop.SendAsync(HttpMethod.Post, "/ask", new { content = "The code?", id = "i", wait_seconds = 50 });
        await (await _relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;

        await Connected.Book(_relay).RevokeAsync("shop", Cancel);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => asking.WaitAsync(RunningRelay.Patience, Cancel));
        _relay.Api.ReleaseStalled();
    }

    [Fact]
    public async Task What_comes_right_after_the_revocation_is_not_taken_with_it()
    {
        await new ClaudeSession(_relay, "claude-1") { Token = _shop.Token }.HookAsync("SessionStart");
        var held = HeldAsync();
        await _relay.StatusAsync();

        await Connected.Book(_relay).RevokeAsync("shop", Cancel);
        Assert.IsType<Relay.Operator.Answers.Outcome.Direct>(await _relay.AnswerAsync("@shop: The code is 1234."));

        Assert.DoesNotContain("1234", await held, StringComparison.Ordinal);
        var (_, taken) = await (await Connected.AsAsync(_relay, "shop")).SendAsync(HttpMethod.Get, "/sessions/shop/replies");
        Assert.Contains("1234", (string?)taken["text"], StringComparison.Ordinal);
    }

    private async Task<string> HeldAsync()
    {
        try
        {
            var (_, body) = await _shop.SendAsync(HttpMethod.Get, "/sessions/shop/replies").WaitAsync(RunningRelay.Patience, Cancel);
            return body.ToJsonString();
        }
        catch (HttpRequestException)
        {
            return ""; // Broken off.
        }
    }

    [Fact]
    public async Task A_list_that_cannot_be_read_opens_nothing_and_is_told()
    {
        await File.WriteAllTextAsync(_relay.Home.ConnectionsFile, "{", Cancel);

        Assert.Equal(
            HttpStatusCode.ServiceUnavailable, await _shop.StatusAsync(HttpMethod.Post, "/ask", new { content = "c", id = "i" }));
        await Until.TrueAsync(
            async () => (await _relay.StatusAsync()).ToJsonString().Contains("connections.json is damaged", StringComparison.Ordinal),
            "the fault in the status");
    }
}
