using Relay.Advisor;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Operator;

/// <summary>Where the words of the operator go.</summary>
public sealed class AnswersTests : OperatorTests
{
    [Theory]
    [InlineData("[NEEDS-JC] When?\n- (a) now\n- (b) later", "later")]
    [InlineData("[NEEDS-JC] When?", "later, when the tests pass")]
    public async Task Where_an_option_says_them_or_they_say_more_they_are_an_answer(string asked, string words)
    {
        await EscalateAsync("s", asked);

        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync(words));
    }

    [Fact]
    public async Task Words_for_a_session_go_straight_to_it_and_clear_the_wait()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");
        await _relay.AcceptAsync("b", "waiting");

        var outcome = Assert.IsType<Answers.Outcome.Direct>(await _relay.AnswerAsync("@a: take the left one\nand be quick"));
        Assert.Equal("a", outcome.Session.Value);
        await _relay.RunAsync<Dispatcher>();

        Assert.Equal("take the left one\nand be quick", _relay.Consume("a"));
        Assert.Single(_relay.Advisor.Calls);
        Assert.Empty(await _relay.OpenQuestionsAsync());
        await _relay.TakeTurnsAsync();
        Assert.Contains("[operator JC] @a: take the left one\nand be quick", _relay.Advisor.Calls[1].Messages[^1].Blocks);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1L)]
    public async Task Words_for_another_session_are_delivered_and_leave_the_question_open(long? question)
    {
        await _relay.AcceptAsync("b", "Shall I?");
        await _relay.TakeTurnsAsync();
        await EscalateAsync("a", "[NEEDS-JC] Which?");

        var outcome = Assert.IsType<Answers.Outcome.Direct>(await _relay.AnswerAsync("@b: you do it", question));
        Assert.Null(outcome.Question);
        Assert.Equal("a", Assert.Single(outcome.StillOpen).Session.Value);
        Assert.Equal("[operator JC]\nyou do it", await LastPlacedAsync("b"));
        Assert.Null(await LastPlacedAsync("a"));
        Assert.Equal("a", Assert.Single(await _relay.OpenQuestionsAsync()).Session.Value);

        _relay.Advisor.Reply("The left one, says JC.");
        await _relay.AnswerAsync("left");
        await _relay.TakeTurnsAsync();
        Assert.Equal("The left one, says JC.", await LastPlacedAsync("a"));
    }

    [Fact]
    public async Task Words_for_a_session_with_a_question_of_its_own_settle_that_one_and_not_the_others()
    {
        await _relay.ConfigureAsync("sessions: [{session_id: a, conversation: one}, {session_id: b, conversation: two}]");
        await EscalateAsync("a", "[NEEDS-JC] A?");
        await EscalateAsync("b", "[NEEDS-JC] B?");

        var outcome = Assert.IsType<Answers.Outcome.Direct>(await _relay.AnswerAsync("@b: go on"));

        Assert.Equal(2, outcome.Question);
        Assert.Equal(1, Assert.Single(outcome.StillOpen).Id);
        Assert.Equal(1, Assert.Single(await _relay.OpenQuestionsAsync()).Id);
    }

    [Fact]
    public async Task Words_for_a_session_need_no_question_and_say_whose_they_are()
    {
        await _relay.ConfigureAsync("sessions: [{session_id: listed}]");

        await _relay.AnswerAsync("  @listed:hello");
        await _relay.RunAsync<Dispatcher>();

        Assert.Equal("[operator JC]\nhello", _relay.Consume("listed"));
        Assert.Empty(_relay.Advisor.Calls);
    }

    [Theory]
    [InlineData("@session-4: hello")]
    [InlineData("@Session-3: hello")]
    [InlineData("@sesion-3: hello")]
    public async Task Words_for_a_session_nobody_heard_of_are_refused_with_the_nearest_names(string text)
    {
        await _relay.ConfigureAsync("sessions: [{session_id: reviewer}, {session_id: session-3}]");
        await EscalateAsync("far-away", "[NEEDS-JC] Which?");

        var refused = Assert.IsType<Answers.Outcome.Refused>(await _relay.AnswerAsync(text));

        Assert.Contains("the nearest known: session-3, ", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(0, await _relay.CountAsync("SELECT COUNT(*) FROM dispatches"));
        Assert.Single(await _relay.OpenQuestionsAsync());
    }

    [Fact]
    public async Task A_ruling_keeps_its_question_however_it_came()
    {
        await EscalateAsync("a", "[NEEDS-JC] The first or the second?");
        await _relay.AnswerAsync("@a: the second one");
        await EscalateAsync("a", "[NEEDS-JC] Left or right?");
        await _relay.AnswerAsync("left");
        await _relay.TakeTurnsAsync();

        var rulings = await _relay.ReadAsync(
            "SELECT content, COALESCE(question, '') FROM entries WHERE ruling = 1 ORDER BY position", row => (row.Text(), row.Text()));

        Assert.Equal(
            [("@a: the second one", "[NEEDS-JC] The first or the second?"), ("left", "[NEEDS-JC] Left or right?")], rulings);
    }

    [Fact]
    public async Task Unasked_words_that_come_to_an_open_question_do_not_pass_for_its_answer()
    {
        _relay.Advisor.Enqueue(async (_, _) =>
        {
            await _relay.AnswerAsync("Tests first.", key: "k", unaskedWelcome: true); // While the session's message is being asked.
            return ScriptedAdvisor.Replied("[NEEDS-JC] Which?");
        });
        await _relay.AcceptAsync("a", "a question");

        await _relay.TakeTurnsAsync();

        Assert.Equal("[operator JC, not about question #1] Tests first.", _relay.Advisor.Calls[1].Messages[^1].Blocks[^1]);
        Assert.Single(await _relay.OpenQuestionsAsync());
    }

    [Fact]
    public async Task An_answer_is_the_next_turn_even_before_what_the_operator_said_earlier()
    {
        var before = _relay.Clock.GetUtcNow();
        _relay.Clock.Advance(TimeSpan.FromMinutes(1));
        await EscalateAsync("a", "[NEEDS-JC] Which?");
        await _relay.AnswerAsync("Tests first.", key: "k", unaskedWelcome: true, writtenAt: before);
        await _relay.AnswerAsync("left");

        await _relay.TakeTurnsAsync();

        Assert.Equal(
            ["[a] a question", "[operator JC] left", "[operator JC] Tests first."],
            _relay.Advisor.Calls.Select(call => call.Messages[^1].Blocks[^1]));
    }

    [Theory]
    [InlineData("@../../etc: x")]
    [InlineData("@a b: x")]
    [InlineData("@: x")]
    [InlineData("@sessiön: x")]
    [InlineData("@a: ")]
    [InlineData("@12345678901234567890123456789012345678901234567890123456789012345: x")]
    public async Task An_invalid_session_id_is_refused_with_the_reason_and_the_question_stays(string text)
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");

        var refused = Assert.IsType<Answers.Outcome.Refused>(await _relay.AnswerAsync(text));

        Assert.NotEmpty(refused.Reason);
        Assert.Single(await _relay.OpenQuestionsAsync());
        Assert.Equal(0, await _relay.CountAsync("SELECT COUNT(*) FROM dispatches"));
    }

    [Fact]
    public async Task A_session_that_may_not_speak_is_not_spoken_to()
    {
        await _relay.ConfigureAsync("accept_unknown_sessions: false\nsessions: [{session_id: a}]");

        var refused = Assert.IsType<Answers.Outcome.Refused>(await _relay.AnswerAsync("@stranger: hi"));
        Assert.Contains("stranger", refused.Reason, StringComparison.Ordinal);
        Assert.IsType<Answers.Outcome.Direct>(await _relay.AnswerAsync("@a: hi"));
    }

    [Theory]
    [InlineData("@a no colon on this line\nbut: here")]
    [InlineData("mail me @a: later")]
    public async Task An_at_sign_without_an_address_is_plain_text(string text)
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");

        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync(text));
    }

    [Fact]
    public async Task The_first_answer_wins_and_later_ones_are_told()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");

        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync("left", question: 1));
        var late = Assert.IsType<Answers.Outcome.Refused>(await _relay.AnswerAsync("right", question: 1));

        Assert.Contains("was answered by the test", late.Reason, StringComparison.Ordinal);
        Assert.EndsWith("the first answer stands: \"left\"", late.Reason, StringComparison.Ordinal);
        Assert.Equal(1, await _relay.CountAsync("SELECT COUNT(*) FROM messages WHERE speaker = 'operator'"));
    }

    [Fact]
    public async Task Two_answers_at_once_are_one()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");

        var outcomes = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(number => Task.Run(() => _relay.AnswerAsync($"answer {number}", question: 1))));

        Assert.Single(outcomes.OfType<Answers.Outcome.Accepted>());
        Assert.Equal(7, outcomes.OfType<Answers.Outcome.Refused>().Count());
    }

    [Fact]
    public async Task With_several_open_questions_the_number_is_needed()
    {
        await _relay.ConfigureAsync("sessions: [{session_id: a, conversation: one}, {session_id: b, conversation: two}]");
        await EscalateAsync("a", "[NEEDS-JC] A?");
        await EscalateAsync("b", "[NEEDS-JC] B?");

        var refused = Assert.IsType<Answers.Outcome.Refused>(await _relay.AnswerAsync("yes"));
        Assert.Contains("#1 of a, #2 of b", refused.Reason, StringComparison.Ordinal);

        Assert.Equal(2, Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync("#2 yes")).Question);
        Assert.Equal(1, Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync("no")).Question);
        await _relay.TakeTurnsAsync();
        Assert.Contains(_relay.Advisor.Calls, call => call.Messages[^1].Blocks[^1] == "[operator JC] yes");
    }

    [Fact]
    public async Task Words_nobody_asked_for_are_a_turn_whose_reply_is_paged()
    {
        _relay.Advisor.Reply("Noted.");
        Assert.IsType<Answers.Outcome.Unasked>(await _relay.AnswerAsync("From now on: tests first.", key: "k", unaskedWelcome: true));
        Assert.IsType<Answers.Outcome.Repeated>(await _relay.AnswerAsync("From now on: tests first.", key: "k", unaskedWelcome: true));

        await _relay.TakeTurnsAsync();

        Assert.Equal("[operator JC] From now on: tests first.", Assert.Single(_relay.Advisor.Calls).Messages[^1].Blocks[^1]);
        Assert.Contains(await _relay.PagesAsync(), page => page.Body == "Noted.");
    }

    [Theory]
    [InlineData("@relay: x")]
    [InlineData("@Operator-2: x")]
    [InlineData("@jc: x")]
    public async Task Nobody_has_a_reserved_name(string text) =>
        Assert.IsType<Answers.Outcome.Refused>(await _relay.AnswerAsync(text));

    [Fact]
    public async Task The_same_id_with_other_words_is_refused()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");
        await _relay.AnswerAsync("left", key: "k");

        Assert.IsType<Answers.Outcome.Repeated>(await _relay.AnswerAsync("left", key: "k"));
        Assert.IsType<Answers.Outcome.Refused>(await _relay.AnswerAsync("right", key: "k"));
    }

    private async Task<string?> LastPlacedAsync(string session)
    {
        string? last = null;
        while (await _relay.RunAsync<Dispatcher>() is var _ && _relay.Consume(session) is { } text)
            last = text;
        return last;
    }

    [Fact]
    public async Task A_refusal_can_be_answered_directly()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Refused("not that"));
        await _relay.AcceptAsync("a", "something");
        await _relay.TakeTurnsAsync();

        await _relay.AnswerAsync("@a: leave it");
        await _relay.TakeTurnsAsync();
        await _relay.RunAsync<Dispatcher>();

        Assert.Equal("leave it", _relay.Consume("a"));
        Assert.Single(_relay.Advisor.Calls);
        Assert.Equal((0, "running"), ((await _relay.StatusAsync()).QueueDepth, (await _relay.StatusAsync()).State));
    }
}
