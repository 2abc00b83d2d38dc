using Relay.Configuration;
using Relay.Running;

namespace Relay.Operator.Phone;

/// <summary>Whether the answer topic is heard. A short cut is no fault: what was published meanwhile is sent later.</summary>
internal sealed partial class Hearing(SettingsSource settings, Faults faults, TimeProvider clock, ILogger<Hearing> log)
{
    public const string Source = "the answer topic";

    private static readonly Backoff Again = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));

    private int _failures;
    private long _failedAt;
    private DateTimeOffset _since;

    public void Heard()
    {
        _failures = 0;
        faults.Clear(Source);
    }

    /// <returns>When to try again.</returns>
    public TimeSpan Failed(string reason)
    {
        if (++_failures == 1)
        {
            (_failedAt, _since) = (clock.GetTimestamp(), clock.GetUtcNow());
            LogLost(reason);
        }
        if (clock.GetElapsedTime(_failedAt) >= settings.Current.Config.StuckAfter)
            faults.Set(Source, $"what you publish from the phone is not heard since {QuestionPages.Time(_since)}: {reason}");
        return Again.Delay(_failures);
    }

    [LoggerMessage(LogLevel.Warning, "The answer topic is not heard, trying again: {Reason}")]
    private partial void LogLost(string reason);
}
