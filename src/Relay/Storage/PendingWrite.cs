using Relay.Running;

namespace Relay.Storage;

/// <summary>One piece of work that waits for the next commit.</summary>
internal abstract class PendingWrite
{
    private int _taken;
    private Writing? _writing;

    /// <summary>True for the first who asks: either it is run, or the one who waited gives it up.</summary>
    public bool TryTake() => Interlocked.Exchange(ref _taken, 1) == 0;

    /// <summary>Runs the work; again when an earlier run was undone.</summary>
    public Task RunAsync(Writing writing)
    {
        _writing = writing;
        return WorkAsync(writing);
    }

    /// <summary>What its last run has counted.</summary>
    public IReadOnlyList<GivenOut> GivenOut => _writing!.GivenOut;

    /// <summary>Its commit is on disk.</summary>
    public void Complete(ChangeFeed changes)
    {
        _writing!.Committed(changes);
        Succeed();
    }

    /// <summary>Nothing of it is on disk.</summary>
    public abstract void Fail(Exception exception);

    protected abstract Task WorkAsync(Writing writing);

    protected abstract void Succeed();
}

internal sealed class PendingWrite<T>(Func<Writing, Task<T>> work) : PendingWrite
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    /// <summary>Ends once the work is durable, or with what it threw.</summary>
    public Task<T> Done => _done.Task;

    public override void Fail(Exception exception) => _done.TrySetException(exception);

    protected override async Task WorkAsync(Writing writing) => _result = await work(writing);

    protected override void Succeed() => _done.TrySetResult(_result!);
}
