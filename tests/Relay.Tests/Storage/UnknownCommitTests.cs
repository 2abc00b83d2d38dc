using System.Data.Common;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Intake;
using Relay.Loopback;
using Relay.Operator;
using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>The line to the server breaks when a commit is done there and nobody was told yet. Whoever wanted it sees a fault and does it
/// again: nothing is lost by that, and nothing stands twice.</summary>
public sealed class UnknownCommitTests : IAsyncLifetime
{
    private TestStore _store = null!;
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private DatabaseProxy Line => _store.Proxy;

    public async ValueTask InitializeAsync()
    {
        _store = await TestStore.BehindProxyAsync();
        _relay = await TempRelay.CreateAsync(_store);
    }

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task An_envelope_is_accepted_once()
    {
        var envelope = _relay.Drop("session-1", "Shall I?");
        Line.CutAfterCommit();

        await Assert.ThrowsAnyAsync<DbException>(_relay.RunAsync<QueueFolder>);
        await _relay.RunAsync<QueueFolder>();

        Assert.False(File.Exists(envelope));
        Assert.Single(await _relay.MessagesAsync());
    }

    [Fact]
    public async Task A_reply_that_was_recorded_unseen_is_placed_all_the_same_and_once()
    {
        await _relay.AcceptAsync("session-1", "Shall I?");
        CutAfterTheCall("Do it.");

        await EndAsync(_relay.TakeTurnsAsync());
        await _relay.RunAsync<Dispatcher>();

        Assert.Equal(1, Line.Cut);
        Assert.Single(_relay.Advisor.Calls);
        Assert.Equal("Do it.", _relay.Consume("session-1"));
        await _relay.RunAsync<Dispatcher>();
        Assert.Null(_relay.Consume("session-1"));
        Assert.Equal(2, (await _relay.WindowAsync()).Turns.Count);
    }

    [Fact]
    public async Task A_claim_that_came_unseen_is_given_back_and_the_message_asked()
    {
        var id = await _relay.AcceptAsync("session-1", "Shall I?");
        Line.CutAfterCommit();

        await UntilAnsweredAsync(id);

        Assert.Equal(1, Line.Cut);
        Assert.Single(_relay.Advisor.Calls);
        Assert.Equal(1, await _relay.CountAsync("SELECT COUNT(*) FROM calls WHERE state = 'lost'"));
        Assert.Equal(1, await _relay.CountAsync("SELECT COUNT(*) FROM entries WHERE role = 'user'"));
    }

    [Fact]
    public async Task The_next_claim_that_came_unseen_with_the_end_of_a_turn_is_given_back_too()
    {
        await _relay.AcceptAsync("session-1", "one");
        var second = await _relay.AcceptAsync("session-1", "two");
        CutAfterTheCall("First.");

        await UntilAnsweredAsync(second);

        Assert.Equal(1, Line.Cut);
        Assert.Equal(2, _relay.Advisor.Calls.Count);
        Assert.Equal(4, (await _relay.WindowAsync()).Turns.Count);
    }

    [Theory]
    [InlineData(1)] // Staged.
    [InlineData(2)] // Placed.
    public async Task A_reply_is_placed_once_whichever_of_its_steps_was_not_seen(int step)
    {
        await _relay.AcceptAsync("session-1", "one");
        await _relay.AcceptAsync("session-1", "two"); // Its reply is not staged ahead, since the first one's waits to be placed.
        _relay.Advisor.Reply("First.", "Second.");
        await _relay.TakeTurnsAsync();
        await _relay.RunAsync<Dispatcher>();
        Assert.Equal("First.", _relay.Consume("session-1"));
        var commits = 0;

        while (_relay.Consume("session-1") is not "Second.")
        {
            if (++commits == step)
                Line.CutAfterCommit();
            await TryAsync(() => _relay.RunAsync<Dispatcher>());
            Assert.True(commits < 10);
        }

        await TryAsync(() => _relay.RunAsync<Dispatcher>());
        await _relay.RunAsync<Dispatcher>();
        Assert.Null(_relay.Consume("session-1"));
        Assert.Equal(2, await _relay.CountAsync("SELECT COUNT(*) FROM dispatches WHERE state = 'consumed'"));
    }

    [Fact]
    public async Task The_operators_words_are_taken_once()
    {
        _relay.Advisor.Reply("[NEEDS-JC] Which?", "As ruled.");
        await _relay.AcceptAsync("session-1", "Shall I?");
        await _relay.TakeTurnsAsync();
        Line.CutAfterCommit();

        await Assert.ThrowsAnyAsync<DbException>(() => _relay.AnswerAsync("the left one", key: "key"));
        var again = await _relay.AnswerAsync("the left one", key: "key");
        await _relay.TakeTurnsAsync();

        Assert.IsType<Answers.Outcome.Repeated>(again);
        Assert.Equal(1, await _relay.CountAsync("SELECT COUNT(*) FROM entries WHERE ruling = 1"));
    }

    [Fact]
    public async Task What_was_handed_over_is_not_handed_over_again()
    {
        var id = await _relay.AcceptAsync("session-1", "Shall I?", channel: ReplyChannel.Agent);
        await _relay.TakeTurnsAsync();
        using var lease = await _relay.Get<Handover>().TakeAsync(SessionId.Stored("session-1"), CancellationToken);
        Assert.Single(lease.Replies);
        Line.CutAfterCommit();

        await EndAsync(lease.SentAsync(CancellationToken));

        Assert.Equal(1, Line.Cut);
        Assert.Equal(MessageState.Consumed, await _relay.StateAsync(id));
        lease.Dispose();
        using var next = await _relay.Get<Handover>().TakeAsync(SessionId.Stored("session-1"), CancellationToken);
        Assert.Empty(next.Replies);
    }

    private void CutAfterTheCall(string reply) => _relay.Advisor.Enqueue((_, _) =>
    {
        Line.CutAfterCommit();
        return Task.FromResult<AdvisorOutcome>(ScriptedAdvisor.Replied(reply));
    });

    /// <summary>What is tried again every second.</summary>
    private Task EndAsync(Task task) => Until.TrueAsync(
        () =>
        {
            _relay.Clock.Advance(TimeSpan.FromSeconds(1));
            return task.IsCompletedSuccessfully;
        },
        "the end");

    private Task UntilAnsweredAsync(MessageId id) => Until.TrueAsync(
        async () =>
        {
            await TryAsync(() => _relay.RunAsync<AdvisorLoop>());
            _relay.Clock.Advance(TimeSpan.FromSeconds(1));
            return (await _relay.MessageAsync(id)).State == MessageState.Answered;
        },
        "the answer");

    private static async Task TryAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (DbException)
        {
            // As a loop's runner does, which tries again.
        }
    }
}
