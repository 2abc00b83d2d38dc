using System.Net;
using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Phone;
using Relay.Storage;
using Xunit;
using Handset = Relay.Loopback.Phone;

namespace Relay.Tests.Operator.Phone;

/// <summary>What comes from the phone counts once, and only if this relay made it.</summary>
public sealed class AnswerTopicTests : PhoneTests
{
    [Fact]
    public async Task A_tap_answers_the_question_once_over_a_restart_as_well()
    {
        var question = await AskPermissionAsync();
        var page = await PageAsync();
        Assert.Equal(["Allow", "Deny"], Labels(page));

        await Relay.RestartAsync();
        question = await AskPermissionAsync("git push, again"); // The first one expired with its client.
        page = await PageAsync();
        Assert.Equal(HttpStatusCode.OK, await Handset.TapAsync(page, "Allow", CancellationToken));
        Assert.Equal(1, await ListenAsync());
        await Relay.RestartAsync();
        Assert.Equal(0, await ListenAsync());

        var closed = await FindAsync(question);
        Assert.Equal((QuestionState.Answered, PhoneWords.Via), (closed.State, closed.AnsweredVia));
        Assert.StartsWith("allow ", closed.Answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_published_to_the_topic_are_the_answer_and_the_reply_reaches_the_session()
    {
        await EscalateAsync();
        await PageAsync();

        Relay.Advisor.Reply("Merge it.");
        Ntfy.Say(AnswerTopicName, "merge, on Friday");
        await ListenAsync();
        await Relay.PassAsync();

        Assert.Equal("Merge it.", Relay.Consume("session-1"));
        Assert.Contains("merge, on Friday", Relay.Advisor.Calls[^1].Messages[^1].Blocks[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_sends_all_it_has_once_more_changes_nothing()
    {
        await EscalateAsync();
        Ntfy.Say(AnswerTopicName, "first");
        await ListenAsync();
        await Relay.WriteAsync(writing => PhoneInbox.SetSinceAsync(writing, "m99999999999", CancellationToken)); // An id it does not know.

        Assert.Equal(0, await ListenAsync());

        Assert.Empty(await RefusalsAsync());
        Assert.Single(await Relay.MessagesAsync(), message => message.Speaker == Speaker.Operator);
    }

    [Fact]
    public async Task A_tap_that_was_taken_when_the_relay_died_is_not_refused_as_a_second_one()
    {
        await AskPermissionAsync();
        await Handset.TapAsync(await PageAsync(), "Deny", CancellationToken);
        await ListenAsync();
        await Relay.WriteAsync(async writing => await writing.Sql("DELETE FROM phone_inbox").ExecuteAsync(CancellationToken));
        await Relay.WriteAsync(writing => PhoneInbox.SetSinceAsync(writing, "all", CancellationToken));

        Assert.Equal(1, await ListenAsync());

        Assert.Empty(await RefusalsAsync());
    }

    [Fact]
    public async Task What_was_published_while_the_relay_was_away_is_taken()
    {
        await EscalateAsync();
        await Relay.RestartAsync();
        Ntfy.Say(AnswerTopicName, "merge");
        await ListenAsync();

        Assert.Empty(await Relay.OpenQuestionsAsync());
    }

    [Fact]
    public async Task A_repeated_tap_is_refused_and_said_with_who_answered_first()
    {
        await AskPermissionAsync();
        var page = await PageAsync();
        await Handset.TapAsync(page, "Deny", CancellationToken);
        await Handset.TapAsync(page, "Allow", CancellationToken);
        await ListenAsync();

        Assert.Contains("was answered by the phone", Assert.Single(await RefusalsAsync()), StringComparison.Ordinal);
        Assert.Contains(Relay.Logs.GetSnapshot(), log => log.Message.Contains("is refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_server_wrote_in_place_of_words_is_no_answer()
    {
        await EscalateAsync();
        Ntfy.SayTooMuch(AnswerTopicName);
        Ntfy.SayBytes(AnswerTopicName, [0xFF, 0xFE]);
        Ntfy.Say(AnswerTopicName, "");
        await ListenAsync();

        Assert.Single(await Relay.OpenQuestionsAsync());
        Assert.Collection(
            (await RefusalsAsync()).Order(StringComparer.Ordinal), // They are of one instant.
            body => Assert.StartsWith("it came as a file", body, StringComparison.Ordinal),
            body => Assert.StartsWith("it is empty", body, StringComparison.Ordinal),
            body => Assert.Equal("it is not valid UTF-8", body));
    }

    [Fact]
    public async Task The_log_says_why_words_are_refused_and_neither_these_nor_the_first()
    {
        await EscalateAsync();
        Ntfy.Say(AnswerTopicName, "#1 merge \"both\" branches");
        Ntfy.Say(AnswerTopicName, "#1 forbid it");
        await ListenAsync();

        Assert.Contains("branches", Assert.Single(await RefusalsAsync()), StringComparison.Ordinal);
        var logged = Relay.Logs.GetSnapshot().Select(log => log.Message).ToList();
        Assert.Contains(logged, message => message.Contains("is refused: question #1 was answered by the phone", StringComparison.Ordinal));
        Assert.DoesNotContain(logged, message => message.Contains("branches", StringComparison.Ordinal)
            || message.Contains("forbid it", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("relay:1:allow:0:00000000000000000000000000000000")]
    [InlineData("relay:9:deny:0:00000000000000000000000000000000")]
    [InlineData("relay:")]
    [InlineData("relay:1:allow")]
    public async Task A_forged_token_is_refused_and_said_and_answers_nothing(string token)
    {
        await AskPermissionAsync();
        Ntfy.Say(AnswerTopicName, token);
        await ListenAsync();

        Assert.Single(await Relay.OpenQuestionsAsync());
        Assert.Contains("no button of this relay", Assert.Single(await RefusalsAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_of_one_option_or_question_is_none_of_another()
    {
        var question = await AskPermissionAsync();
        var deny = Body(await PageAsync(), "Deny");
        await AskPermissionAsync("rm -r /");
        Ntfy.Say(AnswerTopicName, deny.Replace(":deny:", ":allow:", StringComparison.Ordinal));
        Ntfy.Say(AnswerTopicName, deny.Replace($":{question}:", $":{question + 1}:", StringComparison.Ordinal));
        await ListenAsync();

        Assert.Equal(2, (await Relay.OpenQuestionsAsync()).Count);
        Assert.Equal(2, (await RefusalsAsync()).Count);
    }

    [Fact]
    public async Task A_stranger_who_writes_much_does_not_fill_the_phone()
    {
        for (var number = 0; number < 40; number++)
            Ntfy.Say(AnswerTopicName, $"relay:{number}");
        await ListenAsync();

        Assert.Equal(20, (await RefusalsAsync()).Count);
    }

    [Fact]
    public async Task A_line_that_is_too_long_is_skipped_and_said_once_and_what_follows_is_heard()
    {
        await EscalateAsync();
        var overlong = Ntfy.Say(AnswerTopicName, new string('x', 200_000));
        Ntfy.Say(AnswerTopicName, "merge");

        Assert.Equal(2, await ListenAsync());
        Assert.Equal(0, await ListenAsync());

        Assert.Empty(await Relay.OpenQuestionsAsync());
        Assert.Contains("longer than 65536 bytes", Assert.Single(await RefusalsAsync()), StringComparison.Ordinal);
        Assert.Single(Relay.Logs.GetSnapshot(), log => log.Message.Contains("longer than 65536 bytes", StringComparison.Ordinal));
        Relay.Clock.Advance(TimeSpan.FromSeconds(11));
        Ntfy.Say(AnswerTopicName, "relay-check:1");
        await ListenAsync();
        Assert.Equal(overlong.Id, await Relay.ReadAsync(reading => PhoneInbox.SinceAsync(reading, CancellationToken)));
    }

    [Fact]
    public async Task Words_that_are_refused_are_given_back()
    {
        await EscalateAsync(session: "session-1");
        await AskPermissionAsync();
        Ntfy.Say(AnswerTopicName, "do it");
        await ListenAsync();

        var said = Assert.Single(await RefusalsAsync());
        Assert.Contains("say which", said, StringComparison.Ordinal);
        Assert.Contains("Your words: do it", said, StringComparison.Ordinal);
    }
}
