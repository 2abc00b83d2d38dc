using Microsoft.Extensions.Time.Testing;
using Relay.Agents;
using Relay.Loopback;
using Relay.Tests.Agents.Tools;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

/// <summary>How long a Stop is held, and what it says when it is let go without a reply.</summary>
public sealed class StopHoldTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, 15, 60)]
    [InlineData(false, 190, 260)]
    public async Task Where_a_waiter_can_wake_the_session_its_stop_is_soon_let_go(bool hasWaiter, int least, int most)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync(clock: clock);
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Late."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay", Headers = { ["X-Relay-Hold"] = "200" } };
        await claude.HookAsync("UserPromptSubmit");
        var waiter = hasWaiter ? claude.WaitAsync() : null;
        if (hasWaiter)
            await Until.TrueAsync(() => relay.Get<AgentWaiters>().IsWaitedFor(claude.Id, TimeSpan.FromSeconds(5)), "the waiter");
        var started = clock.GetUtcNow();

        var released = await clock.RunUntilAsync(claude.StopAsync("Finished."), TimeSpan.FromSeconds(1));

        Assert.InRange((clock.GetUtcNow() - started).TotalSeconds, least, most);
        Assert.Contains("not answered yet", (string?)released["systemMessage"], StringComparison.Ordinal);
        Assert.False(released.ContainsKey("decision"));
        if (waiter is null)
            return;
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        relay.Api.ReleaseStalled();
        Assert.Equal("Late.", (await clock.RunUntilAsync(waiter, TimeSpan.FromSeconds(1))).Text);
    }

    [Fact]
    public async Task Who_waits_behind_anothers_question_is_let_go_and_told_at_once()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Delete it?"));
        relay.Api.Always(ScriptedReply.Text("Keep it."));
        var (first, second) = (Claude(relay, "claude-1", "one"), Claude(relay, "claude-2", "two"));
        await first.StopAsync("May I delete it?");
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "three");

        var released = await second.StopAsync("Finished.");
        var ask = mcp.AskAsync("And I?", "toolu_1");
        await Until.TrueAsync(() => mcp.Progress.Contains("waits behind question #1 for the operator"), "the progress");

        Assert.Equal(
            "Relay: not answered yet (waits behind question #1 for the operator). The reply comes when it is there.",
            (string?)released["systemMessage"]);
        await relay.AnswerAsync("keep it");
        Assert.Equal("Keep it.", await ask);
    }

    [Fact]
    public async Task Progress_tells_of_a_change_when_it_happens()
    {
        // The clock stands still, so nothing is told because time has passed.
        await using var relay = await RunningRelay.StartAsync(clock: new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56)));
        relay.Api.Enqueue(
            ScriptedReply.StallBeforeHeaders("[NEEDS-JC] Delete it?"),
            ScriptedReply.StallBeforeHeaders("Keep it."),
            ScriptedReply.Text("Two."));
        await using var one = await McpTools.ConnectAsync(relay, McpTools.Current, "one");
        await using var two = await McpTools.ConnectAsync(relay, McpTools.Current, "two");

        var asked = one.AskAsync("May I delete it?", "toolu_1");
        await ToldAsync(one, "the advisor is working");
        var behind = two.AskAsync("And I?", "toolu_2");
        await ToldAsync(two, "waiting for its turn");
        relay.Api.ReleaseStalled();
        await ToldAsync(one, "the operator was asked, question #1");
        await ToldAsync(two, "waits behind question #1 for the operator");
        await relay.AnswerAsync("keep it");
        await (await relay.Api.WaitForRequestsAsync(2, RunningRelay.Patience)).Silent;
        await ToldAsync(two, "waiting for its turn", times: 2);
        relay.Api.ReleaseStalled();

        Assert.Equal("Keep it.", await asked);
        Assert.Equal("Two.", await behind);
    }

    private static Task ToldAsync(McpTools mcp, string state, int times = 1) =>
        Until.TrueAsync(() => mcp.Progress.Count(told => told == state) >= times, state);

    private static ClaudeSession Claude(RunningRelay relay, string id, string name) => new(relay, id) { Name = name, Mode = "relay" };
}
