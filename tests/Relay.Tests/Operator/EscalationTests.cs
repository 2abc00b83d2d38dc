using Relay.Advisor;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator;
using Xunit;

namespace Relay.Tests.Operator;

/// <summary>When the operator is asked, and what waits for the answer.</summary>
public sealed class EscalationTests : OperatorTests
{
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

    [Theory]
    [InlineData("🙂", 120, true)]
    [InlineData("🙂", 190, true)]
    [InlineData("🙂", 191, false)]
    [InlineData("👨‍👩‍👧‍👦", 150, true)]
    [InlineData("e\u0301", 190, true)]
    [InlineData("\r\n", 190, true)]
    public async Task Characters_are_counted_as_a_person_does(string character, int before, bool escalates)
    {
        await EscalateAsync("s", string.Concat(Enumerable.Repeat(character, before)) + "[NEEDS-JC] tail");

        Assert.Equal(escalates ? 1 : 0, (await _relay.OpenQuestionsAsync()).Count);
    }

    [Fact]
    public async Task A_reply_with_the_token_to_the_operators_own_words_is_a_question_too()
    {
        _relay.Advisor.Reply("[NEEDS-JC] All of them?", "[NEEDS-JC] Really?", "Done.");
        Assert.IsType<Answers.Outcome.Unasked>(await SayAsync("Tidy up."));
        await _relay.TakeTurnsAsync();

        var question = Assert.Single(await _relay.OpenQuestionsAsync());
        Assert.Equal(("[NEEDS-JC] All of them?", SessionId.None), (question.Text, question.Session));
        var page = Assert.Single(await _relay.PagesAsync());
        Assert.Equal(("[NEEDS-JC] the advisor asks (#1)", 5), (page.Title, page.Priority));
        Assert.Equal("question #1 of the operator", (await _relay.StatusAsync()).StateReason);
        await AssertSoundAsync();

        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync("all"));
        await AssertSoundAsync();
        await _relay.TakeTurnsAsync();
        Assert.Equal("[NEEDS-JC] Really?", Assert.Single(await _relay.OpenQuestionsAsync()).Text);
        await _relay.RestartAsync();
        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync("really"));
        await _relay.TakeTurnsAsync();

        Assert.Empty(await _relay.OpenQuestionsAsync());
        Assert.Contains(await _relay.PagesAsync(), each => each.Body == "Done.");
        var status = await _relay.StatusAsync();
        Assert.Equal(("running", 0), (status.State, status.QueueDepth));
        Assert.All(await _relay.MessagesAsync(), message => Assert.Equal(MessageState.Answered, message.State));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task A_refused_answer_to_a_question_about_his_own_words_asks_the_operator_again()
    {
        _relay.Advisor.Reply("[NEEDS-JC] All of them?");
        await SayAsync("Tidy up.");
        await _relay.TakeTurnsAsync();
        _relay.Advisor.Enqueue(new AdvisorOutcome.Refused("not that"));
        await _relay.AnswerAsync("all");
        await _relay.TakeTurnsAsync();

        Assert.Contains("refused to answer you", Assert.Single(await _relay.OpenQuestionsAsync()).Text, StringComparison.Ordinal);
        await AssertSoundAsync();
        _relay.Advisor.Reply("Done.");
        await _relay.AnswerAsync("some");
        await _relay.TakeTurnsAsync();

        Assert.Contains(await _relay.PagesAsync(), each => each.Body == "Done.");
        Assert.Equal(0, (await _relay.StatusAsync()).QueueDepth);
        await AssertSoundAsync();
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
    public async Task The_page_of_an_answered_question_is_dropped()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");

        await _relay.AnswerAsync("left");

        Assert.Equal("dropped", Assert.Single(await _relay.PagesAsync()).State);
    }

    private Task<Answers.Outcome> SayAsync(string words) => _relay.AnswerAsync(words, key: words, unaskedWelcome: true);

    private async Task AssertSoundAsync() =>
        Assert.Empty(await _relay.ReadAsync(reading => StateCheck.ReadAsync(reading, TestContext.Current.CancellationToken)));
}
