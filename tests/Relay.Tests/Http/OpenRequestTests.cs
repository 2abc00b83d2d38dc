using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Relay.Agents.Tools;
using Relay.Http;
using Relay.Tests.Agents.Tools;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Http;

/// <summary>One connection, however many sessions it makes, takes only its own places.</summary>
public sealed class OpenRequestTests : IAsyncLifetime
{
    private RunningRelay _relay = null!;
    private string _path = "/mcp";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _relay = await RunningRelay.StartAsync();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public void Places_are_counted_by_connection_and_session_and_given_back()
    {
        var open = new OpenRequests(new ConnectionLimits(InAll: 640, BySource: 320, OnSocket: 320));
        var greedy = Enumerable.Range(0, 80).Select(i => Request(By("greedy"), $"greedy-{i}")).ToList();

        Assert.All(greedy, request => Assert.Null(open.Refusal(request)));
        Assert.Equal("80 requests of connection greedy are open already", open.Refusal(Request(By("greedy"), "greedy-2")));
        Assert.Null(open.Refusal(Request(By("modest"), session: null)));
        Assert.All(
            Enumerable.Range(0, OpenRequests.MostOfOneSession),
            _ => Assert.Null(open.Refusal(Request(new Caller.Operator(), "session-1"))));
        Assert.Equal("64 requests of this session are open already", open.Refusal(Request(new Caller.Operator(), "session-1")));
        Assert.All(Enumerable.Range(0, 16), i => Assert.Null(open.Refusal(Request(new Caller.Operator(), $"s{i}"))));
        Assert.StartsWith("80 requests of sessions with", open.Refusal(Request(new Caller.Operator(), "s")), StringComparison.Ordinal);
        Assert.Null(open.Refusal(Request(new Caller.Operator(), session: null))); // His own.
        open.Leave(greedy[0]);
        Assert.Null(open.Refusal(Request(By("greedy"), "greedy-2")));
    }

    [Fact]
    public async Task A_connection_that_floods_is_refused_and_another_and_the_operator_are_not()
    {
        var most = new OpenRequests(ConnectionLimits.Of(Relay.Files.Platform.Handles.Raise())).MostOfOneConnection;
        var (greedy, modest) = (await Connected.AsAsync(_relay, "greedy"), await Connected.AsAsync(_relay, "modest"));
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var held = Enumerable.Range(0, most).Select(i => HoldAsync(greedy, i, ended.Token)).ToList();
        try
        {
            await Until.TrueAsync(async () => (await WaitAsync(greedy, "other")).Status == HttpStatusCode.TooManyRequests, "429");

            var (_, problem) = await WaitAsync(greedy, "other");
            Assert.Equal($"{most} requests of connection greedy are open already", (string?)problem["detail"]);
            Assert.Equal(HttpStatusCode.Accepted, (await WaitAsync(modest, "other")).Status);
            Assert.Equal(HttpStatusCode.Accepted, (await WaitAsync(modest, "agent-0-0")).Status); // Named by the other one as well.
            Assert.Equal("running", (string?)(await _relay.StatusAsync())["state"]);
        }
        finally
        {
            await ended.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(held));
        }
        await Until.TrueAsync(async () => (await WaitAsync(greedy, "other")).Status == HttpStatusCode.Accepted, "free places");
    }

    [Theory]
    [InlineData("/mcp")]
    [InlineData("/MCP/")]
    public async Task A_connection_that_makes_many_MCP_sessions_loses_its_own_oldest_and_no_others(string path)
    {
        _path = path;
        var (greedy, modest) = (await Connected.AsAsync(_relay, "greedy"), await Connected.AsAsync(_relay, "modest"));
        var mine = await InitializeAsync(modest);
        var sessions = new List<string>();
        for (var i = 0; i <= McpSessions.MostOfOneConnection; i++)
            sessions.Add(await InitializeAsync(greedy));

        Assert.Equal(HttpStatusCode.NotFound, await PingAsync(greedy, sessions[0]));
        Assert.Equal(HttpStatusCode.OK, await PingAsync(greedy, sessions[1]));
        Assert.Equal(HttpStatusCode.OK, await PingAsync(greedy, sessions[^1]));
        Assert.Equal(HttpStatusCode.OK, await PingAsync(modest, mine));

        sessions.Add(await InitializeAsync(greedy)); // The one that was used a moment ago stays.
        Assert.Equal(HttpStatusCode.OK, await PingAsync(greedy, sessions[1]));
        Assert.Equal(HttpStatusCode.NotFound, await PingAsync(greedy, sessions[2]));
        await using var begun = await McpTools.ConnectAsync(_relay, McpTools.Handshake, token: greedy.Token);
        Assert.StartsWith("The relay works.", await begun.CallAsync("relay_status"), StringComparison.Ordinal);
    }

    private static Caller.Connection By(string name) => new(name, new HashSet<string>());

    private static DefaultHttpContext Request(Caller caller, string? session)
    {
        var context = new DefaultHttpContext();
        context.Features.Set(caller);
        if (session is not null)
            context.Request.Headers["X-Relay-Session"] = session;
        return context;
    }

    /// <summary>Again while it is refused: the request that looks whether all places are taken takes one itself.</summary>
    private async Task HoldAsync(Connected connection, int number, CancellationToken cancellationToken)
    {
        for (var status = HttpStatusCode.TooManyRequests; status == HttpStatusCode.TooManyRequests;)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/agents/agent-{number / 32}-{number}/wait");
            request.Headers.Authorization = new("Bearer", connection.Token);
            using var response = await _relay.Client.SendAsync(request, cancellationToken);
            status = response.StatusCode;
        }
    }

    private static Task<(HttpStatusCode Status, System.Text.Json.Nodes.JsonObject Body)> WaitAsync(Connected connection, string agent) =>
        connection.SendAsync(HttpMethod.Get, $"/agents/{agent}/wait", headers: ("X-Relay-Hold", "0"));

    private async Task<string> InitializeAsync(Connected connection)
    {
        using var response = await PostAsync(connection, session: null, """
            {"jsonrpc":"2.0","id":1,"method":"initialize","params":{
            "protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
            """);
        await response.Content.ReadAsStringAsync(Token);
        return response.Headers.GetValues("Mcp-Session-Id").Single();
    }

    private async Task<HttpStatusCode> PingAsync(Connected connection, string session)
    {
        using var response = await PostAsync(connection, session, """{"jsonrpc":"2.0","id":2,"method":"ping"}""");
        return response.StatusCode;
    }

    private async Task<HttpResponseMessage> PostAsync(Connected connection, string? session, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _path);
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.Authorization = new("Bearer", connection.Token);
        request.Headers.Add("Accept", "application/json, text/event-stream");
        if (session is not null)
            request.Headers.Add("Mcp-Session-Id", session);
        return await _relay.Client.SendAsync(request, Token);
    }
}
