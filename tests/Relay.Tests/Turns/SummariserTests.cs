using System.Text;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>Old turns are summarised when the window is over its cap. Nothing is lost.
/// A summary that fails changes nothing and costs little.</summary>
public sealed class SummariserTests
{
    private const string Config =
        """
        history_char_cap: 2000
        keep_recent_turns: 2
        summarization_prompt: Sum it up.
        """;

    private static readonly ConversationId Default = new("default");

    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<TempRelay, Behaviour> Behaviours = [];

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Over_the_cap_the_older_turns_are_summed_up_by_a_call_with_the_prefix_of_the_turn_before()
    {
        await using var relay = await TempRelay.CreateAsync(Config);
        await TalkAsync(relay, turns: 5, characters: 300);

        var summary = Assert.Single(relay.Advisor.Calls, IsSummary);
        var before = relay.Advisor.Calls[relay.Advisor.Calls.ToList().IndexOf(summary) - 1];
        Assert.Equal(Blocks(before), Blocks(summary).Take(Blocks(before).Count));
        Assert.Equal((before.System, before.Model, before.MaxTokens), (summary.System, summary.Model, summary.MaxTokens));
        Assert.StartsWith("[the relay] Sum it up.", Blocks(summary)[^1], StringComparison.Ordinal);
        var window = await relay.WindowAsync();
        Assert.Equal("The summary.", window.Summary?.Content);
        Assert.True(window.Characters <= 2000);
        Assert.Equal(4, window.Turns.Count); // One turn was kept, and one came after it.
        Assert.Equal(10, await relay.CountAsync("SELECT COUNT(*) FROM entries WHERE role <> 'summary'"));
    }

    [Fact]
    public async Task The_next_turn_carries_the_summary_and_what_came_after_it()
    {
        await using var relay = await TempRelay.CreateAsync(Config);
        await TalkAsync(relay, turns: 5, characters: 300);

        await relay.AcceptAsync("session-1", "next");
        await relay.TakeTurnsAsync();

        var blocks = Blocks(relay.Advisor.Calls.Last(call => !IsSummary(call)));
        Assert.Contains("The summary.", blocks[0], StringComparison.Ordinal);
        Assert.StartsWith("[session-1] 3", blocks[1], StringComparison.Ordinal); // Two turns would be over half of the cap.
        Assert.Equal("[session-1] next", blocks[^1]);
    }

    [Fact]
    public async Task Rulings_are_carried_word_for_word_after_every_summary()
    {
        await using var relay = await TempRelay.CreateAsync(Config);
        relay.Advisor.Reply("[NEEDS-JC] Tabs or spaces?", "Tabs it is.");
        await relay.AcceptAsync("session-1", "Which?");
        await relay.TakeTurnsAsync();
        await relay.AnswerAsync("Tabs, \"always\" — 😀.");
        await relay.TakeTurnsAsync();
        await relay.AnswerAsync("@session-1: and LF.");

        await TalkAsync(relay, turns: 20, characters: 300);

        Assert.True(relay.Advisor.Calls.Count(IsSummary) > 1);
        var preamble = Blocks(relay.Advisor.Calls[^1])[0];
        Assert.Contains("Tabs, \"always\" — 😀.", preamble, StringComparison.Ordinal);
        Assert.Contains("Tabs or spaces?", preamble, StringComparison.Ordinal);
        Assert.Contains("and LF.", preamble, StringComparison.Ordinal);
    }

