using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Rulings;
using Xunit;

namespace Relay.Tests.Operator.Rulings;

/// <summary>An answer that waits for its turn, in a paused conversation or held, is given up, or rulings change meanwhile.</summary>
public sealed class GivenUpAnswerTests : OperatorTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Tabs.")]
    [InlineData("[always] Tabs.")]
    public async Task The_ruling_whose_place_it_took_has_it_again_and_calls_carry_it(string ruling)
    {
        await _relay.ConfigureAsync("sessions: [{session_id: t, conversation: other}, {session_id: u, conversation: third}]");
        await SettledAsync(ruling);
        await _relay.AcceptAsync("t", "and here?");
        await _relay.TakeTurnsAsync();
        var before = await _relay.WindowAsync();
        var characters = await CharactersAsync();
        var answer = await OverturnAsync("Spaces.");
        Assert.Equal(RulingState.Superseded, (await FindAsync(1)).State);

        Assert.True(await _relay.Get<Holds>().DropAsync(answer, CancellationToken));

        var first = await FindAsync(1);
        Assert.Equal((RulingState.Standing, null, null, null), (first.State, first.EndedAt, first.EndedWhy, first.SupersededBy));
        Assert.Equal(RulingState.Retired, (await FindAsync(2)).State);
        Assert.Equal(before.Turns.Select(each => each.Text), (await _relay.WindowAsync()).Turns.Select(each => each.Text));
        Assert.Equal(characters, await CharactersAsync());
        foreach (var session in new[] { "t", "u" })
        {
            await _relay.AcceptAsync(session, "and now?");
            await _relay.TakeTurnsAsync();
            var carried = LastCall().Split("[operator JC] Tabs.").Length - 1;
            Assert.Equal(ruling.StartsWith("[always]", StringComparison.Ordinal) ? 1 : 0, carried);
        }
        await _relay.AnswerAsync("Tab stops.");
        Assert.Equal(3L, (await FindAsync(1)).SupersededBy);
    }

    [Fact]
    public async Task A_ruling_behind_a_summary_is_carried_again_too()
    {
        await SettledAsync("Tabs.");
        await _relay.WriteAsync(async writing => await Journal.AppendSummaryAsync(
            writing, SessionDirectory.Default, "They indent.", coversThrough: 4, CancellationToken));
        var answer = await OverturnAsync("Spaces.");
        Assert.Empty((await _relay.WindowAsync()).Rulings);

        Assert.True(await _relay.Get<Holds>().DropAsync(answer, CancellationToken));

        Assert.Equal("Tabs.", Assert.Single((await _relay.WindowAsync()).Rulings).Content);
    }

    [Fact]
    public async Task A_newer_one_keeps_the_place()
    {
        await SettledAsync("[always] Tabs.");
        var answer = await OverturnAsync("Spaces.");
        await _relay.WriteAsync(async writing =>
        {
            var words = new NewRuling(new ConversationId("other"), Message: null, "Two spaces.", RulingScope.Always);
            var newer = await RulingStore.AddAsync(writing, words, CancellationToken);
            await RulingChanges.SupersedeAsync(writing, 2, newer.Id, CancellationToken);
        });

        Assert.True(await _relay.Get<Holds>().DropAsync(answer, CancellationToken));

        Assert.Equal(RulingState.Superseded, (await FindAsync(1)).State);
    }

    [Theory]
    [InlineData("[once] Spaces.", false, false, "That ruling stands.")]
    [InlineData("[once] Spaces.", true, false, "That ruling is not in force any more.")]
    [InlineData("[once] Spaces.", false, true, "That ruling stands.")]
    [InlineData("Spaces.", false, false, "That ruling is superseded by this answer.")]
    [InlineData("Spaces.", false, true, "That ruling is superseded by this answer.")]
    public async Task The_advisor_is_told_what_became_of_the_ruling_by_the_time_it_is_asked(
        string words, bool retired, bool otherScope, string told)
    {
        await SettledAsync("Tabs.");
        await OverturnAsync(words);
        var desk = _relay.Get<RulingDesk>();
        if (retired)
            Assert.Null(await desk.RetireAsync(1, "over", CancellationToken));
        if (otherScope)
            Assert.Null(await desk.SetScopeAsync(
                2, words.StartsWith('[') ? RulingScope.Conversation : RulingScope.Once, CancellationToken));

        await _relay.Get<Pauses>().ResumeAsync(SessionDirectory.Default, "the test", CancellationToken);
        await _relay.TakeTurnsAsync();

        Assert.Contains($"what was settled by ruling 1, and was asked. {told}", LastCall(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_that_asks_again_promises_no_default()
    {
        await EscalateAsync("s", "[NEEDS-JC by=2h default=a] Which?\n- (a) Merge them\n- (b) Keep both");
        Assert.Contains("(a) is taken", await PageAsync(), StringComparison.Ordinal);
        _relay.Clock.Advance(TimeSpan.FromSeconds(1)); // Pages are told apart by their time.
        await _relay.AnswerAsync("b");
        var answer = (await _relay.MessagesAsync()).Single(each => each.Origin is not null);
        _relay.Clock.Advance(TimeSpan.FromSeconds(1)); // Of one instant no page would be the later one.

        Assert.True(await _relay.Get<Holds>().DropAsync(answer, CancellationToken));

        Assert.DoesNotContain("is taken", await PageAsync(), StringComparison.Ordinal);
        _relay.Clock.Advance(TimeSpan.FromHours(3));
        Assert.Equal(0, await _relay.RunAsync<Defaults>());
    }

    [Fact]
    public async Task What_was_given_up_before_the_reply_by_default_came_is_not_asked_anew()
    {
        await EscalateAsync("s", "[NEEDS-JC by=2h default=a] Which?\n- (a) Merge them\n- (b) Keep both");
        await _relay.Get<Pauses>().PauseAsync(SessionDirectory.Default, "the test", CancellationToken);
        _relay.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(1, await _relay.RunAsync<Defaults>());
        var asked = (await _relay.MessagesAsync())[0];
        Assert.True(await _relay.Get<Holds>().DropAsync(asked, CancellationToken));

        var outcome = await _relay.Get<Overturning>().OverturnAsync(asked.Id.Value, CancellationToken);

        Assert.Contains("was given up", Assert.IsType<Overturning.Outcome.Refused>(outcome).Reason, StringComparison.Ordinal);
        Assert.Empty(await _relay.OpenQuestionsAsync());
    }

    private async Task<long> CharactersAsync() => (await _relay.ReadAsync(
        reading => ConversationStore.SizeAsync(reading, SessionDirectory.Default, CancellationToken)))!.Characters;

    private async Task<string> PageAsync() => (await _relay.PagesAsync()).FindLast(page => page.Cause == "question:1").Body;

    private string LastCall() => string.Join('\n', _relay.Advisor.Calls[^1].Messages.SelectMany(each => each.Blocks));

    /// <summary>The answer, which waits.</summary>
    private async Task<Message> OverturnAsync(string words)
    {
        Assert.IsType<Overturning.Outcome.Asked>(await _relay.Get<Overturning>().OverturnAsync("1", CancellationToken));
        await _relay.Get<Pauses>().PauseAsync(SessionDirectory.Default, "the test", CancellationToken);
        await _relay.AnswerAsync(words);
        return (await _relay.MessagesAsync()).Single(each => each is { State: MessageState.Accepted, Origin: not null });
    }

    private async Task SettledAsync(string ruling)
    {
        await EscalateAsync("s", "[NEEDS-JC] Tabs?");
        _relay.Advisor.Reply("Tabs it is.");
        await _relay.AnswerAsync(ruling);
        await _relay.TakeTurnsAsync();
        _relay.Advisor.Reply("Yes [ruling 1].");
        await _relay.AcceptAsync("s", "tabs here?");
        await _relay.TakeTurnsAsync();
    }

    private async Task<RulingRecord> FindAsync(long number) =>
        (await _relay.ReadAsync(reading => RulingStore.FindAsync(reading, number, CancellationToken)))!;
}
