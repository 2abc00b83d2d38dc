namespace Relay.Running;

/// <summary>How often the machine's clock was set forward while this relay runs: what began before has not become older by that.
/// Thread-safe.</summary>
internal sealed class ClockSteps
{
    private readonly Lock _lock = new();
    private readonly List<(DateTimeOffset Before, TimeSpan By)> _forward = [];

    /// <param name="before">What the clock said just before it was set.</param>
    /// <param name="by">Negative when it was set back, after which ages are never too long.</param>
    public void Add(DateTimeOffset before, TimeSpan by)
    {
        lock (_lock)
            if (by > TimeSpan.Zero)
                _forward.Add((before, by));
    }

    /// <summary>How long ago something was; never negative.</summary>
    public TimeSpan Age(DateTimeOffset since, DateTimeOffset now)
    {
        var age = now - since;
        lock (_lock)
            foreach (var (before, by) in _forward)
                if (since <= before)
                    age -= by;
        return age > TimeSpan.Zero ? age : TimeSpan.Zero;
    }
}
