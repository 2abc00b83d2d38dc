using Relay.Advisor;
using Relay.Agents.Tools;
using Relay.Cli;
using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Storage;
using Relay.Tests.Testing;
using Relay.Turns;
using Relay.Web.Dashboard;
using Relay.Web.Status;
using Xunit;

namespace Relay.Tests.Operator;

public sealed class SqlitePauseTests() : PauseTests(SqlDialect.Sqlite.Name);

public sealed class PostgresPauseTests() : PauseTests(SqlDialect.Postgres.Name);

/// <summary>A paused conversation costs nothing and loses nothing, and says everywhere why it stands still.</summary>
public abstract class PauseTests(string kind)
{
    private const string Two = "sessions: [{session_id: one}, {session_id: other, conversation: aside}]\n";

    private static readonly ConversationId Default = new("default"), Aside = new("aside");

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_asked_or_spent_until_it_is_resumed_over_a_restart_too()
    {
        await using var relay = await TempRelay.CreateAsync(Two, kind: kind);
        var done = await PauseAsync(relay);
        Assert.Equal((true, false), (done.Changed, done.CallUnderWay));
        var waits = await relay.AcceptAsync("one", "Shall I?");
        var other = await relay.AcceptAsync("other", "And I?");

        await relay.TakeTurnsAsync();
        await relay.RestartAsync();
        await relay.TakeTurnsAsync();

        Assert.Null(await relay.ClaimAsync());
        Assert.Single(relay.Advisor.Calls);
        Assert.Equal(MessageState.Accepted, (await relay.MessageAsync(waits)).State);
        Assert.NotEqual(MessageState.Accepted, (await relay.MessageAsync(other)).State);
        Assert.False((await PauseAsync(relay)).Changed);

        var resumed = Assert.IsType<Pauses.Outcome.Done>(await relay.Get<Pauses>().ResumeAsync(Default, "the test", CancellationToken));
        Assert.Equal((true, 1), (resumed.Changed, resumed.Waiting));
        await relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(waits)).State);
        Assert.Empty((await relay.StatusAsync()).Paused);
    }

    [Fact]
    public async Task A_call_under_way_ends_as_usual_and_the_next_message_waits()
    {
        await using var relay = await TempRelay.CreateAsync(kind: kind);
        relay.Advisor.Enqueue(async (_, _) =>
        {
            Assert.True((await PauseAsync(relay)).CallUnderWay);
            var paused = Assert.Single((await relay.Get<NowReader>().ReadAsync("", CancellationToken)).Standing.Paused);
            Assert.EndsWith("2 messages waiting; the call under way goes on to its end", paused.Words, StringComparison.Ordinal);
            return ScriptedAdvisor.Replied("Do it.");
        });
        var first = await relay.AcceptAsync("one", "Shall I?");
        var second = await relay.AcceptAsync("one", "And then?");

        await relay.PassAsync();
        await relay.PassAsync();

        Assert.Equal("Do it.", relay.Consume("one"));
        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(first)).State);
        Assert.Equal(MessageState.Accepted, (await relay.MessageAsync(second)).State);
        Assert.Single(relay.Advisor.Calls);
    }

    [Fact]
    public async Task No_summary_is_bought_for_it_whenever_it_was_paused_and_none_counts_as_failed()
    {
        await using var relay = await TempRelay.CreateAsync("history_char_cap: 1000\nkeep_recent_turns: 1\n", kind: kind);
        await relay.AcceptAsync("one", new string('x', 300));
        await relay.TakeTurnsAsync();
        relay.Advisor.Enqueue(async (_, _) =>
        {
            await PauseAsync(relay); // The run goes on behind this call, and is over the cap then.
            return ScriptedAdvisor.Replied("Do it.");
        });
        await relay.AcceptAsync("one", new string('x', 900));
        await relay.TakeTurnsAsync();

        await relay.Get<Summariser>().KeepUnderCapAsync(Default, CancellationToken);
        Assert.Equal(2, relay.Advisor.Calls.Count);

        await relay.Get<Pauses>().ResumeAsync(Default, "the test", CancellationToken);
        await relay.Get<Summariser>().KeepUnderCapAsync(Default, CancellationToken); // At once, without the pause after a failure.
        Assert.Equal(3, relay.Advisor.Calls.Count);
    }

    [Fact]
    public async Task A_window_that_was_too_long_is_not_shortened_and_the_message_waits()
    {
        await using var relay = await TempRelay.CreateAsync("system_prompt: Advise.\n", kind: kind);
        for (var turn = 0; turn < 3; turn++)
        {
            await relay.AcceptAsync("one", new string('x', 3_000));
            await relay.TakeTurnsAsync();
        }
        relay.Advisor.Enqueue(async (_, _) =>
        {
            await PauseAsync(relay);
            return new AdvisorOutcome.ContextExceeded("prompt is too long");
        });
        var message = await relay.AcceptAsync("one", "What is too much");

        await relay.TakeTurnsAsync();
        await relay.TakeTurnsAsync();

        Assert.Equal(4, relay.Advisor.Calls.Count);
        Assert.Equal(MessageState.Accepted, (await relay.MessageAsync(message)).State);
        await relay.Get<Pauses>().ResumeAsync(Default, "the test", CancellationToken);
        await relay.TakeTurnsAsync();
        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(message)).State);
    }

    [Fact]
    public async Task An_answer_is_taken_and_waits_and_the_reason_is_said()
    {
        await using var relay = await TempRelay.CreateAsync(kind: kind);
        relay.Advisor.Reply("[NEEDS-JC] Left or right?");
        var asked = await relay.AcceptAsync("one", "Which way?");
        await relay.TakeTurnsAsync();
        await PauseAsync(relay);
        Assert.Contains("waiting for the operator (#1); its conversation, default, is paused", (await WaitAsync(relay, asked)).Words);

        Assert.IsType<Answers.Outcome.Accepted>(await relay.AnswerAsync("left", question: 1));
        await relay.TakeTurnsAsync();

        Assert.Single(relay.Advisor.Calls);
        var wait = await WaitAsync(relay, asked);
        Assert.StartsWith("its conversation, default, is paused since 2026-08-01 09:00Z (the test): relay resume default", wait.Words);
        Assert.Equal((false, true, "the operator has paused the conversation"), (wait.IsUsual, wait.IsBehindOperator, wait.ForSession));
        await relay.Get<Pauses>().ResumeAsync(Default, "the test", CancellationToken);
        await relay.TakeTurnsAsync();
        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(asked)).State);
    }

    [Fact]
    public async Task What_is_held_or_deferred_says_both()
    {
        await using var relay = await TempRelay.CreateAsync(kind: kind);
        relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Credentials, "no key") { NeverMade = true });
        var held = await relay.AcceptAsync("one", "Shall I?");
        await relay.TakeTurnsAsync();
        await PauseAsync(relay);

        Assert.StartsWith("held: no key; its conversation, default, is paused", (await WaitAsync(relay, held)).Words);
        var own = await relay.ReadAsync(reading => OwnMessages.UnansweredAsync(reading, SessionId.Stored("one"), CancellationToken));
        Assert.Contains("the operator has paused the conversation", Assert.Single(own));
        var story = await relay.ReadAsync(async reading =>
            await MessageStory.ReadAsync(reading, await relay.MessageAsync(held), CancellationToken));
        Assert.Contains("is paused", story.WaitsFor);
    }

    [Fact]
    public async Task Status_says_it_and_nothing_takes_it_for_stuck()
    {
        await using var relay = await TempRelay.CreateAsync("stuck_after: 5m\n", kind: kind);
        var deferred = new AdvisorOutcome.Deferred("busy", RetryAfter: TimeSpan.FromMinutes(1));
        relay.Advisor.Enqueue(deferred);
        await relay.AcceptAsync("one", "Shall I?");
        await relay.TakeTurnsAsync();
        await PauseAsync(relay);
        relay.Clock.Advance(TimeSpan.FromHours(1));

        await relay.RunAsync<StuckWatch>();

        Assert.Empty(await relay.PagesAsync());
        Assert.True((await relay.Get<Health>().ReadAsync(CancellationToken)).Healthy);
        var paused = Assert.Single((await relay.StatusAsync()).Paused);
        Assert.Equal(("default", "the test", 1), (paused.Conversation, paused.Via, paused.Waiting));

        await relay.Get<Pauses>().ResumeAsync(Default, "the test", CancellationToken);
        await relay.RunAsync<StuckWatch>();
        Assert.Empty(await relay.PagesAsync()); // The time counts from now.
        relay.Clock.Advance(TimeSpan.FromMinutes(6));
        await relay.RunAsync<StuckWatch>();
        Assert.Contains("stuck", Assert.Single(await relay.PagesAsync()).Title);
    }

    [Fact]
    public async Task Pausing_what_was_stuck_is_not_told_as_moving()
    {
        await using var relay = await TempRelay.CreateAsync("stuck_after: 5m\n", kind: kind);
        await relay.AcceptAsync("one", "Shall I?");
        relay.Clock.Advance(TimeSpan.FromMinutes(6));
        await relay.RunAsync<StuckWatch>();
        Assert.Single(await relay.PagesAsync());

        await PauseAsync(relay);
        await relay.RunAsync<StuckWatch>();

        Assert.DoesNotContain(await relay.PagesAsync(), page => page.Title.Contains("moving", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_end_of_a_cause_is_looked_for_where_calls_are_made()
    {
        await using var relay = await TempRelay.CreateAsync(Two, kind: kind);
        relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Credentials, "no key") { NeverMade = true });
        relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Credentials, "no key") { NeverMade = true });
        await relay.AcceptAsync("other", "Older");
        await relay.TakeTurnsAsync();
        relay.Clock.Advance(TimeSpan.FromSeconds(1));
        var newer = await relay.AcceptAsync("one", "Newer");
        await relay.TakeTurnsAsync();
        await relay.Get<Pauses>().PauseAsync(Aside, "the test", CancellationToken);

        await relay.RunAsync<HoldRetry>();
        relay.Clock.Advance(TimeSpan.FromMinutes(30));
        await relay.RunAsync<HoldRetry>();
        await relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(newer)).State);
    }

    [Fact]
    public async Task One_that_is_not_there_is_refused_with_those_that_are()
    {
        await using var relay = await TempRelay.CreateAsync(Two, kind: kind);

        var unknown = Assert.IsType<Pauses.Outcome.Unknown>(
            await relay.Get<Pauses>().PauseAsync(new ConversationId("elsewhere\u001b[2J"), "the test", CancellationToken));
        Assert.StartsWith("there is no conversation \"elsewhere", unknown.Reason);
        Assert.DoesNotContain("\u001b", unknown.Reason, StringComparison.Ordinal);

        Assert.True((await PauseAsync(relay)).Changed); // Before anything was said in it.
        Assert.IsType<Pauses.Outcome.Done>(await relay.Get<Pauses>().PauseAsync(Aside, "the test", CancellationToken));
    }

    private static async Task<Pauses.Outcome.Done> PauseAsync(TempRelay relay) =>
        Assert.IsType<Pauses.Outcome.Done>(await relay.Get<Pauses>().PauseAsync(Default, "the test", CancellationToken));

    private static async Task<Wait> WaitAsync(TempRelay relay, MessageId message)
    {
        var found = await relay.MessageAsync(message);
        return await relay.ReadAsync(reading => Waits.OfAsync(reading, found, CancellationToken));
    }
}
