using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Operator.Rulings;
using Relay.Storage;
using Xunit;

namespace Relay.Tests.Operator.Rulings;

/// <summary>"No, ask me."</summary>
public sealed class OverturningTests : OperatorTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, "Spaces.", false)]
    [InlineData(false, "Spaces.", false)]
    [InlineData(true, "[once] Spaces.", true)]
    public async Task The_question_is_asked_anew_and_the_answer_takes_the_rulings_place(bool byUse, string answer, bool stands)
    {
        var message = await SettledAsync();
        var outcome = await OverturnAsync(byUse ? "1" : message.Value);

        Assert.Equal((2, 1L), Assert.IsType<Overturning.Outcome.Asked>(outcome) is var asked ? (asked.Question, asked.Ruling) : default);
        var question = Assert.Single(await _relay.OpenQuestionsAsync());
        Assert.Contains("tabs here?", question.Text, StringComparison.Ordinal);
        Assert.Contains("> Tabs.", question.Text, StringComparison.Ordinal);
        Assert.Contains(await _relay.PagesAsync(), page => page is { Cause: "question:2", Priority: 5 });
        Assert.Equal("needs_jc", (await _relay.StatusAsync()).State);
        await _relay.RestartAsync();
        await _relay.TakeTurnsAsync();

        _relay.Advisor.Reply("Then spaces.");
        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync(answer));
        await _relay.TakeTurnsAsync();
        await _relay.RunAsync<Dispatcher>();

        Assert.Matches(@"^\[advisor, on the operator's message [0-9a-z]+\]\nThen spaces\.$", _relay.Consume("s"));
        var old = await FindAsync(1);
        Assert.Equal((stands ? RulingState.Standing : RulingState.Superseded, stands ? null : 2L), (old.State, old.SupersededBy));
        var call = string.Join('\n', _relay.Advisor.Calls[^1].Messages.SelectMany(each => each.Blocks));
        Assert.Contains("The operator overturned what was settled by ruling 1", call, StringComparison.Ordinal);
        Assert.Equal(stands, call.Contains("[operator JC] Tabs.", StringComparison.Ordinal));
        var use = (await _relay.ReadAsync(reading => RulingUses.FindAsync(reading, 1, CancellationToken)))!;
        Assert.Equal(2, use.OverturnedBy);
        Assert.Equal(0, (await _relay.StatusAsync()).QueueDepth);
        Assert.Contains(await _relay.EventsAsync(message), each => each.Detail == "overturned by the operator, who is asked: question #2");
    }

    [Fact]
    public async Task The_new_ruling_holds_for_what_the_old_one_did()
    {
        await SettledAsync("[always] Tabs.");
        await OverturnAsync("1");
        await _relay.AnswerAsync("Spaces.");
        await _relay.TakeTurnsAsync();

        Assert.Equal(RulingScope.Always, (await FindAsync(2)).Scope);
    }

    [Fact]
    public async Task The_words_of_the_old_one_are_in_no_call_any_more_and_still_where_the_question_is_shown()
    {
        await _relay.ConfigureAsync("sessions: [{session_id: t, conversation: other}]");
        await SettledAsync("[always] Tabs, OLDWORDS.");
        await OverturnAsync("1");
        var asked = Assert.Single(await _relay.OpenQuestionsAsync());
        Assert.Contains("OLDWORDS", asked.Text, StringComparison.Ordinal);
        await _relay.AnswerAsync("Spaces.");
        await _relay.TakeTurnsAsync();

        await _relay.AcceptAsync("t", "tabs there?");
        await _relay.TakeTurnsAsync();

        var call = string.Join('\n', _relay.Advisor.Calls[^1].Messages.SelectMany(each => each.Blocks));
        Assert.Contains("This is ruling 2, for all conversations", call, StringComparison.Ordinal);
        Assert.Contains("tabs here?", call, StringComparison.Ordinal);
        Assert.DoesNotContain("OLDWORDS", call, StringComparison.Ordinal);
        Assert.EndsWith("> tabs here?", (await FindAsync(2)).Asked, StringComparison.Ordinal);
        Assert.Equal(0, await _relay.ReadAsync(reading => reading
            .Sql("SELECT COUNT(*) FROM entries WHERE question LIKE '%OLDWORDS%'").NumberAsync(CancellationToken)));
        var shown = await _relay.ReadAsync(reading => QuestionStore.FindAsync(reading, asked.Id, CancellationToken));
        Assert.Contains("OLDWORDS", shown!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Once_is_enough_and_what_rests_on_nothing_cannot_be()
    {
        var message = await SettledAsync();
        var free = await SayAsync("else?", "No ruling needed.");
        await OverturnAsync("1");

        await RefusedAsync("1", "overturned before: question #2");
        await RefusedAsync(message.Value, "overturned before: question #2");
        await RefusedAsync(free.Value, "rests on no ruling");
        await RefusedAsync("77", "no use 77 and no message 77");
        var waiting = await _relay.AcceptAsync("s", "waits");
        await RefusedAsync(waiting.Value, "no reply yet");
    }

    [Fact]
    public async Task While_the_conversation_waits_or_is_asked_it_has_to_wait()
    {
        await SettledAsync();
        await _relay.AcceptAsync("s", "more?");
        Assert.NotNull(await _relay.ClaimAsync());
        await RefusedAsync("1", "is being asked");
        await _relay.RestartAsync();
        _relay.Advisor.Reply("[NEEDS-JC] Hm?");
        await _relay.TakeTurnsAsync();
        await RefusedAsync("1", "waits for your answer to question #2");
    }

    [Fact]
    public async Task Of_several_rulings_it_has_to_be_said_which()
    {
        await SettledAsync();
        await _relay.AnswerAsync("Tests first.", key: "k", unaskedWelcome: true);
        await _relay.TakeTurnsAsync();
        var message = await SayAsync("and?", "By [ruling 1] and [ruling 2].");

        await RefusedAsync(message.Value, "say which use: 2 (of ruling 1), 3 (of ruling 2)");
        Assert.IsType<Overturning.Outcome.Asked>(await OverturnAsync("3"));
    }

    [Fact]
    public async Task A_default_that_was_taken_is_overturned_by_its_message()
    {
        _relay.Advisor.Reply("[NEEDS-JC by=1h default=a] Which?\n- (a) left\n- (b) right", "Left then.");
        var message = await _relay.AcceptAsync("s", "which way?");
        await _relay.TakeTurnsAsync();
        _relay.Clock.Advance(TimeSpan.FromHours(1));
        await _relay.RunAsync<Defaults>();
        await _relay.TakeTurnsAsync();
        await _relay.RunAsync<Dispatcher>();
        Assert.Equal("Left then.", _relay.Consume("s"));

        Assert.Equal(2, Assert.IsType<Overturning.Outcome.Asked>(await OverturnAsync(message.Value)).Question);
        _relay.Advisor.Reply("Right, says JC.");
        await _relay.AnswerAsync("right");
        await _relay.TakeTurnsAsync();
        await _relay.RunAsync<Dispatcher>();

        Assert.EndsWith("\nRight, says JC.", _relay.Consume("s"), StringComparison.Ordinal);
        await RefusedAsync(message.Value, "overturned before: question #2");
    }

    [Fact]
    public async Task Given_up_it_leaves_the_ruling_as_it_was()
    {
        await SettledAsync();
        await OverturnAsync("1");

        var words = (await _relay.MessagesAsync()).Single(each => each.State == MessageState.Waiting);
        Assert.True(await _relay.Get<Holds>().DropAsync(words, CancellationToken));

        Assert.Empty(await _relay.OpenQuestionsAsync());
        Assert.Equal(RulingState.Standing, (await FindAsync(1)).State);
    }

    [Fact]
    public async Task The_figures_count_what_was_asked_settled_and_overturned()
    {
        await SettledAsync();
        _relay.Clock.Advance(TimeSpan.FromMinutes(1));
        await SayAsync("also?", "Yes [ruling 1].");
        await OverturnAsync("1");
        _relay.Clock.Advance(TimeSpan.FromMinutes(30));
        await _relay.AnswerAsync("Spaces.");
        await _relay.TakeTurnsAsync();

        var figures = await _relay.ReadAsync(reading => RulingFigures.ReadAsync(reading, CancellationToken));

        Assert.Equal((2L, 15.0, 30.0), (figures.Answered, figures.MinutesPerQuestion, figures.LongestMinutes));
        Assert.Equal((2L, 0.5, 1L, 0.5), (figures.Settled, figures.SettledShare, figures.Overturned, figures.OverturnedShare));
        _relay.Clock.Advance(TimeSpan.FromDays(31));
        var later = await _relay.ReadAsync(reading => RulingFigures.ReadAsync(reading, CancellationToken));
        Assert.Equal((null, null, null), (later.MinutesPerQuestion, later.SettledShare, later.OverturnedShare));
    }

    private async Task<MessageId> SettledAsync(string ruling = "Tabs.")
    {
        await EscalateAsync("s", "[NEEDS-JC] Tabs?");
        _relay.Advisor.Reply("Tabs it is.");
        await _relay.AnswerAsync(ruling);
        await _relay.TakeTurnsAsync();
        var message = await SayAsync("tabs here?", "Yes [ruling 1].");
        for (var each = 0; each < 2; each++)
        {
            await _relay.RunAsync<Dispatcher>();
            Assert.NotNull(_relay.Consume("s"));
        }
        await _relay.RunAsync<Dispatcher>();
        return message;
    }

    private async Task<MessageId> SayAsync(string text, string reply)
    {
        _relay.Advisor.Reply(reply);
        var message = await _relay.AcceptAsync("s", text);
        await _relay.TakeTurnsAsync();
        return message;
    }

    private Task<Overturning.Outcome> OverturnAsync(string what) => _relay.Get<Overturning>().OverturnAsync(what, CancellationToken);

    private async Task RefusedAsync(string what, string reason) => Assert.Contains(
        reason, Assert.IsType<Overturning.Outcome.Refused>(await OverturnAsync(what)).Reason, StringComparison.Ordinal);

    private async Task<RulingRecord> FindAsync(long number) =>
        (await _relay.ReadAsync(reading => RulingStore.FindAsync(reading, number, CancellationToken)))!;
}
