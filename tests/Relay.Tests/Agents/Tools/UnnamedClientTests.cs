using Relay.Loopback;
using Relay.Tests.Testing;
using Xunit;
using Xunit.Sdk;

namespace Relay.Tests.Agents.Tools;

/// <summary>MCP clients that do not say which session they are.</summary>
public sealed class UnnamedClientTests
{
    [Fact]
    public async Task Two_with_connections_of_their_own_are_two_sessions_and_neither_gets_the_others_reply()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Drop it."));
        await using var first = await McpTools.ConnectAsync(relay, McpTools.Handshake);
        await using var second = await McpTools.ConnectAsync(relay, McpTools.Handshake);
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var asking = first.AskAsync("Shall I drop the table?", cancellationToken: gone.Token);
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        relay.Api.ReleaseStalled();
        await relay.RepliesWaitAsync(1);

        Assert.StartsWith("No replies wait", await second.CallAsync("check_replies"), StringComparison.Ordinal);
        Assert.Equal("Drop it.", await first.CallAsync("check_replies"));
    }

    [Fact]
    public async Task One_without_a_connection_is_told_to_name_itself()
    {
        await using var relay = await RunningRelay.StartAsync();
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current);

        foreach (var (tool, arguments) in new (string, object)[]
            { ("ask_advisor", new { question = "Shall I?" }), ("tell_advisor", new { note = "Done." }), ("check_replies", new { }) })
            Assert.Contains("X-Relay-Session", await mcp.CallAsync(tool, arguments, fails: true), StringComparison.Ordinal);

        Assert.Equal(0, await relay.MessagesAsync());
    }

    [Theory]
    [InlineData("operator")]
    [InlineData("Advisor")]
    [InlineData("jc")]
    public async Task Nobody_may_call_himself_by_a_reserved_name(string name)
    {
        await using var relay = await RunningRelay.StartAsync();
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, name);

        await mcp.CallAsync("ask_advisor", new { question = "Shall I?" }, fails: true);
        await mcp.CallAsync("check_replies", fails: true);
        var hook = new ClaudeSession(relay, "claude-1") { Name = name };
        await Assert.ThrowsAnyAsync<EqualException>(() => hook.HookAsync("UserPromptSubmit")); // The answer is not 200.

        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM sessions WHERE last_seen_at IS NOT NULL"));
    }
}
