using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Web.Dashboard;
using Relay.Web.Watching;
using Xunit;

namespace Relay.Tests.Web.Watching;

/// <summary>What a terminal offers of a question says what it shows.</summary>
public sealed class WatchQuestionsTests
{
    [Theory]
    [InlineData(false, "2", "3", "1")]
    [InlineData(true, "SQLite", "sqlite", "2)")]
    [InlineData(false, "skip", "decline", "later")]
    public void An_option_that_is_taken_is_the_one_it_shows(bool isSeveral, params string[] labels)
    {
        var choice = new ClientAsk.Choice([new("Which?", "", [.. labels.Select(label => new ChoiceOption(label, ""))], isSeveral)]);

        var options = WatchQuestions.Of(Asked(choice), "[NEEDS-JC]", Moments.Of(TimeProvider.System)).Options;

        Assert.Equal(["1", "2", "3"], options.Select(option => option.Key));
        Assert.Equal(labels, options.Select(option => Assert.Single(Chosen(choice, option.Words).Labels)));
    }

    private static Chosen Chosen(ClientAsk.Choice choice, string words) => Assert.Single(Assert.IsType<Decision.Answered>(
        Assert.IsType<AnswerReading.Clear>(ChoiceWords.Of(choice, words)).Decision).Answers);

    private static Question Asked(ClientAsk.Choice choice) => new(
        1, SessionDirectory.Default, Message: null, SessionId.Stored("shop"), QuestionKind.Choice, ChoiceText.Of(choice),
        QuestionState.Open, TimeProvider.System.GetUtcNow(), AnsweredAt: null, AnsweredVia: null, Answer: null)
    {
        Asked = choice.ToJson(),
    };
}
