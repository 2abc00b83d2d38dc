using System.Globalization;
using Relay.Advisor;
using Relay.Agents;
using Relay.Agents.Hooks;
using Relay.Cli;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Dispatch;
using Relay.Intake;
using Relay.Loopback;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Tests.Testing;
using Relay.Turns;
using Relay.Web.Dashboard;
using Relay.Web.Status;
using Xunit;

namespace Relay.Tests.Storage.Plans;

/// <summary>All that a relay does in a day, once or a few times each: every loop, every outcome of a turn, every way in and out, every
/// look at it, every command that reads the database.</summary>
internal sealed partial class WorkingDay(TempRelay relay, LoopbackNtfy ntfy)
{
    public const string Config = """
        max_tokens: 1000
        system_prompt: Advise.
        history_char_cap: 3000
        keep_recent_turns: 1
        rulings_char_cap: 100
        budget: {per_day_usd: 100, per_month_usd: 1000}
        agents: {wake: "true", wake_in: [/tmp]}

        """;

    private const string Claude = "0c8f2b11-3f7e-4f0e-9d6a-3f9f4f9a0a9e";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async Task LiveAsync()
    {
        ntfy.Enqueue(NtfyFault.Status(500));
        await relay.WriteAsync(writing => FactStore.SetAsync(writing, FactStore.FoldersOf, "another home", CancellationToken));
        await relay.WriteAsync(writing => PageStore.AnnounceAsync(writing, "claude", "/home", CancellationToken));
        await relay.WriteAsync(writing => relay.Get<SessionDirectory>().IntroduceAsync(writing, CancellationToken));
        await TalkAsync();
        await FailAsync();
        await new Shortages(relay).SufferAsync();
        await EscalateAsync();
        await RuleAsync();
        await SayUnaskedAsync();
        await ActAsync();
        await AnswerByPhoneAsync();
        await ServeAgentsAsync();
        await ServeCallersAsync();
        await GetStuckAsync();
        await RecoverAsync();
        await LookAsync();
    }

    /// <summary>What only a person's command reads.</summary>
    public async Task CommandAsync()
    {
        foreach (var text in new[] { "s6-0", "envelope-7", "0190", "000000007" })
            foreach (var message in await relay.ReadAsync(reading => MessageSearch.FindAsync(reading, text, CancellationToken)))
                await relay.ReadAsync(reading => MessageStory.ReadAsync(reading, message, CancellationToken));
        foreach (var message in await relay.ReadAsync(reading => MessageStore.UnderWayAsync(reading, CancellationToken)))
            await relay.ReadAsync(reading => Waits.OfAsync(reading, message, CancellationToken));
        await relay.ReadAsync(reading => Outbox.OpenAsync(reading, CancellationToken));
        await relay.ReadAsync(reading => Journal.ToldBetweenAsync(reading, new ConversationId("c1"), 0, 10, CancellationToken));
        await relay.ReadAsync(reading => Outbox.RecipientsAsync(reading, new ConversationId("c1"), 0, 10, CancellationToken));
        await relay.ReadAsync(reading => SessionStore.ListAsync(reading, CancellationToken));
        await LookAtRulingsAsync();
        await relay.ReadAsync(reading => QuestionStore.NewestAsync(reading, 50, CancellationToken));
        await relay.AcceptAsync("s16", "What is being asked at this moment");
        Assert.NotNull(await relay.ClaimAsync("c1"));
        await relay.ReadAsync(reading => Spending.SumsAsync(reading, CostGroup.Session, CancellationToken));
        await relay.Get<CostReader>().CsvAsync(CancellationToken);
        await SearchAsync();
    }

