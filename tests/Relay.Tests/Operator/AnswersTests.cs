using Xunit;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Tests.Testing;

namespace Relay.Tests.Operator;

public sealed class AnswersTests : IAsyncLifetime
{
    private TempRelay _relay = null!;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task A_reply_with_the_token_opens_a_question_pages_and_is_not_dispatched()
    {
        await EscalateAsync("s", "[NEEDS-JC] Which of the two?");
        await _relay.RunAsync<Dispatcher>();

        Assert.Null(_relay.Consume("s"));
        var question = Assert.Single(await _relay.OpenQuestionsAsync());
        Assert.Equal(("s", "[NEEDS-JC] Which of the two?"), (question.Session.Value, question.Text));
        var page = Assert.Single(await _relay.PagesAsync());
        Assert.Contains("[NEEDS-JC]", page.Title, StringComparison.Ordinal);
        Assert.Contains("Which of the two?", page.Body, StringComparison.Ordinal);
        Assert.InRange(page.Priority, 4, 5);
        var status = await _relay.StatusAsync();
        Assert.Equal(("needs_jc", "[NEEDS-JC] Which of the two?", 1), (status.State, status.LastNeedsJcText, status.QueueDepth));
        Assert.Equal(_relay.Clock.GetUtcNow(), status.LastNeedsJcAt);
    }

    [Theory]
    [InlineData(190, true)]
    [InlineData(191, false)]
    [InlineData(0, true)]
    [InlineData(5000, false)]
    public async Task Only_a_token_within_the_first_200_characters_counts(int before, bool escalates)
    {
        await EscalateAsync("s", new string('x', before) + "[NEEDS-JC] tail");

        Assert.Equal(escalates ? 1 : 0, (await _relay.OpenQuestionsAsync()).Count);
    }

    [Fact]
    public async Task Token_and_scan_chars_follow_the_configuration()
    {
        await _relay.ConfigureAsync("operator: {name: Ada, token: \"ASK-ADA\", scan_chars: 20}");
        await EscalateAsync("s", "[NEEDS-JC] is just text now");
        await EscalateAsync("s", new string('x', 14) + "ASK-ADA");
        await EscalateAsync("t", "ASK-ADA now");

        var question = Assert.Single(await _relay.OpenQuestionsAsync());
        Assert.Equal("t", question.Session.Value);
        Assert.Contains("ASK-ADA", Assert.Single(await _relay.PagesAsync()).Title, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_conversation_waits_over_restarts_and_the_answer_goes_ahead_of_all_that_waits()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");
        await _relay.AcceptAsync("b", "waiting since before");
        await _relay.AcceptAsync("a", "and this");
        await _relay.RestartAsync();
        _relay.Clock.Advance(TimeSpan.FromDays(30));
        await _relay.TakeTurnsAsync();
        Assert.Single(_relay.Advisor.Calls);

        _relay.Advisor.Reply("The left one, says JC.");
        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync("The left one."));
        await _relay.TakeTurnsAsync();

        Assert.Equal("[operator JC] The left one.", _relay.Advisor.Calls[1].Messages[^1].Blocks[^1]);
        Assert.Equal("[b] waiting since before", _relay.Advisor.Calls[2].Messages[^1].Blocks[^1]);
        Assert.Equal("[a] and this", _relay.Advisor.Calls[3].Messages[^1].Blocks[^1]);
        await _relay.RunAsync<Dispatcher>();
        Assert.Equal("The left one, says JC.", _relay.Consume("a"));
        Assert.Equal("running", (await _relay.StatusAsync()).State);
    }

    [Fact]
    public async Task Other_conversations_do_not_wait()
    {
        await _relay.ConfigureAsync("sessions: [{session_id: a, conversation: one}, {session_id: b, conversation: two}]");
        await EscalateAsync("a", "[NEEDS-JC] Which?");

        _relay.Advisor.Reply("at once");
        await _relay.AcceptAsync("b", "me?");
        await _relay.TakeTurnsAsync();
        await _relay.RunAsync<Dispatcher>();

        Assert.Equal("at once", _relay.Consume("b"));
    }

    [Fact]
    public async Task A_question_after_the_answer_goes_back_to_the_same_session()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");
        _relay.Advisor.Reply("[NEEDS-JC] Sure?", "Fine.");
        await _relay.AnswerAsync("left");
        await _relay.TakeTurnsAsync();
        var second = Assert.Single(await _relay.OpenQuestionsAsync());
        Assert.Equal("a", second.Session.Value);

