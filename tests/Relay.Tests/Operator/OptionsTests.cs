using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Texts;
using Xunit;

namespace Relay.Tests.Operator;

/// <summary>What the advisor offers, and how one of it is chosen.</summary>
public sealed class OptionsTests : OperatorTests
{
    private const string Asked = "[NEEDS-JC by=2h default=a] Which?\n- (a) Merge them (recommended)\n- (b) Keep both";

    [Fact]
    public async Task They_are_kept_with_the_question_and_told_with_how_to_choose()
    {
        await EscalateAsync("s", Asked);

        var question = Assert.Single(await _relay.OpenQuestionsAsync());
        Assert.Equal([new OptionLine("a", "Merge them", true), new OptionLine("b", "Keep both", false)], question.Options);
        Assert.Equal(("a", _relay.Clock.GetUtcNow() + TimeSpan.FromHours(2)), (question.DefaultOption, question.Deadline));
        Assert.Equal(Asked, question.Text);
        var body = Assert.Single(await _relay.PagesAsync()).Body;
        Assert.StartsWith("Which?\n- (a) Merge them (recommended)\n- (b) Keep both\n\nAnswer \"#1 a\"", body, StringComparison.Ordinal);
        Assert.Contains($"Without an answer until {QuestionPages.Time(question.Deadline!.Value)}, (a) is taken: Merge them", body,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a", "a")]
    [InlineData("A", "a")]
    [InlineData(" (b) ", "b")]
    [InlineData("Keep both", "b")]
    [InlineData("Merge them (recommended)", "a")]
    [InlineData("(b) Keep both", "b")]
    [InlineData("keep both", null)]
    [InlineData("a, but slowly", null)]
    [InlineData("(c)", null)]
    [InlineData("(a) but slowly", null)]
    public async Task An_answer_is_kept_word_for_word_and_the_advisor_is_told_which_option_it_names(string words, string? chosen)
    {
        await EscalateAsync("s", Asked);
        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync(words));
        await _relay.TakeTurnsAsync();

        var question = (await _relay.ReadAsync(reading => QuestionStore.FindAsync(reading, 1, TestContext.Current.CancellationToken)))!;
        Assert.Equal((words, chosen), (question.Answer, question.Chosen));
        var blocks = _relay.Advisor.Calls[^1].Messages[^1].Blocks;
        Assert.Equal($"[operator JC] {words}", blocks[^1]);
        Assert.Equal(
            chosen is null ? "[the relay] This is ruling 1, for this conversation."
                : $"[the relay] The operator chose option ({chosen}): {question.OptionOf(chosen)!.Text}\n"
                    + "[the relay] This is ruling 1, for this conversation.",
            blocks[^2]);
    }

    [Theory]
    [InlineData("[NEEDS-JC by=2h default=z] Which?\n- (a) one\n- (b) two")]
    [InlineData("[NEEDS-JC by=2h default=a] Which?")]
    [InlineData("[NEEDS-JC default=a] Which?\n- (a) one\n- (b) two")]
    [InlineData("[NEEDS-JC by=soon default=a] Which?\n- (a) one\n- (b) two")]
    [InlineData("[NEEDS-JC by=2h default=a if=tests-pass] Which?\n- (a) one\n- (b) two")]
    [InlineData("[NEEDS-JC by=2h default=a] Which?\n- (a) one\n- (a) two")]
    [InlineData("[NEEDS-JC by=2h] Which?\n- (a) one\n- (b) two")]
    [InlineData("[NEEDS-JC] Which?\n- (a) one (recommended)\n- (b) two")]
    public async Task Without_a_default_that_is_an_option_and_a_deadline_none_is_ever_taken(string reply)
    {
        await EscalateAsync("s", reply);

        _relay.Clock.Advance(TimeSpan.FromDays(400));
        await _relay.RunAsync<Defaults>();

        Assert.True(Assert.Single(await _relay.OpenQuestionsAsync()).IsOpen);
    }

    [Fact]
    public async Task Words_beside_an_open_question_that_the_advisor_asks_back_about_open_no_second_one()
    {
        await EscalateAsync("s", Asked);
        _relay.Advisor.Reply("[NEEDS-JC] What do you mean?");
        await _relay.AnswerAsync("Tidy up.", key: "k", unaskedWelcome: true, writtenAt: _relay.Clock.GetUtcNow() - TimeSpan.FromHours(1));
        await _relay.TakeTurnsAsync();

        Assert.Equal(1, Assert.Single(await _relay.OpenQuestionsAsync()).Id);
        Assert.Contains(await _relay.PagesAsync(), page => page.Body == "[NEEDS-JC] What do you mean?");
        Assert.DoesNotContain(await _relay.MessagesAsync(), message => message.State == MessageState.Held);
        await _relay.AnswerAsync("b", question: 1);
        await _relay.TakeTurnsAsync();
        await _relay.RunAsync<Dispatcher>();
        Assert.NotNull(_relay.Consume("s"));
    }
}