    private async Task TalkAsync()
    {
        for (var turn = 0; turn < 3; turn++)
            foreach (var session in new[] { "s6", "s7", "s10" })
            {
                relay.Drop(session, "Shall I?", id: $"{session}-{turn}");
                await relay.PassAsync();
                relay.Consume(session);
            }
        relay.Drop("s6", "Shall I?", id: "s6-0"); // Once more.
        var incoming = new Incoming(SessionId.Stored("newcomer-2"), "Shall I?", "id:named", ReplyChannel.None)
        {
            MessageId = MessageId.New(relay.Clock.GetUtcNow()).Value,
            Source = "connection:newcomer",
        };
        await relay.Get<Inbox>().AcceptAsync(incoming, CancellationToken);
        foreach (var file in new[] { """{"session_id": "s6"}""", "[]" })
        {
            await File.WriteAllTextAsync(Path.Combine(relay.Home.Queue, "bad.json"), file, CancellationToken);
            await relay.RunAsync<QueueFolder>();
            await relay.RunAsync<Rejections>();
        }
        relay.Consume("s6");
        await relay.AcceptAsync("s11", "Two at once");
        await relay.AcceptAsync("s11", "in one go");
        relay.Advisor.Reply("For both.\n@s6: And for you.", "Good.");
        await relay.PassAsync();
        relay.Consume("s11");
        await relay.PassAsync();
        await relay.AcceptAsync("s10", new string('x', 4_000)); // Over the cap: the next turn comes after a summary.
        await relay.TakeTurnsAsync();
        await relay.AcceptAsync("s10", "And now?");
        await relay.TakeTurnsAsync();
        await relay.AcceptAsync("s10", "For the record.", channel: ReplyChannel.None);
        await relay.TakeTurnsAsync();
    }

