using Relay.Conversations;
using Relay.Loopback;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Turns;

public sealed class RosterTests
{
    private static readonly DateTimeOffset Now = new(2026, 8, 1, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Alone_nobody_is_told_of()
    {
        Assert.Null(Roster.Of([], SessionId.Stored("shop"), Now));
        Assert.Null(Roster.Of([Participant("shop", TimeSpan.Zero)], SessionId.Stored("shop"), Now));
    }

    [Fact]
    public void Each_session_is_told_of_with_what_it_does()
    {
        var roster = Roster.Of(
            [
                Participant("a", TimeSpan.FromDays(3)),
                Participant("b", TimeSpan.FromMinutes(7)) with { IsWaiting = true },
                Participant("c", TimeSpan.FromHours(5)) with { EndedAt = Now.AddHours(-2), IsWaiting = true },
                Participant("d", TimeSpan.FromSeconds(-1)),
                Participant("shop", TimeSpan.Zero) with { IsWaiting = true },
            ],
            SessionId.Stored("shop"),
            Now);

        Assert.Equal(
            "[the relay] Sessions of this conversation now: a (seen 3 days ago); b (waits for a reply, seen 7 min ago); "
            + "c (ended 2 h ago); d (seen just now); shop (speaks)."
            + " A line \"@NAME:\" in your reply starts a part for that session.",
            roster);
    }

    [Fact]
    public async Task The_roster_changes_and_the_next_call_still_reads_what_the_last_one_cached()
    {
        await using var relay = await RunningRelay.StartAsync("cache_ttl: 5m\n");
        relay.Api.Always(ScriptedReply.Text("Read. " + new string('y', 4_000)));
        var shop = new ClaudeSession(relay, "claude-1", "/projects/shop") { Mode = "relay" };
        await new ClaudeSession(relay, "claude-2", "/projects/bank").HookAsync("SessionStart");
        await shop.StopAsync("First. " + new string('x', 20_000));
        await new ClaudeSession(relay, "claude-3", "/projects/mint").HookAsync("SessionStart");

        await shop.StopAsync("Second.");

        var (first, second) = (relay.Api.Requests[0], relay.Api.Requests[1]);
        Assert.Contains("bank (seen just now); shop (speaks)", first.LastUserText, StringComparison.Ordinal);
        Assert.Contains("bank (seen just now); mint (seen just now); shop (speaks)", second.LastUserText, StringComparison.Ordinal);
        Assert.True(first.Usage!.CacheWrite5mTokens > 5_000);
        Assert.Equal(first.Usage.CacheWrite5mTokens, second.Usage!.CacheReadTokens);
        Assert.DoesNotContain("mint", string.Join('\n', second.Messages.SkipLast(1).Select(turn => turn.Text)), StringComparison.Ordinal);
    }

    private static Participant Participant(string name, TimeSpan seenAgo) =>
        new(SessionId.Stored(name), Now - seenAgo, EndedAt: null, IsWaiting: false);
}
