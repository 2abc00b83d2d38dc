using Relay.Conversations;
using Relay.Costs;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>The relay goes on where 0.1.0 was killed.</summary>
public sealed class MigratedRelayTests : IAsyncLifetime
{
    private const string Config = """
        sessions:
          - {session_id: session-1, conversation: default}
          - {session_id: session-2, conversation: default}
          - {session_id: session-3, conversation: design}
          - {session_id: session-4, conversation: keys}
          - {session_id: session-5, conversation: busy}
          - {session_id: session-6, conversation: thinking}
          - {session_id: session-7, conversation: refused}
          - {session_id: session-8, conversation: paid}
          - {session_id: never-spoke, conversation: default}
        """;

    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _relay = await TempRelay.CreateAsync(Config, kind: SqlDialect.Sqlite.Name);
        _relay.Clock.SetUtcNow(OldDatabase.KilledAt);
        await _relay.RestartOnAsync(OldDatabase.Original);
    }

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task What_was_being_asked_is_asked_again_and_its_call_counts_as_lost()
    {
        var asked = await OfAsync("session-6");
        Assert.Equal((MessageState.Accepted, "asked again after a restart"), (asked.State, asked.Reason));

        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await OfAsync("session-6")).State);
        var calls = await _relay.ReadAsync(reading => Ledger.OfAsync(reading, asked.Conversation, asked.Id, CancellationToken));
        Assert.Equal(["lost", "done"], calls.Select(call => call.State));
        Assert.Equal(2, (await _relay.WindowAsync("thinking")).Turns.Count); // Its entry stood in the journal already.
    }

    [Fact]
    public async Task What_was_held_or_deferred_is_answered_and_what_was_refused_or_waits_for_an_answer_is_not()
    {
        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await OfAsync("session-4", "KEY this.")).State);
        Assert.Equal(MessageState.Answered, (await OfAsync("session-5")).State);
        Assert.Equal((MessageState.Held, HoldCause.Refusal), ((await OfAsync("session-7")).State, (await OfAsync("session-7")).Cause));
        Assert.Equal(MessageState.Dead, (await OfAsync("session-4", "Dropped.")).State);
        Assert.Equal(MessageState.Accepted, (await OfAsync("session-3", "This waits behind the open question.")).State);
        Assert.Equal([4L, 5L], (await _relay.OpenQuestionsAsync()).Select(question => question.Id));
    }

    [Fact]
    public async Task The_answer_to_an_old_question_makes_its_conversation_go_on()
    {
        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync("red", question: 4));
        await _relay.TakeTurnsAsync();

        Assert.All(
            await _relay.ReadAsync($"SELECT {Message.Columns} FROM messages WHERE conversation_id = 'design'", Message.From),
            message => Assert.Equal(MessageState.Answered, message.State));
        Assert.Equal(5, await _relay.CountAsync("SELECT COUNT(*) FROM questions")); // And the next one would be the sixth.
    }

    [Fact]
    public async Task Replies_that_were_on_their_way_arrive_once_each_and_in_order()
    {
        await _relay.RunAsync<Dispatcher>(); // The first one lay in the folder, and was taken while no relay ran.
        Assert.Equal("Paid for: go ahead. 🙂", _relay.Consume("session-8"));
        await _relay.RunAsync<Dispatcher>();
        Assert.Null(_relay.Consume("session-8"));

        _relay.Clock.Advance(TimeSpan.FromSeconds(11)); // Nobody waits for the one over HTTP any more.
        await _relay.RunAsync<Dispatcher>();
        Assert.Equal("Paid for: go ahead. 🙂", _relay.Consume("session-8"));
        await _relay.RunAsync<Dispatcher>();

        Assert.Equal(1, await _relay.CountAsync("SELECT COUNT(*) FROM dispatches WHERE state <> 'consumed'"));
        using var lease = await _relay.Get<Handover>().TakeAsync(SessionId.Stored("shop"), CancellationToken);
        Assert.Equal("a word for an agent that is not there", lease.Text);
    }

    [Fact]
    public async Task An_envelope_that_comes_again_is_known_and_a_new_one_is_answered()
    {
        var messages = await _relay.CountAsync("SELECT COUNT(*) FROM messages");
        foreach (var id in new[] { "env-1-0", "100%_a" })
            _relay.Drop("session-1", "again", id);
        await _relay.RunAsync<Relay.Intake.QueueFolder>();
        Assert.Equal(messages, await _relay.CountAsync("SELECT COUNT(*) FROM messages"));

        _relay.Drop("session-1", "and now?", "env-1-0-and-more");
        await _relay.PassAsync();

        Assert.Equal("reply to: [session-1] and now?", _relay.Consume("session-1"));
        Assert.Equal("ünïcode 👩‍👩‍👧 שלום", (await FindAsync("100%_a")).Content);
    }

    [Fact]
    public async Task The_status_tells_of_it_all()
    {
        var status = await _relay.StatusAsync();

        Assert.Equal("needs_jc", status.State);
        Assert.Equal("session-8", status.LastDispatchSession);
        Assert.Equal(6, status.QueueDepth);
        Assert.Equal((12, 0), (status.Sessions.Count, status.SessionsNotListed));
        Assert.Equal(2, status.Sessions.Single(session => session.SessionId == "session-3").Unanswered);
        Assert.Equal(3, status.Sessions.Single(session => session.SessionId == "session-8").Undelivered);
        Assert.Equal(0.035m, status.TotalCostUsd);
    }

    private async Task<Message> OfAsync(string session, string? content = null)
    {
        var all = await _relay.MessagesAsync();
        var said = all.Where(message => message.Session.Value == session && message.Speaker == Speaker.Session);
        return Assert.Single(said, message => content is null || message.Content == content);
    }

    private async Task<Message> FindAsync(string id) =>
        Assert.Single(await _relay.ReadAsync(reading => MessageSearch.FindAsync(reading, id, CancellationToken)));
}
