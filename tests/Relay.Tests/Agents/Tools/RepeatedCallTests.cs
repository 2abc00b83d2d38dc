using System.Net;
using Relay.Loopback;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Tools;

/// <summary>Calls that are made again, after their connection, their session or the relay was gone.</summary>
public sealed class RepeatedCallTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(McpTools.Current)]
    [InlineData(McpTools.Handshake)]
    public async Task The_same_call_made_twice_at_once_and_once_more_later_is_one_message_with_one_reply(string version)
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Only once."));
        await using var mcp = await McpTools.ConnectAsync(relay, version, "session-1");
        await using var other = await McpTools.ConnectAsync(relay, version, "session-1");

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
        await using (var mcp = await McpTools.ConnectAsync(relay, version, "session-1"))
        {
            _ = mcp.AskAsync("Are you there?", "toolu_1").ContinueWith(call => call.Exception, TaskScheduler.Default);
            await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        }
        relay.Api.ReleaseStalled();
        await relay.RepliesWaitAsync(1);
        await using var again = await McpTools.ConnectAsync(relay, version, "session-1");

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
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Handshake, "session-1");
        var call = mcp.AskAsync("Are you there?", "toolu_1");
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;

        using var end = new HttpRequestMessage(HttpMethod.Delete, "/mcp") { Headers = { { "Mcp-Session-Id", mcp.Client.SessionId } } };
        using var ended = await relay.Client.SendAsync(end, Token);

        Assert.Equal(HttpStatusCode.OK, ended.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => call.WaitAsync(RunningRelay.Patience, Token));
        relay.Api.ReleaseStalled();
        await relay.RepliesWaitAsync(1);
        await using var again = await McpTools.ConnectAsync(relay, McpTools.Handshake, "session-1");
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
        await relay.HandedAsync(1);
        Assert.Null(await claude.ContextAsync("UserPromptSubmit"));
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