    public static TheoryData<string> Failures => ["deferred", "held", "refused", "empty", "cut", "too long", "fault"];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_failing_summary_changes_nothing_and_the_turn_goes_on(string failure)
    {
        await using var relay = await TempRelay.CreateAsync(Config);
        await TalkAsync(relay, turns: 4, characters: 200);
        Always(relay, call => IsSummary(call) ? Failure(failure) : ScriptedAdvisor.Replied("Still here."));
        await relay.AcceptAsync("session-1", new string('x', 1200));
        await relay.TakeTurnsAsync();

        var id = await relay.AcceptAsync("session-1", "next");
        await relay.TakeTurnsAsync();

        Assert.Equal(1, relay.Advisor.Calls.Count(IsSummary));
        Assert.Null((await relay.WindowAsync()).Summary);
        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(id)).State);
        Assert.Equal(12, (await relay.WindowAsync()).Turns.Count);
        Assert.Empty(await relay.PagesAsync());
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM calls WHERE state = 'started'"));
    }

    [Fact]
    public async Task Summaries_that_keep_failing_are_paid_for_three_times_until_as_much_again_has_come_in()
    {
        await using var relay = await TempRelay.CreateAsync(Config);
        await TalkAsync(relay, turns: 4, characters: 240);
        var failing = 0;
        Always(relay, Answer);

        for (var minute = 0; minute < 6 * 60; minute++)
        {
            await relay.AcceptAsync("session-1", "again");
            await relay.TakeTurnsAsync();
            relay.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.InRange(failing, 6, 9); // 360 turns of seven characters are two and a half times half of the cap.
        var page = Assert.Single(await relay.PagesAsync());
        Assert.Contains("no summary of default", page.Title, StringComparison.Ordinal);
        Assert.Contains("3 calls were paid for", page.Body, StringComparison.Ordinal);

        AdvisorOutcome Answer(AdvisorCall call)
        {
            if (!IsSummary(call))
                return ScriptedAdvisor.Replied("ok");
            failing++;
            return new AdvisorOutcome.Empty("end_turn");
        }
    }

    [Theory]
    [InlineData(50, 1, 1)] // Sixteen times the cap, and the model takes it.
    [InlineData(1_000, 4, 10)]
    public async Task A_history_far_over_the_cap_is_summed_up_by_one_call_and_piece_by_piece_only_where_the_model_would_not_take_it(
        int turns, int fewest, int most)
    {
        await using var relay = await TempRelay.CreateAsync(Config + "\nmodel: claude-haiku-4-5");
        await ImportAsync(relay, turns, characters: 300);
        Always(relay, call => ScriptedAdvisor.Replied(IsSummary(call) ? "The summary so far." : "Here."));

        await relay.AcceptAsync("session-1", "Where are we?");
        await relay.TakeTurnsAsync();

        var summaries = relay.Advisor.Calls.Where(IsSummary).ToList();
        Assert.InRange(summaries.Count, fewest, most);
        Assert.All(summaries, call => Assert.InRange(call.Messages.Sum(message => message.Blocks.Sum(block => block.Length)), 1, 250_000));
        Assert.True((await relay.WindowAsync()).Characters <= 2000);
        Assert.Equal(2 * turns + 2, await relay.CountAsync("SELECT COUNT(*) FROM entries WHERE role <> 'summary'"));
        var covered = await relay.ReadAsync(
            "SELECT covers_through FROM entries WHERE role = 'summary' ORDER BY position", row => row.Number());
        Assert.Equal(covered.Order(), covered);
    }

    [Fact]
    public async Task A_window_the_model_does_not_take_is_summed_up_in_pieces_that_fit_and_the_message_asked_again()
    {
        await using var relay = await TempRelay.CreateAsync("history_char_cap: 50000000\nkeep_recent_turns: 10");
        await ImportAsync(relay, turns: 30, characters: 1_000);
        Always(relay, call =>
            Blocks(call).Sum(block => block.Length) > 20_000 ? new AdvisorOutcome.ContextExceeded("prompt is too long")
            : ScriptedAdvisor.Replied(IsSummary(call) ? "The summary." : "Here we are."));

        var id = await relay.AcceptAsync("session-1", "Where are we?");
        await relay.PassAsync();

        Assert.Equal("Here we are.", relay.Consume("session-1"));
        Assert.Equal(MessageState.Placed, await relay.StateAsync(id));
        Assert.NotNull((await relay.WindowAsync()).Summary);
        Assert.Equal(62, await relay.CountAsync("SELECT COUNT(*) FROM entries WHERE role <> 'summary'"));
        Assert.InRange(relay.Advisor.Calls.Count, 3, 12);
    }

    [Fact]
    public async Task A_single_message_the_model_does_not_take_is_held_and_paged()
    {
        await using var relay = await TempRelay.CreateAsync();
        relay.Advisor.Enqueue(new AdvisorOutcome.ContextExceeded("prompt is too long: 9 tokens > 8 maximum"));
        var id = await relay.AcceptAsync("session-1", "Where are we?");

        await relay.TakeTurnsAsync();

        var message = await relay.MessageAsync(id);
        Assert.Equal((MessageState.Held, HoldCause.Context), (message.State, message.Cause));
        Assert.Contains("too long", Assert.Single(await relay.PagesAsync()).Body, StringComparison.Ordinal);
        Assert.Single(relay.Advisor.Calls);
    }

    [Fact]
    public async Task A_forced_summary_that_fails_in_passing_defers_the_message()
    {
        await using var relay = await TempRelay.CreateAsync();
        await ImportAsync(relay, turns: 30, characters: 100);
        relay.Advisor.Enqueue(new AdvisorOutcome.ContextExceeded("prompt is too long"));
        relay.Advisor.Enqueue(new AdvisorOutcome.Deferred("HTTP 529", RetryAfter: null));
        var id = await relay.AcceptAsync("session-1", "Where are we?");

        await relay.TakeTurnsAsync();

        var message = await relay.MessageAsync(id);
        Assert.Equal(MessageState.Deferred, message.State);
        Assert.Contains("HTTP 529", message.Reason, StringComparison.Ordinal);
        Assert.Equal(2, relay.Advisor.Calls.Count);
    }

    [Fact]
    public async Task The_instruction_never_holds_half_a_character()
    {
        await using var relay = await TempRelay.CreateAsync(Config);

        await TalkAsync(relay, turns: 6, characters: 300, filler: "😀");

        Assert.All(
            relay.Advisor.Calls.Where(IsSummary),
            call => Assert.DoesNotContain('\uFFFD', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(Blocks(call)[^1]))));
        Assert.Contains(relay.Advisor.Calls, IsSummary);
    }

    [Fact]
    public async Task A_summary_is_in_the_ledger_and_in_the_totals()
    {
        await using var relay = await TempRelay.CreateAsync(Config);

        await TalkAsync(relay, turns: 5, characters: 300);

        Assert.Equal(1, await relay.CountAsync("SELECT COUNT(*) FROM calls WHERE purpose = 'summary' AND state = 'done'"));
        Assert.Equal(6, (await relay.ReadAsync(reading => Spending.TotalsAsync(reading, CancellationToken))).Calls);
    }

    /// <summary>Each message and each reply has so many characters; summaries are short.</summary>
    private static async Task TalkAsync(TempRelay relay, int turns, int characters, string filler = "x")
    {
        var text = string.Concat(Enumerable.Repeat(filler, characters / filler.Length));
        Always(relay, call => ScriptedAdvisor.Replied(IsSummary(call) ? "The summary." : text));
        for (var turn = 0; turn < turns; turn++)
        {
            await relay.AcceptAsync("session-1", turn + text);
            await relay.TakeTurnsAsync();
        }
    }

    private static Task ImportAsync(TempRelay relay, int turns, int characters) => relay.Database.WriteAsync(
        async writing =>
        {
            for (var turn = 0; turn < turns; turn++)
            {
                var question = new NewEntry(Default, EntryRole.User, "session-1", new string('q', characters));
                var reply = new NewEntry(Default, EntryRole.Assistant, "advisor", new string('a', characters));
                await Journal.AppendAsync(writing, question, CancellationToken);
                await Journal.AppendAsync(writing, reply, CancellationToken);
            }
        },
        CancellationToken);

    /// <summary>From now on the advisor answers all calls like this.</summary>
    private static void Always(TempRelay relay, Func<AdvisorCall, AdvisorOutcome> answer)
    {
        var behaviour = Behaviours.GetValue(relay, _ => new Behaviour());
        if (behaviour.Answer is null)
            relay.Advisor.Enqueue(AnswerAndStay);
        behaviour.Answer = answer;

        Task<AdvisorOutcome> AnswerAndStay(AdvisorCall call, CancellationToken cancellationToken)
        {
            relay.Advisor.Enqueue(AnswerAndStay);
            return Task.FromResult(behaviour.Answer!(call));
        }
    }

    private static AdvisorOutcome Failure(string failure) => failure switch
    {
        "deferred" => new AdvisorOutcome.Deferred("HTTP 529", RetryAfter: null),
        "held" => new AdvisorOutcome.Held(HoldCause.Credentials, "HTTP 401"),
        "refused" => new AdvisorOutcome.Refused("No."),
        "empty" => new AdvisorOutcome.Empty("end_turn"),
        "fault" => throw new InvalidOperationException("an index that is not there"),
        "cut" => ScriptedAdvisor.Replied("Half a summ", "max_tokens"),
        _ => new AdvisorOutcome.ContextExceeded("prompt is too long"),
    };

    private sealed class Behaviour
    {
        public Func<AdvisorCall, AdvisorOutcome>? Answer { get; set; }
    }

    private static bool IsSummary(AdvisorCall call) =>
        call.Messages[^1].Blocks[^1].Contains("Your summary takes the place", StringComparison.Ordinal);

    private static List<string> Blocks(AdvisorCall call) => call.Messages.SelectMany(message => message.Blocks).ToList();
}
