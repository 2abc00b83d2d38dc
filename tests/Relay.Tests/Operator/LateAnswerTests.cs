using Relay.Operator;
using Xunit;

namespace Relay.Tests.Operator;

/// <summary>What is said of a question that was answered, and to whom comes too late.</summary>
public sealed class LateAnswerTests : OperatorTests
{
    [Fact]
    public async Task Who_is_late_is_told_the_option_that_was_chosen()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?\n- (a) the left one\n- (b) the right one");
        await _relay.AnswerAsync("b", question: 1);

        var late = Assert.IsType<Answers.Outcome.Refused>(await _relay.AnswerAsync("a", question: 1));

        Assert.EndsWith("stands: \"(b) the right one\"", late.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_words_of_a_form_that_was_sent_before_are_told_who_was_first()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");
        await _relay.AnswerAsync("left", question: 1, key: "form");

        var late = Assert.IsType<Answers.Outcome.Refused>(await _relay.AnswerAsync("right", question: 1, key: "form"));

        Assert.StartsWith("question #1 was answered by the test at", late.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answered_message_no_longer_says_that_it_waits_for_the_operator()
    {
        await EscalateAsync("a", "[NEEDS-JC] Which?");
        Assert.Equal(1, await _relay.CountAsync("SELECT COUNT(*) FROM messages WHERE reason = 'for the operator, question #1'"));

        await _relay.AnswerAsync("left", question: 1);

        Assert.Equal(1, await _relay.CountAsync(
            "SELECT COUNT(*) FROM messages WHERE state = 'waiting' AND reason = 'question #1 was answered by the test'"));
    }
}
