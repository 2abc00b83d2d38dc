using Relay.Advisor;
using Relay.Conversations;
using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>What is given up, refused or too large leaves nothing behind that stops or costs the next message.</summary>
public sealed class GivingUpTests : HeldMessageTests
{
    [Fact]
    public async Task A_dropped_message_leaves_all_calls_to_come_and_a_line_stands_in_its_place()
    {
        await AnsweredAsync("before");
        _relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Request, "HTTP 400"));
        var bad = await _relay.AcceptAsync("session-1", "poison");
        await _relay.TakeTurnsAsync();

        await DropAsync(bad);
        await AnsweredAsync("after");

        Assert.DoesNotContain("poison", LastCall(), StringComparison.Ordinal);
        Assert.Contains(
            "[the relay] A message of session-1, 2026-08-01 09:00 UTC, 6 characters, is left out: given up with what the API refused.",
            LastCall(), StringComparison.Ordinal);
        Assert.Contains("[session-1] before", LastCall(), StringComparison.Ordinal);
        Assert.Equal(1, await _relay.CountAsync("SELECT COUNT(*) FROM entries WHERE content = 'poison' AND left_out IS NOT NULL"));
    }

    [Fact]
    public async Task It_stays_left_out_after_a_restart_and_the_size_of_the_history_is_right()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Request, "HTTP 400"));
        var bad = await _relay.AcceptAsync("session-1", new string('x', 5_000));
        await _relay.TakeTurnsAsync();
        await DropAsync(bad);

        await _relay.RestartAsync();
        await AnsweredAsync("after");

        Assert.DoesNotContain("xxx", LastCall(), StringComparison.Ordinal);
        Assert.Equal((await _relay.WindowAsync()).Characters, (await _relay.StatusAsync()).HistoryChars);
    }

    [Fact]
    public async Task A_refused_message_is_not_sent_again_with_the_operators_answer()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Refused("This asks for harm."));
        var id = await _relay.AcceptAsync("session-1", "Do harm.");
        await _relay.TakeTurnsAsync();

        await _relay.AnswerAsync("Do it safely.");
        await _relay.PassAsync();

        Assert.DoesNotContain("Do harm.", LastCall(), StringComparison.Ordinal);
        Assert.Contains("[operator JC] Do it safely.", LastCall(), StringComparison.Ordinal);
        Assert.Equal(MessageState.Placed, await _relay.StateAsync(id));
    }

    [Fact]
    public async Task A_refused_answer_leaves_the_calls_too_and_the_operator_is_asked_once_more()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Refused("This asks for harm."));
        _relay.Advisor.Enqueue(new AdvisorOutcome.Refused("So does this."));
        await _relay.AcceptAsync("session-1", "Do harm.");
        await _relay.TakeTurnsAsync();
        await _relay.AnswerAsync("Do other harm.");
        await _relay.TakeTurnsAsync();

        Assert.Contains("So does this.", Assert.Single(await _relay.OpenQuestionsAsync()).Text, StringComparison.Ordinal);
        await _relay.AnswerAsync("Do nothing.");
        await _relay.TakeTurnsAsync();

        Assert.DoesNotContain("harm.", LastCall(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_note_that_the_refused_turn_carried_is_not_sent_again_either()
    {
        await _relay.AcceptAsync("session-1", "For your record: how to do harm.", channel: ReplyChannel.None);
        _relay.Advisor.Enqueue(new AdvisorOutcome.Refused("The record is harmful."));
        var id = await _relay.AcceptAsync("session-1", "Well?");
        await _relay.TakeTurnsAsync();
        await DropAsync(id);

        await AnsweredAsync("after");

        Assert.DoesNotContain("how to do harm", LastCall(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_note_is_given_up_with_the_message_that_the_API_refused_because_of_it()
    {
        await _relay.AcceptAsync("session-1", "poison", channel: ReplyChannel.None);
        _relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Request, "HTTP 400"));
        var id = await _relay.AcceptAsync("session-1", "Well?");
        await _relay.TakeTurnsAsync();
        await DropAsync(id);

        await AnsweredAsync("after");

        Assert.DoesNotContain("poison", LastCall(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_about_which_the_operator_is_asked_can_be_given_up_and_its_question_closes(bool refused)
    {
        _relay.Advisor.Enqueue(
            refused ? new AdvisorOutcome.Refused("This asks for harm.") : ScriptedAdvisor.Replied("[NEEDS-JC] Which port?", "end_turn"));
        var id = await _relay.AcceptAsync("session-1", "Which port?");
        var next = await _relay.AcceptAsync("session-1", "Something else.");
        await _relay.TakeTurnsAsync();
        Assert.Single(await _relay.OpenQuestionsAsync());

        await DropAsync(id);
        await _relay.TakeTurnsAsync();

        Assert.Empty(await _relay.OpenQuestionsAsync());
        Assert.Equal(MessageState.Dead, (await _relay.MessageAsync(id)).State);
        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(next)).State);
    }

    [Fact]
    public async Task Dropping_a_held_answer_opens_its_question_again_and_pages()
    {
        _relay.Advisor.Reply("[NEEDS-JC] Which port?");
        _relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Request, "HTTP 400"));
        _relay.Advisor.Reply("Use 8080.");
        await _relay.AcceptAsync("session-1", "Which port?");
        await _relay.TakeTurnsAsync();
        await _relay.AnswerAsync("poison");
        await _relay.TakeTurnsAsync();
        var held = Assert.Single(await _relay.MessagesAsync(), message => message.State == MessageState.Held);

        await DropAsync(held.Id);

        var question = Assert.Single(await _relay.OpenQuestionsAsync());
        Assert.Equal((1, "[NEEDS-JC] Which port?"), (question.Id, question.Text));
        Assert.Equal(2, (await _relay.PagesAsync()).Count(page => page.Title.Contains("[NEEDS-JC]", StringComparison.Ordinal)));
        await _relay.AnswerAsync("8080");
        await _relay.PassAsync();
        Assert.Equal("Use 8080.", _relay.Consume("session-1")!.TrimEnd());
        Assert.DoesNotContain("poison", LastCall(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_whose_answer_is_held_can_be_given_up_together_with_it()
    {
        _relay.Advisor.Reply("[NEEDS-JC] Which port?");
        _relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Request, "HTTP 400"));
        var id = await _relay.AcceptAsync("session-1", "Which port?");
        await _relay.TakeTurnsAsync();
        await _relay.AnswerAsync("poison");
        await _relay.TakeTurnsAsync();

        await DropAsync(id);
        await AnsweredAsync("after");

        Assert.All((await _relay.MessagesAsync()).Take(2), message => Assert.Equal(MessageState.Dead, message.State));
        Assert.DoesNotContain("poison", LastCall(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dropping_the_held_answer_to_a_refusal_opens_that_question_again()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Refused("This asks for harm."));
        _relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Request, "HTTP 400"));
        var id = await _relay.AcceptAsync("session-1", "Do harm.");
        await _relay.TakeTurnsAsync();
        await _relay.AnswerAsync("poison");
        await _relay.TakeTurnsAsync();

        await DropAsync(Assert.Single(await _relay.MessagesAsync(), message => message.Cause == HoldCause.Request).Id);

        Assert.Equal(QuestionKind.Refusal, Assert.Single(await _relay.OpenQuestionsAsync()).Kind);
        Assert.Equal((MessageState.Held, HoldCause.Refusal), await StateOfAsync(id));
    }
}