        await _relay.AnswerAsync("sure");
        await _relay.TakeTurnsAsync();
        await _relay.RunAsync<Dispatcher>();

        Assert.Equal("Fine.", _relay.Consume("a"));
        await _relay.RunAsync<Dispatcher>();
        Assert.Null(_relay.Consume("a"));
        Assert.Equal((0, 6), ((await _relay.StatusAsync()).QueueDepth, (await _relay.StatusAsync()).HistoryTurns));
    }

    [Fact]
    public async Task Words_for_a_session_go_straight_to_it_and_clear_the_wait()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");
        await _relay.AcceptAsync("b", "waiting");

        Assert.Equal("a", Assert.IsType<Answers.Outcome.Direct>(await _relay.AnswerAsync("@a: take the left one\nand be quick")).Session.Value);
        await _relay.RunAsync<Dispatcher>();

        Assert.Equal("take the left one\nand be quick", _relay.Consume("a"));
        Assert.Single(_relay.Advisor.Calls);
        Assert.Empty(await _relay.OpenQuestionsAsync());
        await _relay.TakeTurnsAsync();
        Assert.Contains("[operator JC] @a: take the left one\nand be quick", _relay.Advisor.Calls[1].Messages[^1].Blocks);
    }

    [Fact]
    public async Task Words_for_another_session_clear_the_wait_too()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");

        await _relay.AnswerAsync("@b: you do it");
        await _relay.RunAsync<Dispatcher>();

        Assert.Equal("you do it", _relay.Consume("b"));
        Assert.Null(_relay.Consume("a"));
        Assert.Empty(await _relay.OpenQuestionsAsync());
        Assert.Equal(("running", 0), ((await _relay.StatusAsync()).State, (await _relay.StatusAsync()).QueueDepth));
    }

    [Fact]
    public async Task Words_for_a_session_need_no_question_and_make_an_unknown_session_known()
    {
        await _relay.AnswerAsync("  @newcomer:hello");
        await _relay.RunAsync<Dispatcher>();

        Assert.Equal("hello", _relay.Consume("newcomer"));
        Assert.Empty(_relay.Advisor.Calls);
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

        Assert.Contains("stranger", Assert.IsType<Answers.Outcome.Refused>(await _relay.AnswerAsync("@stranger: hi")).Reason, StringComparison.Ordinal);
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
        Assert.Equal(1, await _relay.CountAsync("SELECT COUNT(*) FROM messages WHERE speaker = 'operator'"));
    }

    [Fact]
    public async Task Two_answers_at_once_are_one()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(() => _relay.AnswerAsync($"answer {number}", question: 1))));

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
    public async Task A_number_that_is_no_question_is_part_of_the_answer()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which issue?");

        await _relay.AnswerAsync("#4711 is the one");
        await _relay.TakeTurnsAsync();

        Assert.Equal("[operator JC] #4711 is the one", _relay.Advisor.Calls[1].Messages[^1].Blocks[^1]);
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

    [Fact]
    public async Task A_refusal_asks_the_operator_and_the_answer_is_the_next_turn()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Refused("not that"));
        var message = await _relay.AcceptAsync("a", "something");
        await _relay.TakeTurnsAsync();
        Assert.Equal("needs_jc", (await _relay.StatusAsync()).State);
        Assert.Equal(MessageState.Held, (await _relay.MessageAsync(message)).State);
        await _relay.RestartAsync();
        await _relay.TakeTurnsAsync();
        Assert.Single(_relay.Advisor.Calls);

        _relay.Advisor.Reply("Then so.");
        await _relay.AnswerAsync("Ask it differently.");
        await _relay.TakeTurnsAsync();
        await _relay.RunAsync<Dispatcher>();

        Assert.Equal("Then so.", _relay.Consume("a"));
        Assert.Equal("running", (await _relay.StatusAsync()).State);
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

    [Fact]
    public async Task The_page_of_an_answered_question_is_dropped()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");

        await _relay.AnswerAsync("left");

        Assert.Equal("dropped", Assert.Single(await _relay.PagesAsync()).State);
    }

    private async Task EscalateAsync(string session, string reply)
    {
        _relay.Advisor.Reply(reply);
        await _relay.AcceptAsync(session, "a question");
        await _relay.TakeTurnsAsync();
    }
}
