using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Operator.Rulings;
using Xunit;

namespace Relay.Tests.Operator.Rulings;

/// <summary>A ruling ends by the operator's word alone: it leaves the calls to come, and never the record.</summary>
public sealed class RulingChangesTests : OperatorTests
{
    private const string Words = "Never push, whatever they say.";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Retired_it_is_in_no_call_to_come_and_stays_on_record(bool isSummedUp)
    {
        await RuleAsync(Words);
        if (isSummedUp)
            await SumUpAsync();
        Assert.Contains(Words, await NextCallAsync(), StringComparison.Ordinal);

        Assert.Null(await _relay.Get<RulingDesk>().RetireAsync(1, "we may push now", CancellationToken));

        var call = await NextCallAsync();
        Assert.DoesNotContain(Words, call, StringComparison.Ordinal);
        if (!isSummedUp)
            Assert.Contains("is left out: ruling 1 was retired by the operator: we may push now.", call, StringComparison.Ordinal);
        await _relay.RestartAsync();
        Assert.DoesNotContain(Words, await NextCallAsync(), StringComparison.Ordinal);
        var ruling = await FindAsync(1);
        Assert.Equal(
            (RulingState.Retired, Words, "retired by the operator: we may push now"), (ruling.State, ruling.Content, ruling.EndedWhy));
        Assert.Equal(1, await _relay.CountAsync($"SELECT COUNT(*) FROM entries WHERE content = '{Words}'"));
        var again = await _relay.Get<RulingDesk>().RetireAsync(1, null, CancellationToken);
        Assert.Contains("not in force since", again, StringComparison.Ordinal);
        Assert.Equal("there is no ruling 9", await _relay.Get<RulingDesk>().RetireAsync(9, null, CancellationToken));
    }

    [Fact]
    public async Task The_size_of_what_is_carried_follows()
    {
        await RuleAsync(Words);
        await SumUpAsync();
        var before = (await _relay.StatusAsync()).HistoryChars;

        await _relay.Get<RulingDesk>().RetireAsync(1, null, CancellationToken);

        Assert.Equal(before - Words.Length, (await _relay.StatusAsync()).HistoryChars);
        Assert.Equal((await _relay.WindowAsync()).Characters, (await _relay.StatusAsync()).HistoryChars);
    }

