using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using ModelContextProtocol;
using Xunit;
using Relay.Loopback;
using Relay.Tests.Testing;

namespace Relay.Tests.Agents.Tools;

public sealed class AdvisorToolsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(McpTools.Current)]
    [InlineData(McpTools.Handshake)]
    public async Task Both_protocols_list_the_four_tools_with_their_schemas_and_when_to_use_them(string version)
    {
        await using var relay = await RunningRelay.StartAsync();
        await using var mcp = await McpTools.ConnectAsync(relay, version);

        var tools = (await mcp.Client.ListToolsAsync(cancellationToken: Token)).ToDictionary(tool => tool.Name);

        Assert.Equal(version, mcp.Client.NegotiatedProtocolVersion);
        Assert.Equal("relay", mcp.Client.ServerInfo?.Name);
        Assert.Equal(["ask_advisor", "check_replies", "relay_status", "tell_advisor"], tools.Keys.Order());
        var ask = tools["ask_advisor"];
        Assert.Equal(["question"], ask.JsonSchema.GetProperty("required").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(["context", "question"], ask.JsonSchema.GetProperty("properties").EnumerateObject().Select(property => property.Name).Order());
        Assert.All(ask.JsonSchema.GetProperty("properties").EnumerateObject(), property => Assert.NotEmpty(property.Value.GetProperty("description").GetString()!));
        Assert.Contains("sees ONLY what you send", ask.Description, StringComparison.Ordinal);
        Assert.Equal(["note"], tools["tell_advisor"].JsonSchema.GetProperty("required").EnumerateArray().Select(name => name.GetString()));
        Assert.All(tools.Values, tool => Assert.NotEmpty(tool.Description));
    }

    [Theory]
    [InlineData(McpTools.Current)]
    [InlineData(McpTools.Handshake)]
    public async Task A_question_with_its_context_is_answered(string version)
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("Use SQLite."));
        await using var mcp = await McpTools.ConnectAsync(relay, version, "session-1");

        var reply = await mcp.CallAsync("ask_advisor", new { question = "Which database?", context = "One machine." }, "toolu_1");

        Assert.Equal("Use SQLite.", reply);
        Assert.Equal("[session-1] Which database?\n\nContext:\nOne machine.", relay.Api.Requests[0].LastUserText);
        await relay.ConsumedAsync(1);
        Assert.Equal("No replies wait, and no question of this session is open.", await mcp.CallAsync("check_replies"));
        Assert.Empty(relay.Errors());
    }

    [Theory]
    [InlineData(McpTools.Current)]
    [InlineData(McpTools.Handshake)]
    public async Task The_same_call_made_twice_at_once_and_once_more_later_is_one_message_with_one_reply(string version)
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Only once."));
        await using var mcp = await McpTools.ConnectAsync(relay, version);
        await using var other = await McpTools.ConnectAsync(relay, version);

        var calls = new[] { mcp.AskAsync("How often?", "toolu_1"), other.AskAsync("How often?", "toolu_1") };
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        await Until.TrueAsync(() => mcp.Progress.Count + other.Progress.Count >= 2, "both calls waiting");
        relay.Api.ReleaseStalled();

        Assert.Equal(["Only once.", "Only once."], await Task.WhenAll(calls));
        Assert.Equal("Only once.", await mcp.AskAsync("How often?", "toolu_1"));
        Assert.Equal(1, await relay.MessagesAsync());
        Assert.Single(relay.Api.Requests);
    }

    [Theory]
    [InlineData(McpTools.Current)]
    [InlineData(McpTools.Handshake)]
    public async Task A_call_whose_connection_dropped_is_answered_when_it_is_made_again(string version)
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Still here."));
        await using (var mcp = await McpTools.ConnectAsync(relay, version))
        {
            _ = mcp.AskAsync("Are you there?", "toolu_1").ContinueWith(call => call.Exception, TaskScheduler.Default);
            await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        }
        relay.Api.ReleaseStalled();
        await relay.RepliesWaitAsync(1);
        await using var again = await McpTools.ConnectAsync(relay, version);

        Assert.Equal("Still here.", await again.AskAsync("Are you there?", "toolu_1"));
        await relay.ConsumedAsync(1);
        Assert.Equal(1, await relay.MessagesAsync());
        Assert.Empty(relay.Errors());
    }

    [Fact]
    public async Task A_call_whose_session_was_ended_is_no_fault_and_is_answered_when_it_is_made_again()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Still here."));
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Handshake);
        var call = mcp.AskAsync("Are you there?", "toolu_1");
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;

        using var end = new HttpRequestMessage(HttpMethod.Delete, "/mcp") { Headers = { { "Mcp-Session-Id", mcp.Client.SessionId } } };
        using var ended = await relay.Client.SendAsync(end, Token);

        Assert.Equal(HttpStatusCode.OK, ended.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => call.WaitAsync(RunningRelay.Patience, Token));
        relay.Api.ReleaseStalled();
        await relay.RepliesWaitAsync(1);
        await using var again = await McpTools.ConnectAsync(relay, McpTools.Handshake);
        Assert.Equal("Still here.", await again.AskAsync("Are you there?", "toolu_1"));
        Assert.Empty(relay.Errors());
    }

    [Theory]
    [InlineData(McpTools.Current)]
    [InlineData(McpTools.Handshake)]
    public async Task The_reply_to_a_dropped_call_goes_out_at_the_next_opportunity_once(string version)
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Late."));
        var claude = new ClaudeSession(relay, "claude-1") { Name = "shop" };
        await claude.HookAsync("SessionStart");
        await using (var mcp = await McpTools.ConnectAsync(relay, version, "shop"))
        {
            _ = mcp.AskAsync("Are you there?", "toolu_1").ContinueWith(call => call.Exception, TaskScheduler.Default);
            await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        }
        relay.Api.ReleaseStalled();
        await relay.RepliesWaitAsync(1);

        string? context = null;
        await Until.TrueAsync(async () => (context = await claude.ContextAsync("PostToolUse")) is not null, "the reply at a hook");

        Assert.EndsWith("Late.", context, StringComparison.Ordinal);
        await relay.ConsumedAsync(1);
        Assert.Null(await claude.ContextAsync("UserPromptSubmit"));
    }

    [Theory]
    [InlineData("toolu_1", 9)]
    [InlineData(null, 1)]
    public async Task A_call_that_takes_long_reports_progress_and_ends_before_the_clients_patience_does(string? use, int minutes)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync(clock: clock);
        relay.Api.Always(ScriptedReply.Status(529));
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "session-1");
        var started = clock.GetUtcNow();

        var reply = await clock.RunUntilAsync(mcp.AskAsync("How long?", use), TimeSpan.FromSeconds(2));

        var took = clock.GetUtcNow() - started;
        Assert.StartsWith("Not answered yet, id ", reply, StringComparison.Ordinal);
        Assert.InRange(took, TimeSpan.FromMinutes(minutes * 0.7), TimeSpan.FromMinutes(minutes * 1.2));
        Assert.True(mcp.Progress.Count >= took.TotalSeconds / 20, $"{mcp.Progress.Count} reports in {took}");
    }

    [Fact]
    public async Task A_question_not_answered_yet_is_answered_when_it_is_asked_again_in_a_new_call()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync(clock: clock);
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Shall we?"), ScriptedReply.Text("Yes, we shall."));
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "session-1");
        var notYet = await clock.RunUntilAsync(mcp.AskAsync("Shall we?", "toolu_1"), TimeSpan.FromSeconds(10));
        Assert.Contains("the operator was asked, question #1", notYet, StringComparison.Ordinal);
        await relay.AnswerAsync("yes");
        await relay.RepliesWaitAsync(1);

        Assert.Equal("Yes, we shall.", await mcp.AskAsync("Shall we?", "toolu_2"));
        Assert.Equal(1, await relay.MessagesAsync());
    }

    [Fact]
    public async Task A_question_not_answered_yet_is_answered_by_check_replies_once()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync(clock: clock);
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Shall we?"), ScriptedReply.Text("Yes, we shall."));
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "session-1");
        await clock.RunUntilAsync(mcp.AskAsync("Shall we?"), TimeSpan.FromSeconds(5));
        Assert.Contains("Still open: ", await mcp.CallAsync("check_replies"), StringComparison.Ordinal);
        await relay.AnswerAsync("yes");
        await relay.RepliesWaitAsync(1);

        Assert.Equal("Yes, we shall.", await mcp.CallAsync("check_replies"));
        await relay.ConsumedAsync(1);
        Assert.StartsWith("No replies wait", await mcp.CallAsync("check_replies"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_note_costs_no_call_and_reaches_the_advisors_next_turn()
    {
        await using var relay = await RunningRelay.StartAsync();
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "session-1");

        Assert.StartsWith("Noted.", await mcp.CallAsync("tell_advisor", new { note = "The port is 8080." }, "toolu_1"), StringComparison.Ordinal);
        Assert.StartsWith("Noted.", await mcp.CallAsync("tell_advisor", new { note = "The port is 8080." }, "toolu_1"), StringComparison.Ordinal);
        await Until.TrueAsync(async () => await relay.CountAsync("SELECT COUNT(*) FROM messages WHERE state = 'consumed'") == 1, "the note in the journal");
        Assert.Empty(relay.Api.Requests);
        await mcp.AskAsync("Which port?");

        Assert.Single(relay.Api.Requests);
        Assert.Equal("[session-1] The port is 8080.\n[session-1] Which port?", relay.Api.Requests[0].LastUserText);
    }

    [Fact]
    public async Task The_status_names_the_session_and_what_is_open()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync(clock: clock);
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Shall we?"));
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "session-1");
        await clock.RunUntilAsync(mcp.AskAsync("Shall we?"), TimeSpan.FromSeconds(5));

        var status = await mcp.CallAsync("relay_status");

        Assert.Contains("This session is session-1.", status, StringComparison.Ordinal);
        Assert.Contains("waiting, for the operator, question #1", status, StringComparison.Ordinal);
        Assert.Contains("question #1 of session-1", status, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ask_advisor", "question")]
    [InlineData("tell_advisor", "note")]
    public async Task What_is_blank_or_over_an_envelopes_limit_is_refused_with_the_reason(string tool, string argument)
    {
        await using var relay = await RunningRelay.StartAsync("max_envelope_bytes: 2048\n");
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current);
        Task<string> CallAsync(string text) => mcp.CallAsync(tool, argument == "note" ? new { note = text } : new { question = text }, fails: true);

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

        Assert.Equal("[session-1] a\uFFFDb" + new string('é', 1022), relay.Api.Requests[0].LastUserText);
    }

    [Theory]
    [InlineData("""{"question":"a \ud800 b"}""")]
    [InlineData("""{"question":17}""")]
    [InlineData("""{"question":null}""")]
    [InlineData("""{}""")]
    [InlineData("""{"question":"q","context":["x"]}""")]
    public async Task Arguments_that_are_no_text_are_an_error_and_harm_nothing(string arguments)
    {
        await using var relay = await RunningRelay.StartAsync();
        var body = """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask_advisor","arguments":ARGUMENTS,"_meta":{"claudecode/toolUseId":7,"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}"""
            .Replace("ARGUMENTS", arguments, StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("Accept", "application/json, text/event-stream");
        request.Headers.Add("MCP-Protocol-Version", McpTools.Current);
        request.Headers.Add("Mcp-Method", "tools/call");
        request.Headers.Add("Mcp-Name", "ask_advisor");

        using var response = await relay.Client.SendAsync(request, Token);
        var answer = await response.Content.ReadAsStringAsync(Token);

        Assert.True(answer.Contains("\"isError\":true", StringComparison.Ordinal) || answer.Contains("\"error\":", StringComparison.Ordinal), answer);
        Assert.Equal(0, await relay.MessagesAsync());
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current);
        Assert.StartsWith("The relay works.", await mcp.CallAsync("relay_status"), StringComparison.Ordinal);
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

    [Theory]
    [InlineData(null)]
    [InlineData("none")]
    [InlineData("${RELAY_SESSION}")]
    public async Task Without_a_name_the_hook_that_saw_the_call_names_the_session(string? header)
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1", "/projects/shop");
        await claude.HookAsync("PreToolUse", new { tool_name = "mcp__relay__ask_advisor", tool_use_id = "toolu_9" });
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, header);

        await mcp.AskAsync("Who am I?", "toolu_9");

        Assert.StartsWith("[shop] Who am I?", relay.Api.Requests[0].LastUserText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_that_is_not_listed_is_refused_where_unknown_ones_are()
    {
        await using var relay = await RunningRelay.StartAsync("accept_unknown_sessions: false\n");
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "stranger");

        Assert.Contains("accept_unknown_sessions is false", await mcp.CallAsync("ask_advisor", new { question = "May I?" }, fails: true), StringComparison.Ordinal);
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
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(relay.Daemon.Url), path)) { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
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

    [Theory]
    [InlineData(McpTools.Current)]
    [InlineData(McpTools.Handshake)]
    public async Task A_restart_in_the_middle_of_a_call_takes_seconds_and_the_reply_comes_at_the_next_opportunity(string version)
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Never heard."), ScriptedReply.Text("After all."));
        var mcp = await McpTools.ConnectAsync(relay, version, "session-1");
        var call = mcp.AskAsync("Do you last?", "toolu_1");
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;

        await relay.ReplaceDaemonAsync();

        Assert.StartsWith("Not answered yet, id ", await call, StringComparison.Ordinal);
        await relay.RepliesWaitAsync(1);
        await using var again = await McpTools.ConnectAsync(relay, version, "session-1");
        Assert.Equal("After all.", await again.CallAsync("check_replies"));
        await relay.ConsumedAsync(1);
        Assert.Equal("After all.", await again.AskAsync("Do you last?", "toolu_1"));
        Assert.Equal(1, await relay.MessagesAsync());
        await Assert.ThrowsAnyAsync<Exception>(() => mcp.CallAsync("relay_status"));
        await mcp.DisposeAsync();
    }
}
