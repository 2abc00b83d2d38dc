namespace Relay.Loopback;

/// <summary>Opening it releases all who wait. Those who come later wait until it is opened again. Thread-safe.</summary>
internal sealed class ReleaseGate
{
    private TaskCompletionSource _opened = NewSource();

    public Task WaitAsync(CancellationToken cancellationToken) =>
        Volatile.Read(ref _opened).Task.WaitAsync(cancellationToken);

    public void Open() => Interlocked.Exchange(ref _opened, NewSource()).TrySetResult();

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
