using System.Diagnostics;
using System.Globalization;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Crash;

/// <summary>kill -9 at every step and at random moments, while sessions keep dropping and taking and the operator keeps answering.
/// RELAY_CRASH_SEED repeats a run's plan.</summary>
public abstract class KilledAtEveryStep(ITestOutputHelper output)
{
    /// <summary>A few messages are left over for the lives that are tried again, the rest comes at the end.</summary>
    private const int Messages = 300, MessagesPerLife = 4, Kills = 60, LaterPassings = 10;
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(10), DrainLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    private const string Config =
        $"""
        history_char_cap: 3000
        keep_recent_turns: 2
        summarization_prompt: {EchoingAdvisor.SummaryPrompt}
        sessions:
          - session_id: s-1
            conversation: alpha
          - session_id: s-2
            conversation: alpha
          - session_id: s-3
            conversation: beta
          - session_id: s-4
            conversation: beta
        """;

    [Fact]
    public async Task Nothing_is_lost_and_nothing_happens_twice()
    {
        var database = await MakeDatabaseAsync();
        var seed = int.TryParse(Environment.GetEnvironmentVariable("RELAY_CRASH_SEED"), CultureInfo.InvariantCulture, out var given)
            ? given
            : Environment.TickCount & 0xFFFFF;
        var name = database is null ? "crash scenario" : "crash scenario on PostgreSQL";
        Say(FormattableString.Invariant($"{name}: seed {seed}"));
        var started = Stopwatch.GetTimestamp();
        await using var api = await LoopbackMessagesApi.StartAsync(
            new() { Answer = EchoingAdvisor.Answer, Latency = TimeSpan.FromMilliseconds(20) });
        await using var ntfy = await LoopbackNtfy.StartAsync();
        using var home = new ScenarioHome(api.Address, ntfy.Address, Config, database);
        await using var talk = new CrashTalk(home, ntfy, Messages, MessagesPerLife, new Random(seed));

        var (atSteps, atMoments) = await DieAsync(home, talk, CrashPlan.Make(Kills, LaterPassings, new Random(seed)));
        await DrainAsync(home, talk);
        Assert.Empty(await home.StrandedAsync());
        var figures = await CrashFigures.CountAsync(home, talk, api, ntfy, TestContext.Current.CancellationToken);

        Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: {talk.Count} messages, {atSteps.Count + atMoments} kills ({atSteps.Distinct().Count()} steps, {atMoments} random): "
            + $"lost {figures.Lost}, placed twice {figures.PlacedTwice}, user turns twice {figures.UserTurnsTwice}, "
            + $"calls perhaps paid twice {figures.PerhapsPaidTwice}, "
            + $"{Stopwatch.GetElapsedTime(started).TotalSeconds:0} s"));
        Say(figures.ToString());
        Assert.Equal(Messages, talk.Count);
        Assert.Equal(CrashPlan.Steps.Order(), atSteps.Distinct().Order());
        Assert.True(atSteps.Count + atMoments >= Kills);
        Assert.Equal(
            (0, 0, 0, 0, 0, 0, 0L, 0L, 0),
            (figures.Lost, figures.PlacedTwice, figures.OutOfOrder, figures.UserTurnsTwice, figures.BlocksTwice, figures.RequestsWithoutRow,
                figures.Unfinished, figures.QuestionsNotAnsweredOnce, figures.PagesAfterAnswer));
        Assert.Equal(talk.Escalations, figures.Questions);
        Assert.DoesNotContain(null, talk.Ids); // Each text had its input.json beside it,
        Assert.Equal(talk.Ids.Count, talk.Ids.Distinct().Count()); // and that was its own.
        Assert.NotEqual(0, figures.Summaries);
    }

    /// <summary>Null for a file in the home.</summary>
    protected abstract Task<Uri?> MakeDatabaseAsync();

    /// <summary>A step that a life did not come to is tried again in a life of its own at the end.</summary>
    private static async Task<(List<string> AtSteps, int AtMoments)> DieAsync(ScenarioHome home, CrashTalk talk, IReadOnlyList<Death> plan)
    {
        var atSteps = new List<string>();
        var atMoments = 0;
        var deaths = new Queue<Death>(plan);
        for (var lives = 0; lives < 3 * Kills && deaths.TryDequeue(out var death); lives++)
        {
            if (await LiveAsync(home, talk, death))
                atSteps.Add(((Death.AtStep)death).Step);
            else
                atMoments++;
            if (death is Death.AtStep { Passing: 1 } missed && !atSteps.Contains(missed.Step))
                deaths.Enqueue(missed);
        }
        return (atSteps, atMoments);
    }

    /// <summary>One life. True when it ended at the step it was to end at; else it was killed.</summary>
    private static async Task<bool> LiveAsync(ScenarioHome home, CrashTalk talk, Death death)
    {
        talk.SayBeforeStart();
        talk.Begins();
        await using var relay = RelayProcess.Launch(home, (death as Death.AtStep)?.Variable);
        var limit = death is Death.AtMoment moment ? moment.After : StepLimit;
        talk.SayAfterStart(CrashPlan.NeedsQuestion(death));
        await RetryUntilAsync(home, relay, limit, () => relay.HasExited);
        var died = relay.HasExited;
        if (!died)
            await relay.KillAsync();
        Assert.True(relay.ExitCode == RelayProcess.Killed, $"exit {relay.ExitCode} at {death}\n{relay.Output}{relay.Error}");
        return died;
    }

    /// <summary>What three kills have cost a call each is held, and the operator does what its page says.</summary>
    private static async Task RetryUntilAsync(ScenarioHome home, RelayProcess relay, TimeSpan limit, Func<bool> condition)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var started = Stopwatch.GetTimestamp();
        TimeSpan Left() => limit - Stopwatch.GetElapsedTime(started);
        if (!await relay.ReadyAsync(limit, cancellationToken))
        {
            await Eventually.WithinAsync(Left(), condition, cancellationToken);
            return;
        }
        while (Left() > TimeSpan.Zero
            && !await Eventually.WithinAsync(Left() < LookEvery ? Left() : LookEvery, condition, cancellationToken))
            if (await home.CountAsync(
                "SELECT COUNT(*) FROM messages WHERE state = 'held' AND cause = 'wasted'", cancellationToken) > 0)
                await relay.RetryHeldAsync(cancellationToken);
    }

    private static async Task DrainAsync(ScenarioHome home, CrashTalk talk)
    {
        talk.SayTheRest();
        talk.Begins();
        await using var relay = await RelayProcess.StartAsync(home, TestContext.Current.CancellationToken);
        await RetryUntilAsync(home, relay, DrainLimit, () => talk.IsAnswered);
        await Eventually.WithinAsync(
            TimeSpan.FromSeconds(30),
            () => home.CountAsync("SELECT COUNT(*) FROM dispatches WHERE state <> 'consumed'", CancellationToken.None)
                .GetAwaiter().GetResult() == 0,
            TestContext.Current.CancellationToken);
        relay.Signal(RelayProcess.Terminate);
        Assert.Equal(0, await relay.ExitAsync(RelayProcess.StopLimit));
    }

    private void Say(string line)
    {
        output.WriteLine(line);
        Console.WriteLine(line);
    }
}
