using Microsoft.Extensions.Time.Testing;
using Relay.Loopback;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

/// <summary>However a client's question is settled without the operator, its page on the phone says so in its place, once.</summary>
public sealed class SettledPageTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("leaves", "no longer asked: the client stopped waiting")]
    [InlineData("restart", "no longer asked: the relay was stopped")]
    [InlineData("terminal", "no longer asked: it was allowed at the terminal")]
    [InlineData("goes on", "no longer asked: it was settled at the terminal, and the session went on")]
    [InlineData("ends", "no longer asked: its session has ended")]
    public async Task Its_page_is_replaced_by_one_that_says_how(string way, string text)
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var asked = claude.AskPermissionAsync("Bash", new { command = "make" }, leave.Token);
        var page = await AskedAsync(relay);

        switch (way)
        {
            case "leaves":
                await leave.CancelAsync();
                break;
            case "restart":
                await relay.ReplaceDaemonAsync();
                break;
            case "terminal":
                await claude.HookAsync("PostToolUse", new { tool_name = "Bash", tool_input = new { command = "make" } });
                break;
            default:
                await claude.HookAsync(way == "ends" ? "SessionEnd" : "Stop");
                break;
        }

        await SettledAsync(relay, page, text, isStopped: way == "restart");
        await asked.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("agent-7")]
    public async Task Where_nobody_answers_in_time_too(string? subagent)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync("agents: {subagent_patience: 30s}\n", clock: clock);
        var input = new { tool_name = "Bash", tool_input = new { command = "make" }, agent_id = subagent, agent_type = subagent };
        var asked = new ClaudeSession(relay, "claude-1").HookAsync("PermissionRequest", input);
        var page = await AskedAsync(relay);

        await clock.RunUntilAsync(asked, TimeSpan.FromSeconds(5));

        await SettledAsync(relay, page, "no longer asked: there was no answer in time, and its terminal asks instead", clock);
    }

    private static async Task<Page> AskedAsync(RunningRelay relay)
    {
        var page = await relay.Ntfy.WaitForPageAsync(
            each => each.Title.EndsWith("(#1)", StringComparison.Ordinal), RunningRelay.Patience);
        await Until.TrueAsync(
            async () => await relay.CountAsync("SELECT COUNT(*) FROM pages WHERE kind = 'question' AND state = 'sent'") == 1,
            "the record of the page");
        return page;
    }

    private static async Task SettledAsync(
        RunningRelay relay, Page page, string text, FakeTimeProvider? clock = null, bool isStopped = false)
    {
        await Until.TrueAsync(
            async () =>
            {
                clock?.Advance(TimeSpan.FromSeconds(1));
                return await relay.CountAsync(
                    "SELECT COUNT(*) FROM pages WHERE kind = 'question' AND (state = 'queued' OR followed = 1)") == 0;
            },
            "the end of its page");
        var told = relay.Ntfy.Pages.Where(each => each.SequenceId == page.SequenceId && each.Id != page.Id).ToList();
        var last = isStopped // A stop may cut off the server's answer: then the same is sent again, in its place.
            ? told.DistinctBy(each => (each.Title, each.Message, each.Priority)).Single()
            : Assert.Single(told);
        Assert.Equal(("Relay: #1 of shop is settled", text), (last.Title, last.Message));
        Assert.InRange(last.Priority, 1, 2);
    }
}
