using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Running;

namespace Relay.Operator.Phone;

/// <summary>Whether the answer topic is heard. A short cut is no fault: what was published meanwhile is sent later. A connection that opens
/// and breaks at once, again and again, hears nothing.</summary>
internal sealed partial class Hearing(
    SettingsSource settings, Faults faults, Unheard unheard, TimeProvider clock, ILogger<Hearing> log)
{
    public const string Source = "the answer topic";

    private static readonly Backoff Again = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));

    /// <summary>A connection that lasts so long is one. Servers and what is between end a quiet one later.</summary>
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(10);

    private int _failures;
    private long _failedAt;
    private DateTimeOffset _since;
    private long? _openedAt;
    private bool _hasOpened, _hasSkipped;

    /// <summary>There is nothing to hear.</summary>
    public void NotWanted()
    {
        _failures = 0;
        faults.Clear(Source);
        unheard.NotWanted();
    }

    public void Connecting()
    {
        _openedAt = null;
        unheard.Lost();
    }

    /// <summary>What the server had is dealt with.</summary>
    public void CaughtUp() => unheard.Heard();

    /// <param name="isNew">It was dealt with, and not before.</param>
    public void Line(bool isNew)
    {
        _openedAt ??= clock.GetTimestamp();
        unheard.Heard();
        if (isNew || HasLasted())
            _failures = 0;
        if (_failures == 0 || !_hasOpened) // The last one did not even open.
            faults.Clear(Source);
    }

    /// <summary>The server has ended the connection.</summary>
    /// <param name="usual">When to try again where that is nothing.</param>
    public TimeSpan Ended(TimeSpan usual)
    {
        if (!HasLasted())
            return Failed("the server ends the connection");
        _failures = 0;
        return usual;
    }

    /// <returns>When to try again.</returns>
    public TimeSpan Failed(string reason)
    {
        if (HasLasted())
            _failures = 0;
        _hasOpened = _openedAt is not null;
        _openedAt = null;
        unheard.Lost();
        if (++_failures == 1)
        {
            (_failedAt, _since) = (clock.GetTimestamp(), clock.GetUtcNow());
            LogLost(reason);
        }
        if (clock.GetElapsedTime(_failedAt) >= settings.Current.Config.StuckAfter)
            faults.Set(Source, $"what you publish from the phone is not heard since {QuestionPages.Time(_since)}: {reason}");
        return Again.Delay(_failures);
    }

    /// <summary>A line that does not even say which it is. The server may send it again with each connection.</summary>
    public void Skipped()
    {
        if (!_hasSkipped)
            LogSkipped(NtfyTopicReader.LongestLine);
        _hasSkipped = true;
    }

    private bool HasLasted() => _openedAt is { } opened && clock.GetElapsedTime(opened) >= Lasting;

    [LoggerMessage(LogLevel.Warning, "The answer topic is not heard, trying again: {Reason}")]
    private partial void LogLost(string reason);

    [LoggerMessage(LogLevel.Warning, "A line of the answer topic is longer than {Longest} bytes, and is skipped")]
    private partial void LogSkipped(int longest);
}
