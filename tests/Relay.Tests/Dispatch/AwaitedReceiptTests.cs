using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Relay.Tests.Agents;
using Relay.Tests.Http;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Dispatch;

/// <summary>What a program hands on is with the session only when that program says so.</summary>
public sealed class AwaitedReceiptTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reply_that_was_not_handed_on_comes_again_and_one_that_was_is_consumed()
    {
        await using var relay = await RunningRelay.StartAsync();
        var shop = await Connected.AsAsync(relay, "shop");
        await new ClaudeSession(relay, "claude-1") { Name = "shop", Token = shop.Token }.HookAsync("SessionStart");
        await relay.SayToAsync("shop", "one");
        await relay.SayToAsync("shop", "two");

        var lost = await CheckAsync(relay, shop, "aaaaaaaaaaaaaaaa");
        var meanwhile = await CheckAsync(relay, shop, "bbbbbbbbbbbbbbbb");
        Assert.Equal(HttpStatusCode.OK, await SayAsync(shop, "aaaaaaaaaaaaaaaa", taken: false));
        var again = await CheckAsync(relay, shop, "cccccccccccccccc");
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM dispatches WHERE state = 'consumed'"));
        Assert.Equal(HttpStatusCode.OK, await SayAsync(shop, "cccccccccccccccc", taken: true));

        Assert.Equal(2, await relay.CountAsync("SELECT COUNT(*) FROM dispatches WHERE state = 'consumed'"));
        Assert.Contains("two", lost, StringComparison.Ordinal);
        Assert.Equal(lost, again);
        Assert.Contains("is not known to have arrived yet", meanwhile, StringComparison.Ordinal);
        Assert.StartsWith("No replies wait,", await CheckAsync(relay, shop, "dddddddddddddddd"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, await SayAsync(shop, "cccccccccccccccc", taken: true));
    }

    [Fact]
    public async Task Where_nothing_is_said_it_comes_again_after_a_while()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync(clock: clock);
        var shop = await Connected.AsAsync(relay, "shop");
        await new ClaudeSession(relay, "claude-1") { Name = "shop", Token = shop.Token }.HookAsync("SessionStart");
        await relay.SayToAsync("shop", "one");
        var first = await CheckAsync(relay, shop, "aaaaaaaaaaaaaaaa");

        string again = "";
        await Until.TrueAsync(
            async () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                again = await CheckAsync(relay, shop, "bbbbbbbbbbbbbbbb");
                return again == first;
            },
            "the reply once more");
        Assert.Contains("one", again, StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> SayAsync(Connected shop, string receipt, bool taken) =>
        (await shop.SendAsync(HttpMethod.Post, $"/receipts/{receipt}", new { taken })).Status;

    private static async Task<string> CheckAsync(RunningRelay relay, Connected shop, string receipt)
    {
        using var begun = await PostAsync(relay, shop, receipt, session: null, """
            {"jsonrpc":"2.0","id":0,"method":"initialize","params":{
            "protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
            """);
        await begun.Content.ReadAsStringAsync(Token);
        using var answered = await PostAsync(relay, shop, receipt, begun.Headers.GetValues("Mcp-Session-Id").Single(), """
            {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"check_replies","arguments":{}}}
            """);
        var text = await answered.Content.ReadAsStringAsync(Token);
        var data = text.Split('\n').FirstOrDefault(line => line.StartsWith("data: {", StringComparison.Ordinal))?[6..] ?? text;
        return (string)JsonNode.Parse(data)!["result"]!["content"]![0]!["text"]!;
    }

    private static Task<HttpResponseMessage> PostAsync(RunningRelay relay, Connected shop, string receipt, string? session, string message)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/mcp");
        request.Headers.Authorization = new("Bearer", shop.Token);
        request.Headers.Add("Accept", "application/json, text/event-stream");
        request.Headers.Add("X-Relay-Receipt", receipt);
        if (session is not null)
            request.Headers.Add("Mcp-Session-Id", session);
        request.Content = new StringContent(message, Encoding.UTF8, "application/json");
        return relay.Client.SendAsync(request, Token);
    }
}
