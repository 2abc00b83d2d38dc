using Microsoft.Extensions.DependencyInjection;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>The order of turns. In a conversation one message is asked after the other, the operator's first;
/// conversations are asked at the same time.</summary>
public sealed class TurnOrderTests : IAsyncLifetime
{
    private static readonly ConversationId Default = new("default");

    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync(
        """
        sessions:
          - session_id: session-1
          - session_id: other
            conversation: aside
        """);

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task Messages_are_answered_in_the_order_they_came()
    {
        foreach (var text in (string[])["one", "two", "three"])
            await _relay.AcceptAsync("session-1", text);

        await _relay.TakeTurnsAsync();

        Assert.Equal(
            ["[session-1] one", "[session-1] two", "[session-1] three"],
            _relay.Advisor.Calls.Select(call => call.Messages[^1].Blocks[^1]));
    }

    [Fact]
    public async Task The_operators_answer_goes_before_everything_that_waits()
    {
        _relay.Advisor.Reply("[NEEDS-JC] Which one?");
        await _relay.AcceptAsync("session-1", "one");
        await _relay.TakeTurnsAsync();
        await _relay.AcceptAsync("session-2", "two");
        await _relay.AcceptAsync("session-3", "three");
        await _relay.TakeTurnsAsync();
        Assert.Single(_relay.Advisor.Calls);

        await _relay.AnswerAsync("The left one.");
        await _relay.TakeTurnsAsync();

        Assert.Equal(
            ["[session-1] one", "[operator JC] The left one.", "[session-2] two", "[session-3] three"],
            _relay.Advisor.Calls.Select(call => call.Messages[^1].Blocks[^1]));
    }

    [Fact]
    public async Task Nobody_overtakes_a_deferred_message_and_the_conversation_is_not_due_meanwhile()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Deferred("HTTP 529", RetryAfter: TimeSpan.FromMinutes(1)));
        await _relay.AcceptAsync("session-1", "one");
        await _relay.AcceptAsync("session-2", "two");
        await _relay.TakeTurnsAsync();

        Assert.Empty(await _relay.Get<AdvisorLoop>().DueAsync(CancellationToken)); // Otherwise the loop would run without rest until then.
        Assert.Single(_relay.Advisor.Calls);

        _relay.Clock.Advance(TimeSpan.FromMinutes(2));
        await _relay.TakeTurnsAsync();
        Assert.Equal(3, _relay.Advisor.Calls.Count);
        Assert.Equal("[session-1] one", _relay.Advisor.Calls[1].Messages[^1].Blocks[^1]);
    }

    [Fact]
    public async Task Behind_a_held_message_the_conversation_is_not_due()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Credentials, "HTTP 401"));
        await _relay.AcceptAsync("session-1", "one");
        await _relay.AcceptAsync("session-2", "two");

        await _relay.TakeTurnsAsync();

        Assert.Empty(await _relay.Get<AdvisorLoop>().DueAsync(CancellationToken));
        Assert.Single(_relay.Advisor.Calls);
    }

    [Fact]
    public async Task Conversations_do_not_wait_for_each_other_but_turns_of_one_do()
    {
        var called = new SemaphoreSlim(0);
        var goOn = new TaskCompletionSource<AdvisorOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<AdvisorOutcome> Hang()
        {
            called.Release();
            return goOn.Task;
        }
        _relay.Advisor.Enqueue((_, _) => Hang());
        _relay.Advisor.Enqueue((_, _) => Hang());
        await _relay.AcceptAsync("session-1", "one");
        await _relay.AcceptAsync("session-2", "two");
        await _relay.AcceptAsync("other", "aside");

        await _relay.RunAsync<AdvisorLoop>();
        Assert.True(await called.WaitAsync(TimeSpan.FromSeconds(20), CancellationToken));
        Assert.True(await called.WaitAsync(TimeSpan.FromSeconds(20), CancellationToken));
        await _relay.RunAsync<AdvisorLoop>();

        var asked = _relay.Advisor.Calls.Select(call => call.Messages[^1].Blocks[^1]);
        Assert.Equal(["[other] aside", "[session-1] one"], asked.Order(StringComparer.Ordinal));
        goOn.SetResult(ScriptedAdvisor.Replied("Done."));
        await Until.TrueAsync(() => _relay.Advisor.Calls.Count == 3, "the next turn of the default conversation");
        await _relay.Get<AdvisorLoop>().StopAsync(CancellationToken); // Its runs would go on after the test.
    }

    [Fact]
    public async Task A_commit_under_an_older_claim_changes_nothing()
    {
        var id = await _relay.AcceptAsync("session-1", "one");
        var stale = await _relay.ClaimAsync();
        await _relay.Get<Recovery>().StartAsync(CancellationToken);
        var current = await _relay.ClaimAsync();
        var end = _relay.Get<TurnEnd>();
        Task<bool> CommitAsync(Claim claim, string text) => _relay.WriteAsync(
            writing => end.CommitAsync(writing, claim, ScriptedAdvisor.Replied(text), staged: null, CancellationToken));

        Assert.False(await CommitAsync(stale!, "Stale."));
        Assert.Equal(MessageState.Asking, (await _relay.MessageAsync(id)).State);
        Assert.True(await CommitAsync(current!, "Current."));
        Assert.False(await CommitAsync(current!, "Current, once more."));

        Assert.Equal(["one", "Current."], (await _relay.WindowAsync()).Turns.Select(entry => entry.Content));
        Assert.Equal(1, await _relay.CountAsync("SELECT COUNT(*) FROM dispatches"));
        var states = await _relay.ReadAsync("SELECT state FROM calls ORDER BY COALESCE(finished_at, 0)", row => row.Text());
        Assert.Equal(["lost", "done"], states);
    }

    [Fact]
    public async Task Unasked_words_of_the_operator_are_answered_with_a_page()
    {
        _relay.Advisor.Reply("Noted.");

        await _relay.AnswerAsync("We use tabs.", key: "1", unaskedWelcome: true);
        await _relay.TakeTurnsAsync();

        Assert.Equal("[operator JC] We use tabs.", Assert.Single(_relay.Advisor.Calls).Messages[^1].Blocks[^1]);
        var page = Assert.Single(await _relay.PagesAsync());
        Assert.Equal(("Relay: the advisor replies", "Noted."), (page.Title, page.Body));
        Assert.Equal(0, await _relay.CountAsync("SELECT COUNT(*) FROM dispatches"));
    }
}
