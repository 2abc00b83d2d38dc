using Relay.Conversations;
using Relay.Operator;
using Xunit;

namespace Relay.Tests.Operator;

/// <summary>Words without a number count for the question they were written for.</summary>
public sealed class BareWordsTests : OperatorTests
{
    private DateTimeOffset Now => _relay.Clock.GetUtcNow();

    [Fact]
    public async Task Written_before_the_question_was_asked_they_are_words_nobody_asked_for()
    {
        await TwoConversationsAsync();
        var written = Now;
        await LaterAsync(() => EscalateAsync("b", "[NEEDS-JC] Delete it all?"));

        Assert.IsType<Answers.Outcome.Unasked>(await SayAsync("yes, do it", written));

        Assert.Equal("b", Assert.Single(await _relay.OpenQuestionsAsync()).Session.Value);
    }

    [Fact]
    public async Task Written_for_a_question_that_another_answer_settled_they_do_not_answer_the_next_one()
    {
        await TwoConversationsAsync();
        await EscalateAsync("a", "[NEEDS-JC] Rename it?");
        _relay.Clock.Advance(TimeSpan.FromMinutes(1));
        var written = Now;
        await LaterAsync(() => _relay.AnswerAsync("no", question: 1));
        await LaterAsync(() => EscalateAsync("b", "[NEEDS-JC] Delete it all?"));

        var refused = Assert.IsType<Answers.Outcome.Refused>(await SayAsync("yes, do it", written));

        Assert.Contains("question #1 was answered by the test", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(2, Assert.Single(await _relay.OpenQuestionsAsync()).Id);
    }

    [Fact]
    public async Task Written_while_one_was_open_they_answer_it_though_another_was_asked_since()
    {
        await TwoConversationsAsync();
        await EscalateAsync("a", "[NEEDS-JC] Rename it?");
        var written = Now;
        await LaterAsync(() => EscalateAsync("b", "[NEEDS-JC] Delete it all?"));

        Assert.Equal(1, Assert.IsType<Answers.Outcome.Accepted>(await SayAsync("yes", written)).Question);
    }

    [Fact]
    public async Task Written_while_several_were_open_they_are_refused_though_one_is_left()
    {
        await TwoConversationsAsync();
        await EscalateAsync("a", "[NEEDS-JC] Rename it?");
        await EscalateAsync("b", "[NEEDS-JC] Delete it all?");
        var written = Now;
        await LaterAsync(() => _relay.AnswerAsync("no", question: 1));

        var refused = Assert.IsType<Answers.Outcome.Refused>(await SayAsync("yes", written));

        Assert.Contains("#1 of a, #2 of b", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(2, Assert.Single(await _relay.OpenQuestionsAsync()).Id);
    }

    [Fact]
    public async Task Written_after_the_answer_they_are_words_nobody_asked_for_however_soon()
    {
        await EscalateAsync("a", "[NEEDS-JC] Rename it?");
        await _relay.AnswerAsync("no", question: 1);
        _relay.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.IsType<Answers.Outcome.Unasked>(await SayAsync("And use tabs.", Now));
    }

    [Fact]
    public async Task After_the_clock_was_set_back_they_still_answer_what_is_open()
    {
        await EscalateAsync("a", "[NEEDS-JC] Rename it?");
        _relay.Clock.Set(TimeSpan.FromHours(-2));

        Assert.IsType<Answers.Outcome.Accepted>(await SayAsync("yes", Now));
    }

    [Fact]
    public async Task Direct_words_written_before_the_session_asked_do_not_settle_its_question()
    {
        await _relay.AcceptAsync("a", "hello");
        await _relay.TakeTurnsAsync();
        var written = Now;
        await LaterAsync(() => EscalateAsync("a", "[NEEDS-JC] Delete it all?"));

        var direct = Assert.IsType<Answers.Outcome.Direct>(await SayAsync("@a: go on", written));

        Assert.Null(direct.Question);
        Assert.Single(await _relay.OpenQuestionsAsync());
    }

    [Theory]
    [InlineData("allow")]
    [InlineData("deny: not now")]
    public async Task A_permission_is_not_settled_by_words_written_before_it_was_asked(string word)
    {
        var written = Now;
        await LaterAsync(AskPermissionAsync);

        Assert.IsType<Answers.Outcome.Unasked>(await SayAsync(word, written));
        Assert.Single(await _relay.OpenQuestionsAsync());
        Assert.IsType<Answers.Outcome.Accepted>(await SayAsync(word, Now));
    }

    [Fact]
    public async Task A_permission_needs_its_number_while_another_question_is_open()
    {
        await AskPermissionAsync();
        var written = Now;
        await LaterAsync(() => EscalateAsync("a", "[NEEDS-JC] Rename it?"));

        var refused = Assert.IsType<Answers.Outcome.Refused>(await SayAsync("allow", written));

        Assert.Contains("\"#1 allow\"", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(1, Assert.IsType<Answers.Outcome.Accepted>(await SayAsync("#1 allow", written)).Question);
    }

    [Fact]
    public async Task What_was_written_for_a_permission_nobody_waits_for_any_more_answers_nothing_else()
    {
        await AskPermissionAsync();
        _relay.Clock.Advance(TimeSpan.FromMinutes(1));
        var written = Now;
        var permission = Assert.Single(await _relay.OpenQuestionsAsync());
        await LaterAsync(() => _relay.WriteAsync(
            writing => QuestionStore.ExpireAsync(writing, permission, "nobody", TestContext.Current.CancellationToken)));
        await LaterAsync(() => EscalateAsync("a", "[NEEDS-JC] Delete it all?"));

        Assert.IsType<Answers.Outcome.Refused>(await SayAsync("yes", written));

        Assert.Equal(2, Assert.Single(await _relay.OpenQuestionsAsync()).Id);
    }

    private Task<Answers.Outcome> SayAsync(string text, DateTimeOffset writtenAt) =>
        _relay.AnswerAsync(text, key: $"{text}|{writtenAt:O}", unaskedWelcome: true, writtenAt: writtenAt);

    private Task TwoConversationsAsync() =>
        _relay.ConfigureAsync("sessions: [{session_id: a, conversation: one}, {session_id: b, conversation: two}]");

    private Task AskPermissionAsync() => _relay.WriteAsync(writing => QuestionStore.OpenAsync(
        writing,
        new NewQuestion(new ConversationId("default"), null, SessionId.Stored("a"), QuestionKind.Permission, "May it?"),
        TestContext.Current.CancellationToken));

    private async Task LaterAsync(Func<Task> step)
    {
        _relay.Clock.Advance(TimeSpan.FromMinutes(1));
        await step();
        _relay.Clock.Advance(TimeSpan.FromMinutes(1));
    }
}
