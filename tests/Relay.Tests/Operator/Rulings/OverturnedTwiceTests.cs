using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Operator.Rulings;
using Xunit;

namespace Relay.Tests.Operator.Rulings;

/// <summary>"No, ask me", while other things are under way.</summary>
public sealed class OverturnedTwiceTests : OperatorTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_a_ruling_whose_place_is_taken_the_next_answer_takes_the_place_of_what_has_it_now()
    {
        await SettledTwiceAsync("[always] Tabs.");
        await OverturnAsync("1");
        await AnswerAsync("Spaces.");
        await OverturnAsync("2");
        Assert.Contains("It takes the place of ruling 2", Assert.Single(await _relay.OpenQuestionsAsync()).Text, StringComparison.Ordinal);
        await AnswerAsync("Two spaces.");

        var standing = Assert.Single(await _relay.ReadAsync(reading => RulingStore.StandingAsync(reading, CancellationToken)));
        Assert.Equal((3L, "Two spaces.", RulingScope.Always), (standing.Id, standing.Content, standing.Scope));
        Assert.Equal(3L, (await FindAsync(2)).SupersededBy);
    }

    [Fact]
    public async Task Words_straight_to_the_session_say_whose_they_are_for_it_had_its_reply()
    {
        await SettledTwiceAsync("Tabs.");
        await OverturnAsync("1");

        Assert.IsType<Answers.Outcome.Direct>(await _relay.AnswerAsync("@s: Spaces."));
        await _relay.RunAsync<Dispatcher>();

        Assert.Equal("[operator JC]\nSpaces.", _relay.Consume("s"));
        Assert.Empty(await _relay.OpenQuestionsAsync());
    }

    [Fact]
    public async Task An_answer_that_waits_is_not_given_up_while_another_question_of_its_conversation_is_open()
    {
        await SettledTwiceAsync("Tabs.");
        await EscalateAsync("s", "[NEEDS-JC] Else?");
        await _relay.Get<Pauses>().PauseAsync(SessionDirectory.Default, "the test", CancellationToken);
        await _relay.AnswerAsync("Nothing else.");
        var answer = (await _relay.MessagesAsync())[^1];
        Assert.IsType<Overturning.Outcome.Asked>(await OverturnAsync("1"));

        Assert.False(await _relay.Get<Holds>().DropAsync(answer, CancellationToken));

        Assert.Equal(MessageState.Accepted, (await _relay.MessageAsync(answer.Id)).State);
        await _relay.AnswerAsync("Spaces.");
        Assert.True(await _relay.Get<Holds>().DropAsync(answer, CancellationToken));
        Assert.Single(await _relay.OpenQuestionsAsync());
    }

    private async Task SettledTwiceAsync(string ruling)
    {
        await EscalateAsync("s", "[NEEDS-JC] Tabs?");
        _relay.Advisor.Reply("Tabs it is.");
        await AnswerAsync(ruling);
        foreach (var text in new[] { "tabs here?", "tabs there?" })
        {
            _relay.Advisor.Reply("Yes [ruling 1].");
            await _relay.AcceptAsync("s", text);
            await _relay.TakeTurnsAsync();
        }
        for (var each = 0; each < 3; each++)
        {
            await _relay.RunAsync<Dispatcher>();
            Assert.NotNull(_relay.Consume("s"));
        }
        await _relay.RunAsync<Dispatcher>();
    }

    private async Task AnswerAsync(string text)
    {
        await _relay.AnswerAsync(text);
        await _relay.TakeTurnsAsync();
    }

    private Task<Overturning.Outcome> OverturnAsync(string what) => _relay.Get<Overturning>().OverturnAsync(what, CancellationToken);

    private async Task<RulingRecord> FindAsync(long number) =>
        (await _relay.ReadAsync(reading => RulingStore.FindAsync(reading, number, CancellationToken)))!;
}
