namespace Relay.Web.Status;

/// <summary>What /healthz answers, made at most once a second however often it is asked for: it is open, and must not cost a turn its
/// database.</summary>
internal sealed class HealthValue(Health health, TimeProvider clock)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Task<Health.Report>? _made;
    private long _begunAt;

    public Task<Health.Report> ReadAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_made is null || (_made.IsCompleted && clock.GetElapsedTime(_begunAt) >= Fresh))
                (_made, _begunAt) = (health.ReadAsync(CancellationToken.None), clock.GetTimestamp());
            return _made.WaitAsync(cancellationToken);
        }
    }
}