    private async Task FailAsync()
    {
        relay.Advisor.Enqueue(new AdvisorOutcome.Deferred("busy", RetryAfter: null));
        for (var empty = 0; empty < 3; empty++)
            relay.Advisor.Enqueue(new AdvisorOutcome.Empty("end_turn"));
        relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Credentials, "no key") { NeverMade = true });
        relay.Advisor.Enqueue(new AdvisorOutcome.ContextExceeded("too long"));
        relay.Advisor.Enqueue((_, _) => throw new InvalidOperationException("a fault"));
        var message = await relay.AcceptAsync("s8", "What fails in every way");
        for (var attempt = 0; attempt < 9; attempt++)
        {
            await relay.TakeTurnsAsync();
            await LookAsync();
            relay.Clock.Advance(TimeSpan.FromMinutes(10));
            await relay.Get<Holds>().RetryAsync(await MessageAsync("s8", message), CancellationToken);
        }
        relay.Advisor.Enqueue(new AdvisorOutcome.Refused("no"));
        await relay.AcceptAsync("s8", "What is refused");
        await relay.TakeTurnsAsync();
        relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Request, "HTTP 400"));
        await relay.AnswerAsync("do it all the same");
        await relay.TakeTurnsAsync();
        var held = await relay.ReadAsync(reading => MessageStore.HeldAsync(reading, CancellationToken));
        Assert.True(await relay.Get<Holds>().DropAsync(held.Find(each => each.Cause == HoldCause.Request)!, CancellationToken));
        await relay.AnswerAsync("do it another way");
        await relay.TakeTurnsAsync();
        var dropped = await relay.AcceptAsync("s8", "What is given up");
        await relay.Get<Holds>().DropAsync(await MessageAsync("s8", dropped), CancellationToken);
        await relay.ConfigureAsync(await File.ReadAllTextAsync(relay.Home.ConfigFile, CancellationToken) + "stuck_after: 5m\n");
        await relay.RunAsync<StateWatch>();
        await relay.RunAsync<HealthWatch>();
        await relay.RunAsync<HomeMemory>();
        await relay.RunAsync<HoldRelease>();
        await relay.RunAsync<SettingsWatch>();
    }

    private async Task EscalateAsync()
    {
        foreach (var answer in new[] { "left", "#{0} left", "@s9: left", "@s14: left" })
        {
            relay.Advisor.Reply("[NEEDS-JC] Left or right?");
            await relay.AcceptAsync("s9", "Which way?");
            await relay.AcceptAsync("s9", "And behind it?");
            await relay.TakeTurnsAsync();
            await LookAsync();
            await relay.AnswerAsync(answer.Replace("{0}", $"{(await relay.OpenQuestionsAsync())[0].Id}", StringComparison.Ordinal));
            if ((await relay.OpenQuestionsAsync()).Count > 0) // Words for another session settle nothing.
                await relay.AnswerAsync("left");
            await relay.TakeTurnsAsync();
            await relay.RunAsync<Dispatcher>();
        }
        Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync("too late"));
    }

    private async Task SayUnaskedAsync()
    {
        relay.Clock.Advance(TimeSpan.FromMinutes(11)); // After the last answer.
        await File.WriteAllTextAsync(relay.Home.OperatorFile("jc_input.txt"), "What is going on?", CancellationToken);
        await relay.RunAsync<OperatorFile>();
        relay.Clock.Advance(TimeSpan.FromSeconds(2));
        await relay.RunAsync<OperatorFile>();
        await relay.TakeTurnsAsync();
        await File.WriteAllTextAsync(relay.Home.OperatorFile("jc_input.txt"), "@nobody here: hello", CancellationToken);
        await relay.RunAsync<OperatorFile>();
        relay.Clock.Advance(TimeSpan.FromSeconds(2));
        await relay.RunAsync<OperatorFile>();
        await relay.RunAsync<Pager>();
    }

    private async Task ServeCallersAsync()
    {
        var taken = await relay.AcceptAsync("s13", "By HTTP?", channel: ReplyChannel.Caller);
        await relay.AcceptAsync("s13", "And left?", channel: ReplyChannel.Caller);
        await relay.TakeTurnsAsync();
        await relay.RunAsync<Dispatcher>();
        var message = await MessageAsync("s13", taken);
        var reply = (await relay.ReadAsync(reading => Outbox.ReplyToAsync(reading, message, CancellationToken)))!;
        await relay.WriteAsync(writing => Outbox.ConsumedAsync(writing, reply, CancellationToken));
        relay.Clock.Advance(TimeSpan.FromMinutes(1));
        await relay.RunAsync<Dispatcher>();
    }

    private async Task GetStuckAsync()
    {
        relay.Advisor.Enqueue(new AdvisorOutcome.Deferred("busy", RetryAfter: TimeSpan.FromMinutes(20)));
        await relay.AcceptAsync("s14", "What takes long");
        await relay.TakeTurnsAsync();
        relay.Clock.Advance(TimeSpan.FromMinutes(10));
        await relay.RunAsync<StuckWatch>();
        await LookAsync();
        relay.Clock.Set(TimeSpan.FromHours(1));
        await relay.RunAsync<ClockWatch>();
        relay.Clock.Advance(TimeSpan.FromMinutes(20));
        await relay.TakeTurnsAsync();
        await relay.RunAsync<StuckWatch>();
    }

    private async Task RecoverAsync()
    {
        await relay.AcceptAsync("s16", "What is being asked when it stops");
        Assert.NotNull(await relay.ClaimAsync("c1"));
        await relay.Get<Recovery>().StartAsync(CancellationToken);
        await relay.WriteAsync(writing => PermissionQuestions.ExpireAllAsync(writing, CancellationToken));
        await relay.WriteAsync(writing => AgentStore.LetGoAsync(writing, CancellationToken));
        await relay.TakeTurnsAsync();
        await relay.RunAsync<Dispatcher>();
    }

    private async Task<Message> MessageAsync(string session, MessageId message)
    {
        var conversation = FinishedStore.ConversationOf(int.Parse(session[1..], CultureInfo.InvariantCulture));
        return (await relay.ReadAsync(reading => MessageStore.FindAsync(reading, conversation, message, CancellationToken)))!;
    }
}
