using Relay.Conversations;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>Takes the default of a question whose deadline has passed without an answer; only of one that was asked with a default. One
/// transaction closes the question and queues the advisor's next turn, so that either this or an answer counts. The default waits (1) for
/// what becomes of a tap that can still be taken back; (2) for a while, where an answer of the phone may not have been heard yet; (3) where
/// the clock was set, until what waits for a time was moved with it.</summary>
internal sealed partial class Defaults(Database database, Unheard unheard, ILogger<Defaults> log) : ILoop
{
    public const string Via = "the relay, by default";

    /// <summary>At the start an answer may lie in the operator's file, written while no relay ran: it is taken first.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>So long a server that is out of reach is waited for.</summary>
    private static readonly TimeSpan ToHear = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30), Shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SetByMore = TimeSpan.FromSeconds(1), AfterSet = TimeSpan.FromSeconds(3);

    private readonly long _startedAt = database.Clock.GetTimestamp();
    private (DateTimeOffset Time, long At) _seen = (database.Clock.GetUtcNow(), database.Clock.GetTimestamp());

    public string Name => "taking defaults at their deadlines";

    public Topic? WakesOn => Topic.Questions;

    public TimeSpan Poll { get; private set; } = Longest;

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        if (WasSet())
        {
            Poll = AfterSet; // (3)
            return 0;
        }
        var (open, now) = await database.ReadAsync(
            async reading => (await QuestionStore.OpenAsync(reading, cancellationToken), reading.Now), cancellationToken);
        var early = Grace - database.Clock.GetElapsedTime(_startedAt);
        Poll = Longest;
        var taken = 0;
        foreach (var question in open)
            if (question is not { DefaultOption: not null, Deadline: { } deadline })
                continue;
            else if (Max(deadline - now, early) is var left && left > TimeSpan.Zero)
                Poll = Min(Max(left, Shortest), Poll);
            else if (unheard.IsPossible && ToHear - Min(now - deadline, database.Clock.GetElapsedTime(_startedAt)) is var rest
                && rest > TimeSpan.Zero)
                Poll = Min(Min(Max(rest, Shortest), Tap.Held), Poll); // (2)
            else if (await TakeAsync(question.Id, cancellationToken))
                taken++;
            else
                Poll = Min(Tap.Held, Poll); // (1)
        return taken;
    }

    /// <summary>Since it last looked.</summary>
    private bool WasSet()
    {
        var (time, at) = (database.Clock.GetUtcNow(), database.Clock.GetTimestamp());
        var expected = _seen.Time + database.Clock.GetElapsedTime(_seen.At, at);
        _seen = (time, at);
        return time - expected >= SetByMore;
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private Task<bool> TakeAsync(long number, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            if (await QuestionStore.FindAsync(writing, number, cancellationToken) is not { IsOpen: true, Deadline: { } deadline } question
                || deadline > writing.Now
                || question.OptionOf(question.DefaultOption) is not { } option
                || await Taps.IsHeldAsync(writing, number, cancellationToken))
                return false;
            var text = $"no answer until {QuestionPages.Time(deadline)}, so the default {option.Named} was taken";
            var message = await EscalationAnswers.InsertAsync(writing, question, $"default:{question.Id}", text, cancellationToken);
            var answer = new Answer(Via, option.Named, message) { Chosen = option.Key, ByDefault = true };
            await Answers.CloseAsync(writing, question, answer, cancellationToken);
            await PageStore.QueueAsync(writing, PageOf(question, text), cancellationToken);
            writing.OnceCommitted(() => LogTaken(question.Id, question.Session, option.Key));
            return true;
        },
        cancellationToken);

    private static NewPage PageOf(Question question, string text) => new(
        PageCause.DefaultOf(question.Id),
        $"Relay: the default of question #{question.Id} was taken",
        $"{question.Asker}: {text}.\n\nNot right? Once the advisor has replied: relay rulings overturn {question.Message}",
        Priority: 4,
        "hourglass");

    [LoggerMessage(LogLevel.Warning, "Question {Question} of {Session} had no answer at its deadline: the default {Option} was taken")]
    private partial void LogTaken(long question, SessionId session, string option);
}
