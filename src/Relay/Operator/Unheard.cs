namespace Relay.Operator;

/// <summary>Whether answers that were given in time may lie where nobody has heard them yet: on a server that is out of reach just now, or
/// was until a moment ago. Thread-safe.</summary>
internal sealed class Unheard(TimeProvider clock)
{
    /// <summary>What a server has kept comes as soon as it is connected.</summary>
    private static readonly TimeSpan CatchingUp = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private bool _isWanted;
    private long? _heardSince;

    public bool IsPossible
    {
        get
        {
            lock (_lock)
                return _isWanted && !(_heardSince is { } since && clock.GetElapsedTime(since) >= CatchingUp);
        }
    }

    /// <summary>There is nothing to hear.</summary>
    public void NotWanted()
    {
        lock (_lock)
            (_isWanted, _heardSince) = (false, null);
    }

    /// <summary>Nothing is heard from now on.</summary>
    public void Lost()
    {
        lock (_lock)
            (_isWanted, _heardSince) = (true, null);
    }

    public void Heard()
    {
        lock (_lock)
            (_isWanted, _heardSince) = (true, _heardSince ?? clock.GetTimestamp());
    }
}
