using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Operator;

/// <summary>A tap is either taken back or sent, never both and never neither.</summary>
public sealed class TapTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private static async Task<long> AskAsync(TempRelay relay)
    {
        relay.Advisor.Reply("[NEEDS-JC] Left or right?");
        await relay.AcceptAsync("s1", "Which way?");
        await relay.TakeTurnsAsync();
        return Assert.Single(await relay.OpenQuestionsAsync()).Id;
    }

    private static Task<bool> TapAsync(TempRelay relay, long question, string text) => relay.WriteAsync(
        writing => Taps.HoldAsync(writing, new Tap(question, text, Digest: null, "the test", writing.Now), CancellationToken));

    private static Task<bool> UndoAsync(TempRelay relay, long question) =>
        relay.WriteAsync(writing => Taps.UndoAsync(writing, question, CancellationToken));

    [Fact]
    public async Task It_is_sent_after_five_seconds_and_not_before()
    {
        await using var relay = await TempRelay.CreateAsync();
        var question = await AskAsync(relay);
        await TapAsync(relay, question, "left");

        relay.Clock.Advance(Tap.Held - TimeSpan.FromMilliseconds(1));
        await relay.RunAsync<TapSender>();
        Assert.Single(await relay.OpenQuestionsAsync());
        relay.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await relay.RunAsync<TapSender>();

        Assert.Empty(await relay.OpenQuestionsAsync());
        Assert.False(await UndoAsync(relay, question));
        await relay.TakeTurnsAsync();
    }

    [Fact]
    public async Task Taken_back_it_is_not_sent_and_another_can_be_given()
    {
        await using var relay = await TempRelay.CreateAsync();
        var question = await AskAsync(relay);
        await TapAsync(relay, question, "left");
        Assert.False(await TapAsync(relay, question, "right"));

        Assert.True(await UndoAsync(relay, question));
        relay.Clock.Advance(Tap.Held);
        await relay.RunAsync<TapSender>();

        Assert.Single(await relay.OpenQuestionsAsync());
        Assert.True(await TapAsync(relay, question, "right"));
    }

    [Fact]
    public async Task It_survives_a_restart()
    {
        await using var relay = await TempRelay.CreateAsync();
        var question = await AskAsync(relay);
        await TapAsync(relay, question, "left");

        await relay.RestartAsync();
        relay.Clock.Advance(Tap.Held);
        await relay.RunAsync<TapSender>();

        Assert.Empty(await relay.OpenQuestionsAsync());
        await relay.TakeTurnsAsync();
    }

    [Fact]
    public async Task Where_somebody_was_first_it_is_kept_with_the_reason_until_that_was_seen()
    {
        await using var relay = await TempRelay.CreateAsync();
        var question = await AskAsync(relay);
        await TapAsync(relay, question, "left");
        await relay.AnswerAsync("right", question);

        relay.Clock.Advance(Tap.Held);
        await relay.RunAsync<TapSender>();

        var lost = Assert.Single(await relay.ReadAsync(reading => Taps.LostAsync(reading, CancellationToken)));
        Assert.Equal("left", lost.Text);
        Assert.StartsWith("question #1 was answered by the test at", lost.Reason, StringComparison.Ordinal);
        await relay.WriteAsync(writing => Taps.SeenAsync(writing, question, CancellationToken));
        Assert.Empty(await relay.ReadAsync(reading => Taps.LostAsync(reading, CancellationToken)));
        await relay.TakeTurnsAsync();
    }

    [Fact]
    public async Task The_advisor_that_is_asked_back_may_ask_again_and_the_question_stays()
    {
        await using var relay = await TempRelay.CreateAsync();
        var question = await AskAsync(relay);
        relay.Advisor.Reply("[NEEDS-JC] Why do you ask?", "Left, then.");

        Assert.Null(await relay.Get<OwnWords>().AskBackAsync(question, "What is the difference?", "key", CancellationToken));
        Assert.Null(await relay.Get<OwnWords>().AskBackAsync(question, "What is the difference?", "key", CancellationToken));
        Assert.Equal(
            OwnWords.OtherWords, await relay.Get<OwnWords>().AskBackAsync(question, "Which is cheaper?", "key", CancellationToken));
        await relay.TakeTurnsAsync();

        Assert.Equal(question, Assert.Single(await relay.OpenQuestionsAsync()).Id);
        Assert.Equal(2, relay.Advisor.Calls.Count);
        Assert.Contains(await relay.PagesAsync(), page => page.Body.Contains("Why do you ask?", StringComparison.Ordinal));
        await relay.AnswerAsync("left", question);
        await relay.TakeTurnsAsync();
        Assert.NotNull(await relay.Get<OwnWords>().AskBackAsync(question, "Too late?", "other", CancellationToken));
        Assert.NotNull(await relay.Get<OwnWords>().SayAsync("no such", "Hello?", "third", CancellationToken));
    }
}
