using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Loopback;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;
using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>The loop when the relay stops or starts again, and when the disk is full.</summary>
public sealed class AdvisorLoopTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stop_gives_the_call_under_way_a_moment_and_its_reply_is_kept()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallAfter(1, "Just in time, this reply comes in before the relay has stopped."));
        relay.Drop("session-1", "Shall I?");
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent.WaitAsync(RunningRelay.Patience, CancellationToken);

        var stopping = relay.StopDaemonAsync();
        relay.Api.ReleaseStalled();
        await stopping;
        await relay.StartDaemonAsync();

        Assert.StartsWith("Just in time", await relay.ConsumeAsync("session-1"), StringComparison.Ordinal);
        Assert.Single(relay.Api.Requests);
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_a_call_that_does_not_end_and_the_message_is_asked_again()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallAfter(1));
        relay.Api.Always(ScriptedReply.Text("Do it."));
        relay.Drop("session-1", "Shall I?");
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent.WaitAsync(RunningRelay.Patience, CancellationToken);

        var started = Stopwatch.GetTimestamp();
        await relay.StopDaemonAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 10); // 2.5 s if the machine is idle.
        await relay.StartDaemonAsync();

        Assert.Equal("Do it.", await relay.ConsumeAsync("session-1"));
        Assert.Equal(2, relay.Api.Requests.Count);
        Assert.Equal(1, (await relay.StatusAsync())["calls_of_unknown_cost"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_reply_that_cannot_be_recorded_is_kept_until_it_can_and_not_paid_for_again()
    {
        await using var relay = await TempRelay.CreateAsync(kind: SqlDialect.Sqlite.Name);
        relay.Advisor.Reply("Do it.");
        var id = await relay.AcceptAsync("session-1", "Shall I?");
        await ExecuteAsync(
            relay, "CREATE TRIGGER disk_full BEFORE INSERT ON dispatches BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END");

        var turn = relay.TakeTurnsAsync();
        await Until.TrueAsync(() => relay.Get<Faults>().Standing.Count > 0, "the fault");
        Assert.Equal("error", (await relay.StatusAsync()).State);
        await ExecuteAsync(relay, "DROP TRIGGER disk_full");
        await Until.TrueAsync(
            () =>
            {
                relay.Clock.Advance(TimeSpan.FromSeconds(1));
                return turn.IsCompleted;
            },
            "the turn to end");
        await turn;

        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(id)).State);
        Assert.Single(relay.Advisor.Calls);
        Assert.Empty(relay.Get<Faults>().Standing);
        Assert.Equal(2, (await relay.WindowAsync()).Turns.Count);
    }

    [Fact]
    public async Task A_reply_that_cannot_be_recorded_stays_a_fault_while_another_conversations_is_recorded()
    {
        await using var relay = await TempRelay.CreateAsync(
            "sessions: [{session_id: s, conversation: one}, {session_id: t, conversation: two}]", kind: SqlDialect.Sqlite.Name);
        await relay.AcceptAsync("s", "Shall I?");
        await ExecuteAsync(
            relay,
            "CREATE TRIGGER full BEFORE INSERT ON dispatches WHEN NEW.session_id = 's' BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
        var stuck = relay.TakeTurnsAsync();
        await Until.TrueAsync(() => relay.Get<Faults>().Standing.Count > 0, "the fault");

        await relay.AcceptAsync("t", "And I?");
        await relay.Get<AdvisorLoop>().RunAsync(new ConversationId("two"), CancellationToken);

        Assert.Single(relay.Get<Faults>().Standing);
        await ExecuteAsync(relay, "DROP TRIGGER full");
        await Until.TrueAsync(
            () =>
            {
                relay.Clock.Advance(TimeSpan.FromSeconds(1));
                return stuck.IsCompleted;
            },
            "the turn to end");
        Assert.Empty(relay.Get<Faults>().Standing);
    }

    [Fact]
    public async Task A_run_that_ended_is_over_when_the_loop_hears_of_it()
    {
        await using var relay = await TempRelay.CreateAsync();
        using var heard = relay.Get<ChangeFeed>().Subscribe(Topic.Turns);
        for (var turn = 0; turn < 50; turn++)
        {
            await relay.AcceptAsync("session-1", $"{turn}");
            await relay.RunAsync<AdvisorLoop>();
            while (!relay.Get<AdvisorLoop>().IsIdle)
            {
                await heard.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, CancellationToken);
                await relay.RunAsync<AdvisorLoop>();
            }
        }
    }

    [Fact]
    public async Task A_rejected_key_is_tried_again_at_the_start_and_not_paged_twice()
    {
        await using var relay = await TempRelay.CreateAsync();
        var rejected = new AdvisorOutcome.Held(HoldCause.Credentials, "HTTP 401 authentication_error: invalid x-api-key");
        relay.Advisor.Enqueue(rejected);
        relay.Advisor.Enqueue(rejected);
        var id = await relay.AcceptAsync("session-1", "Shall I?");
        await relay.TakeTurnsAsync();

        await relay.RestartAsync();
        await relay.TakeTurnsAsync();

        Assert.Equal(2, relay.Advisor.Calls.Count);
        var held = await relay.MessageAsync(id);
        Assert.Equal((MessageState.Held, HoldCause.Credentials), (held.State, held.Cause));
        Assert.Single(await relay.PagesAsync());
        Assert.Single((await relay.WindowAsync()).Turns);
    }

    [Fact]
    public async Task While_one_message_is_deferred_and_another_waits_the_loop_rests()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Status(529, retryAfter: "600"));
        relay.Drop("session-1", "one");
        relay.Drop("session-2", "two");
        await Until.TrueAsync(async () => (await relay.StatusAsync())["queue_depth"]!.GetValue<int>() == 2, "both messages");
        await Until.TrueAsync(async () => (await relay.StatusAsync())["deferred_until"] is not null, "the deferral");

        var changes = relay.Daemon.Services.GetRequiredService<ChangeFeed>();
        var version = 0L;
        for (var look = 0; look < 3; look++) // The age of what waits is written every second.
        {
            if (look == 1) // In the first second what came with the deferral was told.
                version = changes.Version;
            var written = File.GetLastWriteTimeUtc(relay.Home.StatusFile);
            await Until.TrueAsync(() => File.GetLastWriteTimeUtc(relay.Home.StatusFile) != written, "the next second");
        }

        Assert.Equal(version, changes.Version); // A loop that wakes itself, or writes, would have told of it.
        Assert.Single(relay.Api.Requests);
    }

    [Fact]
    public async Task A_fault_of_the_program_holds_its_own_message_and_stops_nothing_else()
    {
        await using var relay = await TempRelay.CreateAsync(
            "sessions: [{session_id: s, conversation: one}, {session_id: t, conversation: two}]");
        relay.Advisor.Enqueue((_, _) => throw new InvalidOperationException("an index that is not there"));
        var first = await relay.AcceptAsync("s", "one");
        var behind = await relay.AcceptAsync("s", "two");
        var other = await relay.AcceptAsync("t", "three");

        await relay.TakeTurnsAsync();

        var held = await relay.MessageAsync(first);
        Assert.Equal((MessageState.Held, HoldCause.Fault), (held.State, held.Cause));
        Assert.Contains("InvalidOperationException: an index that is not there", held.Reason, StringComparison.Ordinal);
        Assert.Equal(MessageState.Accepted, (await relay.MessageAsync(behind)).State);
        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(other)).State);
        var page = Assert.Single(await relay.PagesAsync());
        Assert.Equal((PageCause.Message(first).ToString(), 4), (page.Cause, page.Priority));
        Assert.Contains("an index that is not there", page.Body, StringComparison.Ordinal);
        Assert.Equal(1, (await relay.ReadAsync(reading => Spending.TotalsAsync(reading, CancellationToken))).UnknownCost); // Perhaps paid.

        Assert.True(await relay.Get<Holds>().RetryAsync(held, CancellationToken));
        await relay.TakeTurnsAsync();
        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(first)).State);
        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(behind)).State);
    }

    private static Task<int> ExecuteAsync(TempRelay relay, string sql) =>
        relay.Database.WriteAsync(writing => writing.Sql(sql).ExecuteAsync(CancellationToken), CancellationToken);
}
