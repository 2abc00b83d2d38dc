using Microsoft.Extensions.Time.Testing;
using Relay.Loopback;
using Relay.Tests.Testing;
using Xunit;

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
        var properties = ask.JsonSchema.GetProperty("properties").EnumerateObject().ToList();
        Assert.Equal(["question"], ask.JsonSchema.GetProperty("required").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(["context", "question"], properties.Select(property => property.Name).Order());
        Assert.All(properties, property => Assert.NotEmpty(property.Value.GetProperty("description").GetString()!));
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
        Assert.Matches(@"Still open: \w{15}: waiting, for the operator, question #1", await mcp.CallAsync("check_replies"));
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

        var note = new { note = "The port is 8080." };
        Assert.StartsWith("Noted.", await mcp.CallAsync("tell_advisor", note, "toolu_1"), StringComparison.Ordinal);
        Assert.StartsWith("Noted.", await mcp.CallAsync("tell_advisor", note, "toolu_1"), StringComparison.Ordinal);
        const string consumed = "SELECT COUNT(*) FROM messages WHERE state = 'consumed'";
        await Until.TrueAsync(async () => await relay.CountAsync(consumed) == 1, "the note in the journal");
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
}
