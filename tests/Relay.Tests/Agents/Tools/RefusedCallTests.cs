using System.Net;
using System.Text;
using Relay.Loopback;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Tools;

/// <summary>Calls that are refused, and what is just within the limits.</summary>
public sealed class RefusedCallTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ask_advisor", "question")]
    [InlineData("tell_advisor", "note")]
    public async Task What_is_blank_or_over_an_envelopes_limit_is_refused_with_the_reason(string tool, string argument)
    {
        await using var relay = await RunningRelay.StartAsync("max_envelope_bytes: 2048\n");
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "session-1");
        Task<string> CallAsync(string text) =>
            mcp.CallAsync(tool, argument == "note" ? new { note = text } : new { question = text }, fails: true);

        Assert.EndsWith("is empty.", await CallAsync(""), StringComparison.Ordinal);
        Assert.EndsWith("is empty.", await CallAsync(" \n\t"), StringComparison.Ordinal);
        Assert.Contains("max_envelope_bytes allows 2048", await CallAsync(new string('é', 1025)), StringComparison.Ordinal);
        Assert.Equal(0, await relay.MessagesAsync());
    }

    [Fact]
    public async Task Text_at_the_limit_arrives_whole_even_with_a_NUL_in_it()
    {
        await using var relay = await RunningRelay.StartAsync("max_envelope_bytes: 2048\n");
        relay.Api.Always(ScriptedReply.Text("Read."));
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "session-1");
        var question = "a\0b" + new string('é', 1022);

        Assert.Equal("Read.", await mcp.AskAsync(question));

        Assert.Equal("[session-1] a\0b" + new string('é', 1022), relay.Api.Requests[0].LastUserText);
    }

    [Theory]
    [InlineData("""{"question":"a \ud800 b"}""", "\"question\" holds a lone surrogate")]
    [InlineData("""{"question":"q","context":"a \udc00 b"}""", "\"context\" holds a lone surrogate")]
    [InlineData("""{"question":17}""", "\"question\" must be a string")]
    [InlineData("""{"question":null}""", "\"question\" must be a string")]
    [InlineData("""{}""", "\"question\" is missing")]
    [InlineData("""{"question":"q","context":["x"]}""", "\"context\" must be a string")]
    public async Task Arguments_that_are_no_text_are_refused_by_name_and_harm_nothing(string arguments, string reason)
    {
        await using var relay = await RunningRelay.StartAsync();

        var answer = await CallAsync(relay, "ask_advisor", arguments);

        Assert.Matches("\"isError\": ?true", answer);
        var said = answer.Replace("\\u0022", "\"", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal);
        Assert.Contains(reason, said, StringComparison.Ordinal);
        Assert.Equal(0, await relay.MessagesAsync());
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "session-1");
        Assert.StartsWith("The relay works.", await mcp.CallAsync("relay_status"), StringComparison.Ordinal);
        Assert.DoesNotContain(" ERR ", LogOf(relay), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""a\n2026-11-26 05:00:00.000 ERR Forged: all is lost""", "{}")]
    [InlineData("""a \ud800 b""", "{}")]
    [InlineData("ask_advisor", """{"a \ud800 b":"c","question":"q"}""")]
    public async Task A_call_that_cannot_be_is_answered_and_no_fault_of_the_relay(string tool, string arguments)
    {
        await using var relay = await RunningRelay.StartAsync();

        var answer = await CallAsync(relay, tool, arguments);

        Assert.Matches("\"isError\":true|\"error\":|HTTP 400", answer);
        var lines = LogOf(relay).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.Matches(@"\A20\d\d-.* (INF|WRN) Relay", line));
    }

    private static string LogOf(RunningRelay relay) => File.ReadAllText(relay.Home.LogFile);

    /// <summary>In a session of the protocol: without one the name has to stand in a header, too.</summary>
    private static async Task<string> CallAsync(RunningRelay relay, string tool, string arguments)
    {
        using var begun = await PostAsync(relay, session: null, """
            {"jsonrpc":"2.0","id":1,"method":"initialize","params":{
            "protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
            """);
        await begun.Content.ReadAsStringAsync(Token);
        using var answer = await PostAsync(relay, begun.Headers.GetValues("Mcp-Session-Id").Single(), $$$"""
            {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"_meta":{"claudecode/toolUseId":7},
            "name":"{{{tool}}}","arguments":{{{arguments}}} } }
            """);
        return $"HTTP {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Token)}";
    }

    private static async Task<HttpResponseMessage> PostAsync(RunningRelay relay, string? session, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp");
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.Add("Accept", "application/json, text/event-stream");
        request.Headers.Add("X-Relay-Session", "session-1");
        if (session is not null)
            request.Headers.Add("Mcp-Session-Id", session);
        return await relay.Client.SendAsync(request, Token);
    }

    [Fact]
    public async Task A_header_that_names_no_session_is_an_error_and_not_another_session()
    {
        await using var relay = await RunningRelay.StartAsync();
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "my session");

        var error = await mcp.CallAsync("ask_advisor", new { question = "Who am I?" }, fails: true);

        Assert.Contains("X-Relay-Session must be 1 to 64 characters", error, StringComparison.Ordinal);
        Assert.Equal(0, await relay.MessagesAsync());
    }

    [Fact]
    public async Task A_session_that_is_not_listed_is_refused_where_unknown_ones_are()
    {
        await using var relay = await RunningRelay.StartAsync("accept_unknown_sessions: false\n");
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "stranger");

        var error = await mcp.CallAsync("ask_advisor", new { question = "May I?" }, fails: true);

        Assert.Contains("accept_unknown_sessions is false", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/mcp")]
    [InlineData("/hooks/claude-code")]
    public async Task Without_the_token_or_from_another_site_nothing_is_served(string path)
    {
        await using var relay = await RunningRelay.StartAsync();
        async Task<HttpStatusCode> PostAsync(Action<HttpRequestMessage> adjust)
        {
            using var client = new HttpClient();
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(relay.Daemon.Url), path));
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
            request.Headers.Add("Authorization", "Bearer " + relay.Secrets.Token);
            adjust(request);
            using var response = await client.SendAsync(request, Token);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            return response.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync(request => request.Headers.Remove("Authorization")));
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync(request => request.Headers.Authorization = new("Bearer", "wrong")));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(request => request.Headers.Host = "evil.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(request => request.Headers.Add("Origin", "http://evil.example")));
    }
}
