using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Operator;
using Relay.Running;
using Relay.Storage;
using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>How often a summary is bought, how long it may be, and where it ends.</summary>
public sealed class SummaryBoundsTests
{
    private static readonly ConversationId Default = new("default");
    private static readonly TokenUsage Usage = new(1_000, 10, 0, 0, 0);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Turns_that_alone_are_over_the_cap_do_not_buy_a_summary_each()
    {
        await using var relay = await TempRelay.CreateAsync("history_char_cap: 40000\nkeep_recent_turns: 10");
        for (var turn = 0; turn < 25; turn++)
            await TakeTurnAsync(relay, new string('x', 4_000));

        Assert.InRange(relay.Advisor.Calls.Count(IsSummary), 3, 5); // Five turns are half of the cap.
        Assert.InRange((await relay.WindowAsync()).Characters, 1, 40_000);
        var warning = Assert.Single(await WarningsAsync(relay));
        Assert.Contains("keep_recent_turns (10)", warning, StringComparison.Ordinal);
        Assert.Contains("history_char_cap (40000)", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_turn_over_the_cap_is_kept_and_summed_up_once_as_much_has_come_in()
    {
        await using var relay = await TempRelay.CreateAsync("history_char_cap: 10000\nkeep_recent_turns: 3");
        await TakeTurnAsync(relay, "small");
        await TakeTurnAsync(relay, new string('x', 30_000));

        for (var turn = 0; turn < 25; turn++)
            await TakeTurnAsync(relay, new string('y', 200));

        Assert.Equal(2, relay.Advisor.Calls.Count(IsSummary)); // The small turn, and the large one after half of the cap.
        Assert.True((await relay.WindowAsync()).Characters <= 10_000);
    }

    [Theory]
    [InlineData(100, 1, 4)]
    [InlineData(500, 1, 4)]
    [InlineData(100, 4, 2)]
    public async Task A_cap_that_single_turns_exceed_buys_a_summary_every_few_turns_and_is_warned_of(int cap, int keep, int most)
    {
        var config = FormattableString.Invariant($"history_char_cap: {cap}\nkeep_recent_turns: {keep}");
        await using var relay = await TempRelay.CreateAsync(config);
        for (var turn = 0; turn < 10; turn++)
            await TakeTurnAsync(relay, new string('x', 300));

        Assert.InRange(relay.Advisor.Calls.Count(IsSummary), 2, most);
        Assert.Contains("buys a summary every few turns", Assert.Single(await WarningsAsync(relay)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_that_fit_each_other_are_no_warning()
    {
        await using var relay = await TempRelay.CreateAsync("history_char_cap: 10000\nkeep_recent_turns: 2");
        for (var turn = 0; turn < 30; turn++)
            await TakeTurnAsync(relay, new string('x', 400));

        Assert.Contains(relay.Advisor.Calls, IsSummary);
        Assert.Empty(await WarningsAsync(relay));
    }

    [Fact]
    public async Task Where_the_summary_ends_is_told_by_no_text_that_an_entry_could_imitate()
    {
        await using var relay = await TempRelay.CreateAsync("history_char_cap: 20000\nkeep_recent_turns: 3");
        for (var turn = 0; turn < 12; turn++)
            await TakeTurnAsync(relay, "Deploy to staging: run the same steps as always, in the same order. " + new string('x', 2_000));

        var calls = relay.Advisor.Calls.ToList();
        var index = calls.FindIndex(IsSummary);
        var (summary, before) = (Blocks(calls[index]), Blocks(calls[index - 1]));
        Assert.DoesNotContain("Deploy", summary[^1], StringComparison.Ordinal);
        Assert.Equal(before, summary.Take(before.Count)); // What the last turn has cached, to the byte.
        Assert.Contains("all that stands above this line", summary[^1], StringComparison.Ordinal);
        Assert.Equal(before.Count + 2, summary.Count); // Its reply, and the instruction: nothing that is not summed up.
    }

    [Fact]
    public async Task A_summary_is_asked_to_be_short_and_has_room_of_its_own_and_a_long_one_is_cut()
    {
        await using var relay = await TempRelay.CreateAsync("history_char_cap: 8000\nkeep_recent_turns: 1\nmax_tokens: 100");
        for (var turn = 0; turn < 3; turn++)
            await TakeTurnAsync(relay, new string('x', 3_000), summary: string.Concat(Enumerable.Repeat("😀", 5_000)));

        var summary = Assert.Single(relay.Advisor.Calls, IsSummary);
        Assert.Contains("1,000 characters at most", Blocks(summary)[^1], StringComparison.Ordinal);
        Assert.True(summary.MaxTokens >= 8_000, $"{summary.MaxTokens}");
        Assert.InRange((await relay.WindowAsync()).Summary!.Characters, 1_990, 2_001);
    }

    public static TheoryData<string> Failures => ["cut at max_tokens", "empty", "refused", "cut stream"];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_forced_summary_is_bought_three_times_then_the_message_is_held_until_the_operator_says_so(string failure)
    {
        await using var relay = await TempRelay.CreateAsync();
        await ImportAsync(relay, turns: 30);
        var id = await relay.AcceptAsync("session-1", "Where are we?");

        await RunAsync(45);

        Assert.Equal(3, await relay.CountAsync("SELECT COUNT(*) FROM calls WHERE purpose = 'summary'"));
        var message = await relay.MessageAsync(id);
        Assert.Equal((MessageState.Held, HoldCause.Wasted), (message.State, message.Cause));
        Assert.Contains("3 calls were paid for", message.Reason, StringComparison.Ordinal);
        Assert.Contains(await relay.PagesAsync(), page => page.Body.Contains("spent", StringComparison.Ordinal));

        await relay.RestartAsync();
        await RunAsync(3);
        Assert.Equal(3, await relay.CountAsync("SELECT COUNT(*) FROM calls WHERE purpose = 'summary'"));

        Assert.True(await relay.Get<Holds>().RetryAsync(await relay.MessageAsync(id), CancellationToken));
        await RunAsync(45);
        Assert.Equal(6, await relay.CountAsync("SELECT COUNT(*) FROM calls WHERE purpose = 'summary'"));

        async Task RunAsync(int times)
        {
            for (var time = 0; time < times; time++)
            {
                relay.Advisor.Forget();
                for (var call = 0; call < 3; call++)
                    relay.Advisor.Enqueue((asked, _) => Task.FromResult(
                        IsSummary(asked) ? Failure(failure) : new AdvisorOutcome.ContextExceeded("prompt is too long")));
                relay.Clock.Advance(TimeSpan.FromMinutes(10));
                await relay.TakeTurnsAsync();
            }
        }
    }

    [Theory]
    [InlineData(nameof(HoldCause.Request), "message:")]
    [InlineData(nameof(HoldCause.Gateway), "hold:gateway")]
    [InlineData(nameof(HoldCause.Credit), "hold:credit")]
    public async Task A_forced_summary_that_is_refused_for_good_holds_the_message_with_that_cause_and_a_page(string cause, string page)
    {
        await using var relay = await TempRelay.CreateAsync();
        await ImportAsync(relay, turns: 30);
        var id = await relay.AcceptAsync("session-1", "Where are we?");

        for (var time = 0; time < 20; time++)
        {
            relay.Advisor.Forget();
            relay.Advisor.Enqueue(new AdvisorOutcome.ContextExceeded("prompt is too long"));
            relay.Advisor.Enqueue(new AdvisorOutcome.Held(Enum.Parse<HoldCause>(cause), "HTTP 400 cannot summarise"));
            relay.Clock.Advance(TimeSpan.FromSeconds(10));
            await relay.TakeTurnsAsync();
        }

        Assert.Equal(2, relay.Advisor.Calls.Count);
        var message = await relay.MessageAsync(id);
        Assert.Equal((MessageState.Held, Enum.Parse<HoldCause>(cause)), (message.State, message.Cause!.Value));
        Assert.Contains("cannot summarise", message.Reason, StringComparison.Ordinal);
        Assert.StartsWith(page, Assert.Single(await relay.PagesAsync()).Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bound_holds_over_restarts_and_a_kill_in_the_middle_counts()
    {
        await using var relay = await TempRelay.CreateAsync("history_char_cap: 2000\nkeep_recent_turns: 1");
        await ImportAsync(relay, turns: 30);
        for (var restart = 0; restart < 6; restart++)
        {
            var start = await relay.Get<SummaryTransactions>().BeginAsync(
                Default, await relay.WindowAsync(), "Sum it up.", CancellationToken);
            Assert.Equal(restart < 3, start is SummaryStart.Begun);
            await relay.RestartAsync();
        }

        Assert.Equal(3, await relay.CountAsync("SELECT COUNT(*) FROM calls WHERE state = 'lost'"));
    }

    [Fact]
    public async Task A_summary_under_a_stale_claim_is_not_recorded_and_not_said_to_be()
    {
        await using var relay = await TempRelay.CreateAsync("history_char_cap: 2000\nkeep_recent_turns: 1");
        await ImportAsync(relay, turns: 30);
        relay.Advisor.Enqueue(async (_, _) =>
        {
            await relay.Get<Recovery>().RestartAsync([], CancellationToken); // Another works here.
            return ScriptedAdvisor.Replied("The summary.");
        });

        await relay.Get<Summariser>().KeepUnderCapAsync(Default, CancellationToken);

        Assert.Null((await relay.WindowAsync()).Summary);
        Assert.DoesNotContain(relay.Logs.GetSnapshot(), record => record.Message.StartsWith("Summed up", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_summary_that_cannot_be_recorded_is_kept_until_it_can_and_not_paid_for_again()
    {
        await using var relay = await TempRelay.CreateAsync(
            "history_char_cap: 2000\nkeep_recent_turns: 1", kind: SqlDialect.Sqlite.Name);
        await ImportAsync(relay, turns: 30);
        relay.Advisor.Reply("The summary.");
        await ExecuteAsync(
            relay, "CREATE TRIGGER full BEFORE INSERT ON entries WHEN NEW.role = 'summary' BEGIN SELECT RAISE(ABORT, 'disk is full'); END");

        var ending = relay.Get<Summariser>().KeepUnderCapAsync(Default, CancellationToken);
        await Until.TrueAsync(() => relay.Get<Faults>().Standing.Count > 0, "the fault");
        await ExecuteAsync(relay, "DROP TRIGGER full");
        await Until.TrueAsync(
            () =>
            {
                relay.Clock.Advance(TimeSpan.FromSeconds(1));
                return ending.IsCompleted;
            },
            "the summary to be recorded");
        await ending;

        Assert.Equal("The summary.", (await relay.WindowAsync()).Summary?.Content);
        Assert.Single(relay.Advisor.Calls);
        Assert.Empty(relay.Get<Faults>().Standing);
    }

    private static Task<int> ExecuteAsync(TempRelay relay, string sql) =>
        relay.WriteAsync(writing => writing.Sql(sql).ExecuteAsync(CancellationToken));

    private static async Task TakeTurnAsync(TempRelay relay, string content, string summary = "The summary.")
    {
        relay.Advisor.Forget();
        for (var call = 0; call < 3; call++)
            relay.Advisor.Enqueue((asked, _) =>
                Task.FromResult<AdvisorOutcome>(ScriptedAdvisor.Replied(IsSummary(asked) ? summary : "ok")));
        await relay.AcceptAsync("session-1", content);
        await relay.TakeTurnsAsync();
    }

    private static Task<List<string>> WarningsAsync(TempRelay relay) =>
        relay.ReadAsync(reading => TightWindows.ReadAsync(reading, relay.Settings.Current.Config, CancellationToken));

    private static Task ImportAsync(TempRelay relay, int turns) => relay.WriteAsync(async writing =>
    {
        for (var turn = 0; turn < turns; turn++)
        {
            var question = new NewEntry(Default, EntryRole.User, "session-1", new string('q', 50));
            var reply = new NewEntry(Default, EntryRole.Assistant, "advisor", new string('a', 50));
            await Journal.AppendAsync(writing, question, CancellationToken);
            await Journal.AppendAsync(writing, reply, CancellationToken);
        }
    });

    private static AdvisorOutcome Failure(string failure) => failure switch
    {
        "cut at max_tokens" => ScriptedAdvisor.Replied("Half a summ", "max_tokens"),
        "empty" => new AdvisorOutcome.Empty("end_turn") { Usage = Usage },
        "refused" => new AdvisorOutcome.Refused("No.") { Usage = Usage },
        _ => new AdvisorOutcome.Deferred("cut", RetryAfter: null) { PerhapsPaid = true },
    };

    private static bool IsSummary(AdvisorCall call) =>
        call.Messages[^1].Blocks[^1].Contains("Your summary takes the place", StringComparison.Ordinal);

    private static List<string> Blocks(AdvisorCall call) => call.Messages.SelectMany(message => message.Blocks).ToList();
}