    [Fact]
    public async Task Made_one_for_all_it_is_told_elsewhere_and_narrowed_again_it_leaves_there()
    {
        await RuleAsync(Words);
        await _relay.ConfigureAsync("sessions: [{session_id: t, conversation: other}]");
        Assert.DoesNotContain(Words, await NextCallAsync("t"), StringComparison.Ordinal);

        Assert.Null(await _relay.Get<RulingDesk>().SetScopeAsync(1, RulingScope.Always, CancellationToken));
        Assert.Contains(Words, await NextCallAsync("t"), StringComparison.Ordinal);

        Assert.Null(await _relay.Get<RulingDesk>().SetScopeAsync(1, RulingScope.Conversation, CancellationToken));
        Assert.DoesNotContain(Words, await NextCallAsync("t"), StringComparison.Ordinal);
        Assert.Contains(Words, await NextCallAsync(), StringComparison.Ordinal);

        await _relay.Get<RulingDesk>().SetScopeAsync(1, RulingScope.Always, CancellationToken);
        Assert.Contains(Words, await NextCallAsync("t"), StringComparison.Ordinal);
        await _relay.Get<RulingDesk>().RetireAsync(1, null, CancellationToken);
        Assert.DoesNotContain(Words, await NextCallAsync("t"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task For_once_it_is_not_carried_over_a_summary_and_taken_back_it_is()
    {
        await RuleAsync("[once] " + Words);
        Assert.Contains("counts for this question only", await NextCallAsync(), StringComparison.Ordinal);
        await _relay.Get<RulingDesk>().SetScopeAsync(1, RulingScope.Conversation, CancellationToken);
        Assert.Contains("[the relay] This is ruling 1, for this conversation.", await NextCallAsync(), StringComparison.Ordinal);
        await _relay.Get<RulingDesk>().SetScopeAsync(1, RulingScope.Once, CancellationToken);

        await SumUpAsync();

        Assert.DoesNotContain(Words, await NextCallAsync(), StringComparison.Ordinal);
        await _relay.Get<RulingDesk>().SetScopeAsync(1, RulingScope.Conversation, CancellationToken);
        Assert.Contains(Words, await NextCallAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[always] a", "a", "Always")]
    [InlineData("#1 [Once] a", "a", "Once")]
    [InlineData("[conversation] a", "a", "Conversation")]
    [InlineData("[never] a", "[never] a", "Conversation")]
    public async Task The_scope_is_said_with_the_words(string said, string kept, string scope)
    {
        await RuleAsync(said);

        Assert.Equal((kept, scope), ((await FindAsync(1)).Content, (await FindAsync(1)).Scope.ToString()));
    }

    [Fact]
    public async Task A_permission_has_no_scope()
    {
        await _relay.WriteAsync(writing => QuestionStore.OpenAsync(
            writing,
            new NewQuestion(new ConversationId("default"), Message: null, SessionId.Stored("s"), QuestionKind.Permission, "Bash: ls"),
            CancellationToken));

        Assert.Contains("no scope", Assert.IsType<Answers.Outcome.Refused>(await _relay.AnswerAsync("[always] allow")).Reason,
            StringComparison.Ordinal);
        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync("allow"));
        Assert.Equal(0, await _relay.CountAsync("SELECT COUNT(*) FROM rulings"));
    }

    [Fact]
    public async Task Over_the_cap_the_operator_is_told_once_which_to_retire_and_none_is_left_out()
    {
        await _relay.ConfigureAsync("rulings_char_cap: 120");
        await RuleAsync("First, the old one that nobody needs.");
        _relay.Clock.Advance(TimeSpan.FromDays(1));
        await RuleAsync("Second, which is cited.");
        _relay.Advisor.Reply("As [ruling 2] says.");
        await _relay.AcceptAsync("s", "and?");
        await _relay.TakeTurnsAsync();
        await RuleAsync("Third, quite long, too long to be of any use to anybody at all in all the time to come.");

        for (var look = 0; look < 3; look++)
            await _relay.RunAsync<RulingsWatch>();
        await _relay.RestartAsync();
        await _relay.RunAsync<RulingsWatch>();

        var page = Assert.Single(await _relay.PagesAsync(), page => page.Cause == "hold:rulings:default");
        Assert.Contains("rulings_char_cap is 120", page.Body, StringComparison.Ordinal);
        Assert.Contains("relay rulings retire 1   (never cited since", page.Body, StringComparison.Ordinal);
        Assert.Contains("relay rulings retire 3 ", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("retire 2 ", page.Body, StringComparison.Ordinal);
        var call = await NextCallAsync();
        Assert.All(["First", "Second", "Third"], word => Assert.Contains($"[operator JC] {word}", call, StringComparison.Ordinal));

        await _relay.Get<RulingDesk>().RetireAsync(3, null, CancellationToken);
        await _relay.RunAsync<RulingsWatch>();
        Assert.Null(await _relay.ReadAsync(reading =>
            PageStore.StandingAsync(reading, PageCause.Rulings(new ConversationId("default")), CancellationToken)));
    }

    private async Task RuleAsync(string words)
    {
        _relay.Advisor.Reply("[NEEDS-JC] May we?", "Understood.");
        await _relay.AcceptAsync("s", "a question");
        await _relay.TakeTurnsAsync();
        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync(words));
        await _relay.TakeTurnsAsync();
    }

    /// <summary>All that the advisor is sent, but for what it says itself.</summary>
    private async Task<string> NextCallAsync(string session = "s")
    {
        _relay.Advisor.Reply("Fine.");
        await _relay.AcceptAsync(session, "and now?");
        await _relay.TakeTurnsAsync();
        return string.Join('\n', _relay.Advisor.Calls[^1].Messages.SelectMany(message => message.Blocks));
    }

    private async Task SumUpAsync()
    {
        await NextCallAsync();
        var through = (await _relay.WindowAsync()).Turns[^3].Position;
        await _relay.WriteAsync(writing =>
            Journal.AppendSummaryAsync(writing, new ConversationId("default"), "They talked.", through, CancellationToken));
    }

    private async Task<RulingRecord> FindAsync(long number) =>
        (await _relay.ReadAsync(reading => RulingStore.FindAsync(reading, number, CancellationToken)))!;
}
