using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Operator;
using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>What each outcome of a call does to the message, the journal, the session and the operator.</summary>
public sealed class TurnEndTests : IAsyncLifetime
{
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task A_reply_is_journalled_dispatched_and_in_the_ledger()
    {
        var id = await _relay.AcceptAsync("session-1", "Shall I?");

        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(id)).State);
        Assert.Equal(2, (await _relay.WindowAsync()).Turns.Count);
        Assert.Equal(["done"], await _relay.ReadAsync("SELECT state FROM calls", row => row.Text()));
        Assert.Equal(["staged"], await _relay.ReadAsync("SELECT state FROM dispatches", row => row.Text()));
    }

    [Fact]
    public async Task A_deferred_message_is_asked_again_with_the_same_words_and_stands_in_the_journal_once()
    {
        for (var failure = 0; failure < 3; failure++)
            _relay.Advisor.Enqueue(new AdvisorOutcome.Deferred("HTTP 529 overloaded_error: Overloaded", RetryAfter: null));
        var id = await _relay.AcceptAsync("session-1", "Shall I?");

        for (var attempt = 0; attempt < 4; attempt++)
        {
            await _relay.TakeTurnsAsync();
            _relay.Clock.Advance(TimeSpan.FromSeconds(30));
        }

        Assert.Equal(4, _relay.Advisor.Calls.Count);
        Assert.All(_relay.Advisor.Calls, call => Assert.Equal(["[session-1] Shall I?"], Assert.Single(call.Messages).Blocks));
        var texts = (await _relay.WindowAsync()).Turns.Select(entry => entry.Text);
        Assert.Equal(["[session-1] Shall I?", "reply to: [session-1] Shall I?"], texts);
        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(id)).State);
    }

    [Fact]
    public async Task A_deferral_is_visible_with_its_reason_and_the_time_it_ends_and_is_honoured()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Deferred("HTTP 429", RetryAfter: TimeSpan.FromSeconds(40)));
        var id = await _relay.AcceptAsync("session-1", "Shall I?");

        await _relay.TakeTurnsAsync();

        var message = await _relay.MessageAsync(id);
        Assert.Equal((MessageState.Deferred, "HTTP 429"), (message.State, message.Reason));
        Assert.InRange((message.DueAt!.Value - _relay.Clock.GetUtcNow()).TotalSeconds, 40, 40.25);
        Assert.Equal(message.DueAt, (await _relay.StatusAsync()).DeferredUntil);
        _relay.Clock.Advance(TimeSpan.FromSeconds(39));
        await _relay.TakeTurnsAsync();
        Assert.Single(_relay.Advisor.Calls);
        _relay.Clock.Advance(TimeSpan.FromSeconds(2));
        await _relay.TakeTurnsAsync();
        Assert.Equal(2, _relay.Advisor.Calls.Count);
    }

    [Fact]
    public async Task An_escalation_opens_a_question_and_pages_and_the_reply_to_the_answer_goes_to_the_session_that_asked()
    {
        _relay.Advisor.Reply("[NEEDS-JC] Which port?", "Use 8080.");
        var id = await _relay.AcceptAsync("session-2", "Which port?");
        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Waiting, (await _relay.MessageAsync(id)).State);
        var page = Assert.Single(await _relay.PagesAsync());
        Assert.Contains("[NEEDS-JC]", page.Title, StringComparison.Ordinal);
        Assert.Equal(5, page.Priority);
        Assert.Equal("needs_jc", (await _relay.StatusAsync()).State);
        Assert.Equal(0, await _relay.CountAsync("SELECT COUNT(*) FROM dispatches"));

        await _relay.AnswerAsync("8080");
        await _relay.PassAsync();

        Assert.Equal("Use 8080.", _relay.Consume("session-2"));
        Assert.Equal(MessageState.Placed, await _relay.StateAsync(id));
    }

    [Theory]
    [InlineData(190, true)]
    [InlineData(191, false)]
    public async Task The_token_counts_within_the_first_characters_only(int before, bool escalates)
    {
        _relay.Advisor.Reply(new string('x', before) + "[NEEDS-JC] really");

        await _relay.AcceptAsync("session-1", "Which?");
        await _relay.TakeTurnsAsync();

        Assert.Equal(escalates, (await _relay.OpenQuestionsAsync()).Count == 1);
    }

    [Fact]
    public async Task A_refusal_is_held_and_asks_the_operator_and_his_answer_is_the_next_turn()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Refused("This asks for harm."));
        _relay.Advisor.Reply("Then do it safely.");
        var id = await _relay.AcceptAsync("session-1", "Do harm.");

        await _relay.TakeTurnsAsync();

        var message = await _relay.MessageAsync(id);
        Assert.Equal((MessageState.Held, HoldCause.Refusal), (message.State, message.Cause));
        Assert.Equal(QuestionKind.Refusal, Assert.Single(await _relay.OpenQuestionsAsync()).Kind);
        await _relay.Get<Recovery>().StartAsync(CancellationToken);
        await _relay.TakeTurnsAsync();
        Assert.Single(_relay.Advisor.Calls); // It is not asked again because of a restart.

        await _relay.AnswerAsync("No harm, please.");
        await _relay.PassAsync();
        Assert.Equal("Then do it safely.", _relay.Consume("session-1"));
    }

    [Fact]
    public async Task Three_empty_replies_are_enough()
    {
        for (var empty = 0; empty < 4; empty++)
            _relay.Advisor.Enqueue(new AdvisorOutcome.Empty("end_turn") { Usage = new TokenUsage(10, 2, 0, 0, 0) });
        var id = await _relay.AcceptAsync("session-1", "Shall I?");

        for (var attempt = 0; attempt < 6; attempt++)
        {
            await _relay.TakeTurnsAsync();
            _relay.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(3, _relay.Advisor.Calls.Count);
        Assert.Equal((MessageState.Held, HoldCause.Empty), ((await _relay.MessageAsync(id)).State, (await _relay.MessageAsync(id)).Cause));
        Assert.Single(await _relay.PagesAsync());
        Assert.Single((await _relay.WindowAsync()).Turns); // The empty reply is not in the journal.
    }

    [Fact]
    public async Task A_reply_that_was_cut_says_so()
    {
        _relay.Advisor.Enqueue(ScriptedAdvisor.Replied("As far as it", "max_tokens"));
        await _relay.AcceptAsync("session-1", "Shall I?");

        await _relay.PassAsync();

        Assert.Equal("As far as it\n\n[cut: the reply reached max_tokens]", _relay.Consume("session-1"));
    }

    [Fact]
    public async Task A_hold_pages_once_however_many_messages_it_stops_and_clears_with_the_first_good_call()
    {
        var relay = await TempRelay.CreateAsync("sessions: [{session_id: session-1}, {session_id: other, conversation: aside}]");
        await using var _ = relay;
        relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Credentials, "HTTP 401"));
        relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Credentials, "HTTP 401"));
        await relay.AcceptAsync("session-1", "one");
        await relay.AcceptAsync("other", "two");
        await relay.TakeTurnsAsync();

        Assert.Single(await relay.PagesAsync());
        Assert.Equal("error", (await relay.StatusAsync()).State);

        await relay.Get<Holds>().ReleaseAllAsync("mended", CancellationToken);
        await relay.TakeTurnsAsync();
        Assert.Equal("running", (await relay.StatusAsync()).State);
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM pages WHERE cleared_at IS NULL"));

        relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Credentials, "HTTP 401"));
        await relay.AcceptAsync("session-1", "three");
        await relay.TakeTurnsAsync();
        Assert.Equal(2, (await relay.PagesAsync()).Count);
    }

    [Fact]
    public async Task A_changed_configuration_releases_what_is_held()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Model, "HTTP 404"));
        var id = await _relay.AcceptAsync("session-1", "one");
        await _relay.TakeTurnsAsync();
        await File.WriteAllTextAsync(_relay.Home.ConfigFile, "model: claude-sonnet-5-5\n", CancellationToken);

        await _relay.FollowSettingsAsync();
        await _relay.RunAsync<HoldRelease>();
        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(id)).State);
        Assert.Equal("claude-sonnet-5-5", _relay.Advisor.Calls[1].Model);
    }

    [Theory]
    [InlineData(nameof(HoldCause.Credentials), true)]
    [InlineData(nameof(HoldCause.Credit), true)]
    [InlineData(nameof(HoldCause.SpendLimit), true)]
    [InlineData(nameof(HoldCause.Model), true)]
    [InlineData(nameof(HoldCause.Gateway), true)]
    [InlineData(nameof(HoldCause.Request), false)]
    [InlineData(nameof(HoldCause.Context), false)]
    [InlineData(nameof(HoldCause.Fault), false)]
    public async Task A_restart_asks_again_only_what_it_can_have_mended_and_changed_settings_all(string cause, bool isMended)
    {
        _relay.Advisor.Enqueue((_, _) => cause == nameof(HoldCause.Fault)
            ? throw new InvalidOperationException("an index that is not there")
            : Task.FromResult<AdvisorOutcome>(
                cause == nameof(HoldCause.Context)
                    ? new AdvisorOutcome.ContextExceeded("prompt is too long: 9 tokens > 8 maximum")
                    : new AdvisorOutcome.Held(Enum.Parse<HoldCause>(cause), "HTTP 4xx")));
        var id = await _relay.AcceptAsync("session-1", "one");
        await _relay.TakeTurnsAsync();
        Assert.Equal(cause, (await _relay.MessageAsync(id)).Cause?.ToString());

        await _relay.RestartAsync();
        await _relay.TakeTurnsAsync();
        Assert.Equal(isMended ? MessageState.Answered : MessageState.Held, (await _relay.MessageAsync(id)).State);

        await _relay.ConfigureAsync("stuck_after: 5m"); // Written while it was stopped, it is the same.
        await _relay.RestartAsync();
        await _relay.TakeTurnsAsync();
        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(id)).State);
    }

    [Fact]
    public async Task A_hold_that_was_mended_while_its_call_was_under_way_does_not_stand()
    {
        _relay.Advisor.Enqueue(async (_, _) =>
        {
            await _relay.ConfigureAsync("model: claude-sonnet-5-5\n");
            await _relay.Get<Holds>().ReleaseAllAsync("tried again after the configuration changed", CancellationToken);
            return new AdvisorOutcome.Held(HoldCause.Model, "HTTP 404");
        });
        var id = await _relay.AcceptAsync("session-1", "one");

        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(id)).State);
        Assert.Empty(await _relay.PagesAsync());
    }

    [Fact]
    public async Task An_operators_retry_does_not_wait()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Deferred("HTTP 429", RetryAfter: TimeSpan.FromMinutes(10)));
        var id = await _relay.AcceptAsync("session-1", "one");
        await _relay.TakeTurnsAsync();

        Assert.True(await _relay.Get<Holds>().RetryAsync(await _relay.MessageAsync(id), CancellationToken));
        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(id)).State);
    }

    [Fact]
    public async Task A_message_the_operator_gives_up_is_dead_and_lets_the_next_one_through()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Request, "HTTP 400"));
        var id = await _relay.AcceptAsync("session-1", "one");
        var next = await _relay.AcceptAsync("session-1", "two");
        await _relay.TakeTurnsAsync();

        Assert.True(await _relay.Get<Holds>().DropAsync(await _relay.MessageAsync(id), CancellationToken));
        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Dead, (await _relay.MessageAsync(id)).State);
        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(next)).State);
    }
}
