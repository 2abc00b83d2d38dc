using Relay.Cli;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Operator.Rulings;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Operator;

/// <summary>Whoever asks with a deadline and a default gets one of the two: an answer, or the default.</summary>
public sealed class DefaultsTests : OperatorTests
{
    private const string Asked = "[NEEDS-JC by=2h default=a] Which?\n- (a) Merge them\n- (b) Keep both (recommended)";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task At_the_deadline_and_not_before_it_is_taken_and_told_everywhere_as_what_it_is()
    {
        var asked = _relay.Clock.GetUtcNow();
        _relay.Advisor.Reply(Asked);
        var message = await _relay.AcceptAsync("s", "a question");
        await _relay.TakeTurnsAsync();
        _relay.Clock.Advance(TimeSpan.FromHours(2) - TimeSpan.FromSeconds(1));
        await _relay.RunAsync<Defaults>();
        Assert.Single(await _relay.OpenQuestionsAsync());
        Assert.InRange(_relay.Get<Defaults>().Poll, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));

        _relay.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await _relay.RunAsync<Defaults>());

        var until = QuestionPages.Time(asked + TimeSpan.FromHours(2));
        var told = $"no answer until {until}, so the default (a) Merge them was taken";
        var question = await QuestionAsync(1);
        Assert.Equal(
            (QuestionState.Answered, true, "a", "(a) Merge them", "the relay, by default"),
            (question.State, question.ByDefault, question.Chosen, question.Answer, question.AnsweredVia));
        Assert.Contains(await _relay.PagesAsync(), page => page.Title == "Relay: the default of question #1 was taken"
            && page.Body.Contains(told, StringComparison.Ordinal));
        await _relay.TakeTurnsAsync();
        Assert.Equal($"[the relay] {told}", _relay.Advisor.Calls[^1].Messages[^1].Blocks[^1]);
        Assert.Equal("the relay", (await _relay.WindowAsync()).Turns[^2].Speaker);
        Assert.Empty(await _relay.ReadAsync(reading => RulingStore.NewestAsync(reading, 10, CancellationToken))); // Nobody ruled.
        Assert.Contains(await _relay.EventsAsync(message), change =>
            change.Detail == "question #1 was answered by the relay, by default");
        var story = await _relay.ReadAsync(async reading => await MessageStory.ReadAsync(
            reading, await _relay.MessageAsync(message), CancellationToken));
        Assert.StartsWith("nobody answered until", QuestionsCommand.Answered(story.Questions[0], "then"), StringComparison.Ordinal);
        await _relay.RunAsync<Dispatcher>();
        Assert.StartsWith("reply to: [the relay] no answer until", _relay.Consume("s"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_a_restart_it_is_taken_when_the_relay_is_back_but_first_the_answer_that_lies_there()
    {
        await EscalateAsync("s", Asked);
        await EscalateElsewhereAsync("t");
        await _relay.RestartAsync();
        _relay.Clock.Advance(TimeSpan.FromHours(3));
        await _relay.RestartAsync();
        await _relay.RunAsync<Defaults>();
        Assert.Equal(2, (await _relay.OpenQuestionsAsync()).Count);

        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync("b", question: 1));
        _relay.Clock.Advance(_relay.Get<Defaults>().Poll);
        await _relay.RunAsync<Defaults>();

        Assert.Equal(("b", false), ((await QuestionAsync(1)).Chosen, (await QuestionAsync(1)).ByDefault));
        Assert.Equal(("a", true), ((await QuestionAsync(2)).Chosen, (await QuestionAsync(2)).ByDefault));
    }

    [Fact]
    public async Task Of_an_answer_and_a_default_at_the_same_instant_one_counts()
    {
        for (var round = 1; round <= 10; round++)
        {
            await EscalateAsync("s", Asked);
            _relay.Clock.Advance(TimeSpan.FromHours(2));

            var answer = Task.Run(() => _relay.AnswerAsync("b", question: round));
            var taken = Task.Run(() => _relay.RunAsync<Defaults>());
            await Task.WhenAll(answer, taken);

            var question = await QuestionAsync(round);
            Assert.Equal(await taken == 1, question.ByDefault);
            Assert.Equal(question.ByDefault, await answer is Answers.Outcome.Refused);
            await _relay.TakeTurnsAsync();
            Assert.Equal(2 * round, (await _relay.MessagesAsync()).Count); // One answer to each question.
        }
    }

    [Theory]
    [InlineData(1_000, false)]
    [InlineData(5_000, false)]
    [InlineData(1_000, true)]
    public async Task A_tap_before_it_is_the_answer_also_where_it_is_held_over_the_deadline(int millisecondsBefore, bool restarted)
    {
        await EscalateAsync("s", Asked);
        _relay.Clock.Advance(TimeSpan.FromHours(2) - TimeSpan.FromMilliseconds(millisecondsBefore));
        await TapAsync("b");
        _relay.Clock.Advance(Tap.Held);
        if (restarted)
        {
            await _relay.RestartAsync();
            _relay.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(0, await _relay.RunAsync<Defaults>());
        await _relay.RunAsync<TapSender>();
        Assert.Equal(0, await _relay.RunAsync<Defaults>());

        var question = await QuestionAsync(1);
        Assert.Equal((QuestionState.Answered, false, "b"), (question.State, question.ByDefault, question.Chosen));
        Assert.Empty(await _relay.ReadAsync(reading => Taps.LostAsync(reading, CancellationToken)));
        Assert.DoesNotContain(await _relay.PagesAsync(), page => page.Title.Contains("the default of", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_tap_that_is_taken_back_after_it_leaves_the_question_to_the_default()
    {
        await EscalateAsync("s", Asked);
        _relay.Clock.Advance(TimeSpan.FromHours(2) - TimeSpan.FromSeconds(1));
        await TapAsync("b");
        _relay.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, await _relay.RunAsync<Defaults>());

        Assert.True(await _relay.WriteAsync(writing => Taps.UndoAsync(writing, 1, CancellationToken)));
        Assert.Equal(1, await _relay.RunAsync<Defaults>());

        Assert.True((await QuestionAsync(1)).ByDefault);
    }

    [Theory]
    [InlineData("b")]
    [InlineData("Neither, as we said.")]
    public async Task Words_in_the_file_that_settles_over_it_are_refused_aloud_and_are_no_turn_of_their_own(string words)
    {
        await EscalateAsync("s", Asked);
        _relay.Clock.Advance(TimeSpan.FromHours(2) - TimeSpan.FromMilliseconds(500));
        var written = _relay.Clock.GetUtcNow();
        _relay.Clock.Advance(TimeSpan.FromSeconds(1));
        await _relay.RunAsync<Defaults>();

        var outcome = await _relay.AnswerAsync(words, key: words, unaskedWelcome: true, writtenAt: written);

        Assert.Contains(
            "the default, (a) Merge them, was taken", Assert.IsType<Answers.Outcome.Refused>(outcome).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#1 b", false)]
    [InlineData("b", false)]
    [InlineData("(b)", true)]
    [InlineData("Keep both", true)]
    public async Task An_answer_that_comes_after_it_is_refused_aloud(string words, bool byFile)
    {
        await EscalateAsync("s", Asked);
        _relay.Clock.Advance(TimeSpan.FromHours(2));
        await _relay.RunAsync<Defaults>();
        _relay.Clock.Advance(TimeSpan.FromMinutes(3));

        var outcome = byFile
            ? await _relay.AnswerAsync(words, key: words, unaskedWelcome: true, writtenAt: _relay.Clock.GetUtcNow())
            : await _relay.AnswerAsync(words);

        var refused = Assert.IsType<Answers.Outcome.Refused>(outcome);
        Assert.Contains("the default, (a) Merge them, was taken", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_the_clock_is_set_the_answer_is_waited_for_as_long_as_before()
    {
        await EscalateAsync("s", Asked);
        await _relay.RunAsync<ClockWatch>();
        _relay.Clock.Set(TimeSpan.FromHours(5));
        await _relay.RunAsync<ClockWatch>();

        await _relay.RunAsync<Defaults>();
        Assert.Single(await _relay.OpenQuestionsAsync());
        _relay.Clock.Advance(TimeSpan.FromHours(2));
        await _relay.RunAsync<Defaults>();
        Assert.Empty(await _relay.OpenQuestionsAsync());
    }

    [Fact]
    public async Task It_is_not_taken_in_the_moment_in_which_nobody_has_seen_yet_that_the_clock_was_set()
    {
        await EscalateAsync("s", Asked);
        _relay.Clock.Advance(TimeSpan.FromMinutes(1));
        await _relay.RunAsync<ClockWatch>();
        await _relay.RunAsync<Defaults>();
        _relay.Clock.Set(TimeSpan.FromHours(5));
        Assert.Equal(0, await _relay.RunAsync<Defaults>());
        Assert.InRange(_relay.Get<Defaults>().Poll, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5));

        await _relay.RunAsync<ClockWatch>();
        _relay.Clock.Advance(_relay.Get<Defaults>().Poll);
        Assert.Equal(0, await _relay.RunAsync<Defaults>());
        _relay.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(1, await _relay.RunAsync<Defaults>());
    }

    [Fact]
    public async Task Given_up_it_is_not_taken_again()
    {
        await EscalateAsync("s", Asked);
        _relay.Clock.Advance(TimeSpan.FromHours(2));
        await _relay.RunAsync<Defaults>();
        var taken = (await _relay.MessagesAsync())[^1];

        Assert.True(await _relay.Get<Holds>().DropAsync(taken, CancellationToken));
        await _relay.RunAsync<Defaults>();

        var question = Assert.Single(await _relay.OpenQuestionsAsync());
        Assert.Equal((false, null), (question.ByDefault, question.DefaultOption));
    }

    private async Task TapAsync(string text) => Assert.True(await _relay.WriteAsync(
        writing => Taps.HoldAsync(writing, new Tap(1, text, Digest: null, "the test", writing.Now), CancellationToken)));

    private async Task EscalateElsewhereAsync(string session)
    {
        await _relay.ConfigureAsync($"sessions: [{{session_id: {session}, conversation: other}}]");
        await EscalateAsync(session, Asked);
    }

    private async Task<Question> QuestionAsync(long number) =>
        (await _relay.ReadAsync(reading => QuestionStore.FindAsync(reading, number, CancellationToken)))!;
}
