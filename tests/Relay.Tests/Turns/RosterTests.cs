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

    [Fact]
    public async Task Of_thousands_twenty_are_named_those_who_wait_first_and_the_rest_is_counted()
    {
        await using var relay = await TempRelay.CreateAsync();
        await MakeUpAsync(relay, 3_000);
        await relay.AcceptAsync("made-up-7", "What holds the others up?", channel: ReplyChannel.Agent);
        await relay.AcceptAsync("made-up-1234", "And this?", channel: ReplyChannel.Agent);

        await relay.TakeTurnsAsync();

        var roster = relay.Advisor.Calls[0].Aside!;
        Assert.Equal(19, roster.Count(letter => letter == ';') - 1);
        Assert.StartsWith(
            "[the relay] Sessions of this conversation now: made-up-1234 (waits for a reply", roster, StringComparison.Ordinal);
        Assert.Contains("made-up-7 (speaks)", roster, StringComparison.Ordinal);
        Assert.Contains("; and 2,980 more. A line", roster, StringComparison.Ordinal);
        Assert.InRange(roster.Length, 100, 2_000);
    }

    [Fact]
    public async Task Who_was_not_heard_of_for_a_week_is_not_told_of_any_more_and_stays_in_the_journal()
    {
        await using var relay = await TempRelay.CreateAsync();
        await relay.AcceptAsync("gone", "Hello.", channel: ReplyChannel.Agent);
        await relay.TakeTurnsAsync();
        await relay.AcceptAsync("JC-the-second", "Hello.", channel: ReplyChannel.Agent);
        await relay.TakeTurnsAsync();
        relay.Clock.Advance(TimeSpan.FromDays(5));
        await relay.AcceptAsync("JC-the-second", "Still here.", channel: ReplyChannel.Agent);
        await relay.TakeTurnsAsync();
        Assert.Contains("gone (seen 5 days ago)", relay.Advisor.Calls[^1].Aside!, StringComparison.Ordinal);

        relay.Clock.Advance(TimeSpan.FromDays(3));
        await relay.AcceptAsync("shop", "And I?", channel: ReplyChannel.Agent);
        await relay.TakeTurnsAsync();

        Assert.DoesNotContain("gone", relay.Advisor.Calls[^1].Aside!, StringComparison.Ordinal);
        Assert.Contains("JC-the-second (seen 3 days ago)", relay.Advisor.Calls[^1].Aside!, StringComparison.Ordinal);
        Assert.Contains("[gone] Hello.", relay.Advisor.Calls[^1].Messages[0].Blocks);
        await relay.ConfigureAsync("operator: {name: JC the second}\n"); // The name is the operator's now.
        await relay.AcceptAsync("mint", "And I?", channel: ReplyChannel.Agent);
        await relay.TakeTurnsAsync();
        Assert.DoesNotContain("JC-the-second", relay.Advisor.Calls[^1].Aside!, StringComparison.Ordinal);
        Assert.Contains("shop", relay.Advisor.Calls[^1].Aside!, StringComparison.Ordinal);
    }

    /// <summary>As an older relay let it come to.</summary>
    internal static Task MakeUpAsync(TempRelay relay, int count) => relay.WriteAsync(async writing =>
    {
        for (var number = 0; number < count; number++)
            await SessionStore.SeenAsync(
                writing, SessionId.Stored($"made-up-{number}"), new ConversationId("default"), ReplyChannel.Agent,
                TestContext.Current.CancellationToken);
    });

    private static Participant Participant(string name, TimeSpan seenAgo) =>
        new(SessionId.Stored(name), Now - seenAgo, EndedAt: null, IsWaiting: false);
}
