using System.Net;
using Microsoft.Extensions.Time.Testing;
using Relay.Agents;
using Relay.Conversations;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents;

/// <summary>A window is killed, and the next one goes on with its session before the relay has seen that: what waits is told once, whatever
/// comes first.</summary>
public sealed class NextWindowTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_waiter_that_is_heard_before_the_hook_of_the_beginning_leaves_the_reply_to_that()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = await KilledAsync(relay);

        var waiter = Beginning(relay, hold: 2).WaitAsync();
        await Until.TrueAsync(
            () => Task.FromResult(relay.Get<AgentWaiters>().IsWaitedFor("claude-1", TimeSpan.FromSeconds(10))), "the waiter");
        var start = await claude.HookAsync("SessionStart", new { source = "resume" });

        Assert.EndsWith("Left.", (string?)start["hookSpecificOutput"]?["additionalContext"], StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.Accepted, ""), await waiter);
        Assert.Null(await claude.ContextAsync("UserPromptSubmit"));
        await relay.ConsumedAsync(1);
    }

    [Fact]
    public async Task What_comes_after_the_hook_wakes_by_the_waiter()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = await KilledAsync(relay);
        var waiter = Beginning(relay, hold: 30).WaitAsync();
        await claude.HookAsync("SessionStart", new { source = "resume" });
        await relay.HandedAsync(1);

        await relay.SayToAsync("shop", "Right.");

        Assert.Contains("Right.", (await waiter).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_no_hook_comes_the_waiter_has_the_reply_in_a_while()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync(clock: clock);
        await KilledAsync(relay);

        var answer = await clock.RunUntilAsync(Beginning(relay, hold: 60).WaitAsync(), TimeSpan.FromSeconds(1));

        Assert.Contains("Left.", answer.Text, StringComparison.Ordinal);
    }

    /// <summary>The killed window's process is seen to be gone, the next window begins, and only then its end would be recorded.</summary>
    [Fact]
    public async Task A_window_that_has_begun_meanwhile_is_not_taken_for_the_one_that_has_gone()
    {
        await using var relay = await TempRelay.CreateAsync();
        var directory = relay.Get<SessionDirectory>();
        var killed = await relay.WriteAsync(async writing =>
        {
            var agent = (await AgentStore.SeenAsync(writing, directory, Seen("startup"), Token))!;
            await AgentStore.NoteClientAsync(writing, agent, "1:1", Token);
            return agent;
        });
        var database = relay.Get<Database>();
        Task<int>? looking = null;

        await database.WriteAsync(
            async writing =>
            {
                await AgentStore.SeenAsync(writing, directory, Seen("resume"), Token);
                looking ??= relay.RunAsync<Departures>();
                for (var times = 0; times < 100; times++) // It sees the window as it was, and waits to record the end.
                    await database.ReadAsync(reading => AgentStore.FindAsync(reading, killed.Id, Token), Token);
            },
            Token);
        await looking!;

        var next = (await relay.ReadAsync(reading => AgentStore.FindAsync(reading, killed.Id, Token)))!;
        Assert.NotEqual(AgentState.Ended, next.State);
        Assert.True(next.OwnsName);
    }

    private static AgentSighting Seen(string source) => new("claude-1", GivenName: null, "/projects/shop") { Source = source };

    /// <summary>It was idle, and has said nothing of its end. A reply waits for it.</summary>
    private static async Task<ClaudeSession> KilledAsync(RunningRelay relay)
    {
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        relay.Get<AgentWaiters>().TakeBegun("claude-1", TimeSpan.MaxValue); // By its own waiter.
        await relay.SayToAsync("shop", "Left.");
        return claude;
    }

    private static ClaudeSession Beginning(RunningRelay relay, int hold)
    {
        var waiter = new ClaudeSession(relay, "claude-1");
        waiter.Headers["X-Relay-Begins"] = "resume";
        waiter.Headers["X-Relay-Folder"] = "%2Fprojects%2Fshop";
        waiter.Headers["X-Relay-Hold"] = FormattableString.Invariant($"{hold}");
        return waiter;
    }
}
