namespace Relay.Loopback;

/// <summary>Holds whoever waits until the test opens it; whoever comes later waits for the next opening. Thread-safe.</summary>
internal sealed class ReleaseGate
{
    private TaskCompletionSource _opened = NewSource();

    public Task WaitAsync(CancellationToken cancellationToken) =>
        Volatile.Read(ref _opened).Task.WaitAsync(cancellationToken);

    public void Open() => Interlocked.Exchange(ref _opened, NewSource()).TrySetResult();

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
