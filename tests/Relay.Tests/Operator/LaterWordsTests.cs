using Relay.Operator;
using Xunit;

namespace Relay.Tests.Operator;

/// <summary>What puts a question off is no answer, also where its time is none.</summary>
public sealed class LaterWordsTests : OperatorTests
{
    [Theory]
    [InlineData("later 2h", null)]
    [InlineData("#1 later until 18:00", null)]
    [InlineData("[always] seen", null)]
    [InlineData("Seen.", 1L)]
    [InlineData("later 0", 1L)]
    [InlineData("#1 later -1h", null)]
    [InlineData("later 45d", null)]
    [InlineData("later 2 hours", null)]
    [InlineData("later for 30 min.", null)]
    [InlineData("Later until 25:00", null)]
    [InlineData("later until 18.00", null)]
    [InlineData("later until 8 pm", null)]
    [InlineData("later until", null)]
    public async Task Words_that_put_a_question_off_answer_nothing_by_any_way(string words, long? question)
    {
        await EscalateAsync("s", "[NEEDS-JC] Which?\n- (a) left\n- (b) right");

        var outcome = await _relay.AnswerAsync(words, question);

        Assert.Contains("answers nothing", Assert.IsType<Answers.Outcome.Refused>(outcome).Reason, StringComparison.Ordinal);
        Assert.Single(await _relay.OpenQuestionsAsync());
    }

    [Theory]
    [InlineData("later we can merge 2 branches")]
    [InlineData("later, when 3 tests are green")]
    [InlineData("later than 2026")]
    public async Task Words_that_only_begin_like_those_are_an_answer(string words)
    {
        await EscalateAsync("s", "[NEEDS-JC] When?");

        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync(words));
    }

    [Theory]
    [InlineData("later 1", "x")]
    [InlineData("later until 1:1", " or so")]
    [InlineData("later m m", "!?")]
    public async Task However_long_they_are_it_is_soon_known_what_they_are(string beginning, string end)
    {
        var words = beginning + string.Concat(Enumerable.Repeat(beginning[6..], 50_000)) + end;

        var meant = Task.Run(() => LaterWords.AreMeant(words), TestContext.Current.CancellationToken);

        Assert.False(await meant.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }
}
