using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>Finds that the machine's clock was set while the relay runs, by the clock that only goes forward: what waits for a time then
/// waits as long as it did.</summary>
internal sealed partial class ClockWatch(Database database, ClockSteps steps, ILogger<ClockWatch> log) : ILoop
{
    /// <summary>A clock that is slowly corrected differs by less.</summary>
    private static readonly TimeSpan Noticed = TimeSpan.FromSeconds(1);

    private DateTimeOffset _seen = database.Clock.GetUtcNow();
    private long _seenAt = database.Clock.GetTimestamp();

    public string Name => "watching the clock";

    public Topic? WakesOn => null;

    public TimeSpan Poll => TimeSpan.FromSeconds(1);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var (now, at) = (database.Clock.GetUtcNow(), database.Clock.GetTimestamp());
        var expected = _seen + database.Clock.GetElapsedTime(_seenAt, at);
        if ((now - expected).Duration() >= Noticed)
        {
            var step = new ClockStep(now - expected, expected);
            await database.WriteAsync(
                async writing =>
                {
                    await MessageStore.FollowClockAsync(writing, step, cancellationToken);
                    await PageStore.FollowClockAsync(writing, step.By, cancellationToken);
                    await QuestionStore.FollowClockAsync(writing, step.By, cancellationToken);
                    writing.OnceCommitted(() =>
                    {
                        steps.Add(expected, step.By);
                        LogSet(step.By.TotalSeconds);
                    });
                },
                cancellationToken);
        }
        (_seen, _seenAt) = (now, at); // Set last, so that a step that could not be followed is followed later.
        return 0;
    }

    [LoggerMessage(LogLevel.Warning, "The machine's clock was set by {Seconds} s; what is deferred waits as long as before")]
    private partial void LogSet(double seconds);
}
