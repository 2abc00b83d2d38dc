using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>What is given up, refused or too large leaves nothing behind that stops or costs the next message.</summary>
public sealed class GivingUpTests : IAsyncLifetime
{
    private const string TooLong = "HTTP 400 invalid_request_error: prompt is too long: 1034561 tokens > 1000000 maximum";
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

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
            "[relay] A message of session-1, 2026-08-01 09:00 UTC, 6 characters, is left out: given up with what the API refused.",
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

    [Fact]
    public async Task A_refused_message_can_be_dropped_and_its_question_closes()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Refused("This asks for harm."));
        var id = await _relay.AcceptAsync("session-1", "Do harm.");
        var next = await _relay.AcceptAsync("session-1", "Something else.");
        await _relay.TakeTurnsAsync();

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
    public async Task A_message_that_waits_for_the_operator_can_be_given_up_and_its_question_closes()
    {
        _relay.Advisor.Reply("[NEEDS-JC] Which port?");
        var id = await _relay.AcceptAsync("session-1", "Which port?");
        var next = await _relay.AcceptAsync("session-1", "Something else.");
        await _relay.TakeTurnsAsync();

        await DropAsync(id);
        await _relay.TakeTurnsAsync();

        Assert.Empty(await _relay.OpenQuestionsAsync());
        Assert.Equal(MessageState.Dead, (await _relay.MessageAsync(id)).State);
        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(next)).State);
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

    [Fact]
    public async Task A_message_too_large_for_the_model_is_held_at_once_nothing_is_summed_up_and_the_others_go_on()
    {
        for (var turn = 0; turn < 12; turn++)
            await AnsweredAsync($"question {turn}");
        var calls = _relay.Advisor.Calls.Count;
        _relay.Advisor.Enqueue(new AdvisorOutcome.ContextExceeded(TooLong));
        var large = await _relay.AcceptAsync("session-1", new string('x', 100_000));
        await _relay.TakeTurnsAsync();
        var next = await _relay.AcceptAsync("session-2", "And mine?");
        await _relay.TakeTurnsAsync();

        Assert.Equal((MessageState.Held, HoldCause.Context), await StateOfAsync(large));
        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(next)).State);
        Assert.Equal(calls + 2, _relay.Advisor.Calls.Count);
        Assert.DoesNotContain("xxx", LastCall(), StringComparison.Ordinal);
        Assert.Contains("no summary of the rest makes room", (await _relay.MessageAsync(large)).Reason!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retried_with_a_model_that_has_room_it_is_asked_whole_and_answered()
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.ContextExceeded(TooLong));
        var large = await _relay.AcceptAsync("session-1", "all of it");
        await _relay.TakeTurnsAsync();
        await AnsweredAsync("in between");

        Assert.True(await _relay.Get<Holds>().RetryAsync(await _relay.MessageAsync(large), CancellationToken));
        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(large)).State);
        Assert.Contains("[session-1] all of it", LastCall(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20, 0)] // Half of the million is not reached.
    [InlineData(600_000, 0)]
    [InlineData(850_000, 1)]
    public async Task What_every_call_carries_is_warned_of_before_it_fills_the_context(long inputTokens, int pages)
    {
        _relay.Advisor.Enqueue(ScriptedAdvisor.Replied("Yes.", "end_turn") with { Usage = new TokenUsage(inputTokens, 5, 0, 0, 0) });
        await _relay.AcceptAsync("session-1", "?"); // Nearly all of the call is the system prompt.
        await _relay.TakeTurnsAsync();

        Assert.Equal(pages, (await _relay.PagesAsync()).Count(page => page.Title.Contains("context fills", StringComparison.Ordinal)));
        Assert.Equal(
            inputTokens > 500_000,
            _relay.Logs.GetSnapshot().Any(line => line.Message.Contains("rulings take about", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_system_prompt_that_likely_fills_half_of_the_context_is_warned_of_before_any_call()
    {
        await _relay.ConfigureAsync($"model: claude-haiku-4-5\nsystem_prompt: {new string('x', 400_000)}");

        var warning = Assert.Single((await _relay.StatusAsync()).Warnings!);
        Assert.Contains("system_prompt takes about 120,000 of the model's 200,000 tokens", warning, StringComparison.Ordinal);
        Assert.Empty(_relay.Advisor.Calls);

        await _relay.ConfigureAsync("model: claude-haiku-4-5\nsystem_prompt: short");
        Assert.Empty((await _relay.StatusAsync()).Warnings!);
    }

    [Fact]
    public async Task What_the_system_prompt_alone_holds_is_one_page_and_goes_on_once_there_is_room()
    {
        await _relay.ConfigureAsync($"system_prompt: {new string('x', 250_000)}");
        var ids = new List<MessageId>();
        for (var message = 0; message < 3; message++)
        {
            _relay.Advisor.Enqueue(new AdvisorOutcome.ContextExceeded("prompt is too long: 234561 tokens > 200000 maximum"));
            ids.Add(await _relay.AcceptAsync("session-1", $"question {message}"));
            await _relay.TakeTurnsAsync();
            Assert.Equal((MessageState.Held, HoldCause.Context), await StateOfAsync(ids[message]));
        }

        var page = Assert.Single(await _relay.PagesAsync());
        Assert.Equal("hold:context", page.Cause);
        Assert.DoesNotContain("Other messages go on", page.Body, StringComparison.Ordinal);
        Assert.Empty(await _relay.ReadAsync(reading => StateCheck.ReadAsync(reading, CancellationToken)));

        await _relay.ConfigureAsync("system_prompt: short");
        await _relay.RunAsync<HoldRelease>();
        await _relay.TakeTurnsAsync();
        Assert.All(ids, id => Assert.Equal(MessageState.Answered, _relay.MessageAsync(id).GetAwaiter().GetResult().State));
        Assert.Equal(0, await _relay.CountAsync("SELECT COUNT(*) FROM pages WHERE cleared_at IS NULL"));
    }

    private async Task AnsweredAsync(string content)
    {
        var id = await _relay.AcceptAsync("session-1", content);
        await _relay.TakeTurnsAsync();
        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(id)).State);
    }

    private async Task DropAsync(MessageId id) =>
        Assert.True(await _relay.Get<Holds>().DropAsync(await _relay.MessageAsync(id), CancellationToken));

    private async Task<(MessageState, HoldCause?)> StateOfAsync(MessageId id)
    {
        var message = await _relay.MessageAsync(id);
        return (message.State, message.Cause);
    }

    private string LastCall() => string.Join("\n", _relay.Advisor.Calls[^1].Messages.SelectMany(message => message.Blocks));
}
