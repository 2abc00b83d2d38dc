using Relay.Cli;
using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Rulings;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Operator.Rulings;

/// <summary>Nobody answers the same question twice: what the operator said is kept, seen and cited.</summary>
public sealed class RulingTests : OperatorTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_word_of_the_operator_is_one_with_its_question_and_the_advisor_sees_its_number()
    {
        await AnsweredAsync("[NEEDS-JC] Tabs?", "Tabs.\n  Always « tabs »");
        await _relay.AnswerAsync("@s: Be quick.");
        await _relay.AnswerAsync("Tests first.", key: "k", unaskedWelcome: true);
        await _relay.TakeTurnsAsync();

        var rulings = await _relay.ReadAsync(reading => RulingStore.StandingAsync(reading, CancellationToken));
        Assert.Equal(
            [(1, 1L, "[NEEDS-JC] Tabs?", "Tabs.\n  Always « tabs »"), (2, null, null, "@s: Be quick."), (3, null, null, "Tests first.")],
            rulings.Select(each => (each.Id, each.Question, each.Asked, each.Content)));
        Assert.All(rulings, each => Assert.Equal(RulingScope.Conversation, each.Scope));
        var blocks = _relay.Advisor.Calls[^1].Messages.SelectMany(message => message.Blocks).ToList();
        foreach (var ruling in rulings)
            Assert.Equal(
                $"[the relay] This is ruling {ruling.Id}, for this conversation.",
                blocks[blocks.IndexOf($"[operator JC] {ruling.Content}") - 1]);
    }

    [Fact]
    public async Task Over_a_summary_and_a_restart_they_are_carried_with_their_numbers()
    {
        await AnsweredAsync("[NEEDS-JC] Tabs?", "Tabs.");
        await SayAsync("and?", "Fine.");
        await _relay.WriteAsync(writing =>
            Journal.AppendSummaryAsync(writing, new ConversationId("default"), "They talked.", coversThrough: 4, CancellationToken));
        await _relay.RestartAsync();

        await SayAsync("next?", "Fine.");

        Assert.Contains("[operator JC] [ruling 1] asked: [NEEDS-JC] Tabs?\n  answered: Tabs.", FirstBlock(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_call_begins_with_what_the_one_before_sent()
    {
        await AnsweredAsync("[NEEDS-JC] Tabs?\n- (a) tabs\n- (b) spaces", "[always] b");
        await SayAsync("and?", "[ruling 1] Spaces.");
        await _relay.ConfigureAsync("sessions: [{session_id: t, conversation: other}]");
        await SayAsync("in another?", "Yes.", "t");
        await _relay.AnswerAsync("@s: [once] Go.");
        await SayAsync("further?", "Yes.");

        foreach (var calls in _relay.Advisor.Calls.GroupBy(call => call.Messages[0].Blocks[0][..3]))
            foreach (var (before, after) in calls.Zip(calls.Skip(1)))
            {
                var (sent, next) = (Flat(before), Flat(after));
                Assert.Equal(sent, next[..sent.Count]);
            }

        static List<string> Flat(Relay.Advisor.AdvisorCall call) =>
            [.. call.Messages.SelectMany(message => message.Blocks.Select(block => $"{message.Role} {block}"))];
    }

    [Fact]
    public async Task A_reply_that_cites_one_in_force_is_settled_by_it_and_says_so()
    {
        await AnsweredAsync("[NEEDS-JC] Tabs?", "Tabs.");
        var message = await SayAsync("tabs?", "Yes, tabs [ruling 1].");

        var use = Assert.Single(await _relay.ReadAsync(reading => RulingUses.OfAsync(reading, 1, 10, CancellationToken)));
        Assert.Equal((message, 6), (use.Message, use.Position));
        Assert.Equal((1L, _relay.Clock.GetUtcNow()), (await FindAsync(1) is var ruling ? ruling.Uses : 0, ruling.LastUsedAt));
        Assert.Contains(
            await _relay.EventsAsync(message), change => change.Detail == "settled by ruling 1; the operator was not asked");
        var story = await _relay.ReadAsync(async reading => await MessageStory.ReadAsync(
            reading, await _relay.MessageAsync(message), CancellationToken));
        Assert.Equal(1, Assert.Single(story.Uses).Ruling);
    }

    [Theory]
    [InlineData("As [ruling 99] says.")]
    [InlineData("As [ruling 2] says.")] // Retired.
    [InlineData("As [ruling 3] says.")] // Once.
    [InlineData("As [ruling 4] says.")] // Of another conversation.
    public async Task One_that_is_not_in_force_here_settles_nothing_and_that_is_said(string reply)
    {
        await AnsweredAsync("[NEEDS-JC] One?", "one");
        await AnsweredAsync("[NEEDS-JC] Two?", "two");
        await AnsweredAsync("[NEEDS-JC] Three?", "[once] three");
        Assert.Null(await _relay.Get<RulingDesk>().RetireAsync(2, "over", CancellationToken));
        await _relay.ConfigureAsync("sessions: [{session_id: t, conversation: other}]");
        await AnsweredAsync("[NEEDS-JC] Four?", "four", "t");

        var message = await SayAsync("and?", reply);

        Assert.Equal(0, await _relay.CountAsync("SELECT COUNT(*) FROM ruling_uses"));
        Assert.Contains(await _relay.EventsAsync(message), change =>
            change.Detail?.Contains("not in force here: that settles nothing", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task A_question_or_the_reply_to_an_answer_rests_on_none()
    {
        _relay.Advisor.Reply("[NEEDS-JC] Does [ruling 1] hold?", "So be it [ruling 1].");
        await _relay.AcceptAsync("s", "a question");
        await _relay.TakeTurnsAsync();
        await _relay.AnswerAsync("Yes.");
        await _relay.TakeTurnsAsync();

        Assert.Equal(0, await _relay.CountAsync("SELECT COUNT(*) FROM ruling_uses"));
    }

    [Fact]
    public void The_numbers_are_read_as_people_write_them() => Assert.Equal(
        [41L, 42L, 7L],
        Citations.In("So [ruling 41], [Rulings 41, 42 and #7]; not ruling 8, nor [ruling x] or [ruling 99999999999999999999]."));

    [Fact]
    public async Task One_for_all_is_told_to_every_conversation_once_as_its_next_turn_begins()
    {
        await _relay.ConfigureAsync("sessions: [{session_id: t, conversation: other}, {session_id: u, conversation: third}]");
        await SayAsync("hello", "Hello.", "t");
        await AnsweredAsync("[NEEDS-JC] May we push?\nAnd how?", "[always] Never push.");

        await SayAsync("push?", "No [ruling 1].", "t");
        await SayAsync("really?", "No.", "t");
        await SayAsync("me too?", "No [ruling 1].", "u");

        var blocks = _relay.Advisor.Calls[^2].Messages.SelectMany(message => message.Blocks).ToList();
        Assert.Single(blocks, block => block == "[operator JC] Never push.");
        Assert.Equal(
            "[the relay] This is ruling 1, for all conversations. It was said in conversation default, to the question: [NEEDS-JC] May we "
            + "push?\n  > And how?",
            blocks[blocks.IndexOf("[operator JC] Never push.") - 1]);
        Assert.Equal("[u] me too?", _relay.Advisor.Calls[^1].Messages[^1].Blocks[^1]);
        Assert.Contains("[operator JC] Never push.", _relay.Advisor.Calls[^1].Messages[^1].Blocks);
        Assert.Equal(2, (await FindAsync(1)).Uses);
        await SayAsync("and here?", "No.");
        var said = _relay.Advisor.Calls[^1].Messages.SelectMany(message => message.Blocks);
        Assert.Single(said, block => block == "[operator JC] Never push.");
    }

    [Fact]
    public async Task Given_up_before_the_advisor_took_it_it_ends()
    {
        _relay.Advisor.Reply("[NEEDS-JC] Tabs?");
        await _relay.AcceptAsync("s", "a question");
        await _relay.TakeTurnsAsync();
        await _relay.AnswerAsync("Tabs.");
        Assert.Contains("on its way", await _relay.Get<RulingDesk>().RetireAsync(1, null, CancellationToken), StringComparison.Ordinal);

        await _relay.Get<Holds>().DropAsync((await _relay.MessagesAsync())[^1], CancellationToken);

        Assert.Equal(RulingState.Retired, (await FindAsync(1)).State);
        Assert.Single(await _relay.OpenQuestionsAsync());
    }

    private string FirstBlock() => _relay.Advisor.Calls[^1].Messages[0].Blocks[0];

    private async Task AnsweredAsync(string question, string answer, string session = "s")
    {
        _relay.Advisor.Reply(question, "Understood.");
        await _relay.AcceptAsync(session, "a question");
        await _relay.TakeTurnsAsync();
        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync(answer));
        await _relay.TakeTurnsAsync();
    }

    private async Task<MessageId> SayAsync(string text, string reply, string session = "s")
    {
        _relay.Advisor.Reply(reply);
        var message = await _relay.AcceptAsync(session, text);
        await _relay.TakeTurnsAsync();
        return message;
    }

    private async Task<RulingRecord> FindAsync(long number) =>
        (await _relay.ReadAsync(reading => RulingStore.FindAsync(reading, number, CancellationToken)))!;
}
