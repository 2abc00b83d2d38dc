using Relay.Operator;
using Xunit;

namespace Relay.Tests.Operator;

/// <summary>What a number at the beginning of the operator's words means.</summary>
public sealed class NumberedWordsTests : OperatorTests
{
    [Fact]
    public async Task Words_that_begin_with_a_number_sign_need_the_number_of_the_question_before_them()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which issue?");

        var refused = Assert.IsType<Answers.Outcome.Refused>(await _relay.AnswerAsync("#4711 is the one"));
        Assert.StartsWith("there is no question #4711; open: #1 of a", refused.Reason, StringComparison.Ordinal);
        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync("#1 #4711 is the one"));
        await _relay.TakeTurnsAsync();

        Assert.Equal("[operator JC] #4711 is the one", _relay.Advisor.Calls[1].Messages[^1].Blocks[^1]);
    }

    [Theory]
    [InlineData("#99 nope")]
    [InlineData("#7: no such")]
    [InlineData("#9")]
    [InlineData("#0 x")]
    [InlineData("#99999999999999999999999 nope")]
    [InlineData("#99999999999999999999999: nope")]
    [InlineData("#\u0669\u0669 nope")]
    [InlineData("1")]
    public async Task A_number_of_no_question_or_without_words_settles_nothing_and_costs_nothing(string words)
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");

        Assert.IsType<Answers.Outcome.Refused>(await _relay.AnswerAsync(words, key: "k", unaskedWelcome: true));

        Assert.Single(await _relay.OpenQuestionsAsync());
        await _relay.AnswerAsync("2.5"); // That is no question's number.
        Assert.IsType<Answers.Outcome.Refused>(await _relay.AnswerAsync(words, key: "l", unaskedWelcome: true));
        await _relay.TakeTurnsAsync();
        Assert.Equal(2, _relay.Advisor.Calls.Count);
    }

    [Fact]
    public async Task A_number_in_the_digits_of_another_keyboard_is_that_number()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");

        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync("#\uff11 left"));
        await _relay.TakeTurnsAsync();

        Assert.Equal("[operator JC] left", _relay.Advisor.Calls[1].Messages[^1].Blocks[^1]);
    }

    [Fact]
    public async Task A_numbered_word_for_a_session_goes_to_that_session()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");
        await _relay.AcceptAsync("b", "hello");
        await _relay.TakeTurnsAsync();

        var sent = Assert.IsType<Answers.Outcome.Direct>(await _relay.AnswerAsync("#1 @b: look here"));

        Assert.Equal(("b", null), (sent.Session.Value, sent.Question));
        Assert.Equal(1, Assert.Single(await _relay.OpenQuestionsAsync()).Id);
    }
}
