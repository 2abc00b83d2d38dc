using System.Data.Common;

namespace Relay.Storage.Sqlite;

/// <summary>One piece of work that waits for the next commit. What it throws undoes it alone; the others of its group stand.</summary>
internal abstract class PendingWrite
{
    private const string Savepoint = "work";
    private int _taken;

    /// <summary>True for the first who asks: either it is run, or the one who waited gives it up.</summary>
    public bool TryTake() => Interlocked.Exchange(ref _taken, 1) == 0;

    /// <summary>Alone in its transaction: what it throws undoes that.</summary>
    public Task RunAloneAsync(DbTransaction transaction) => WorkAsync(transaction);

    public async Task RunAmongOthersAsync(DbTransaction transaction)
    {
        await transaction.SaveAsync(Savepoint);
        try
        {
            await WorkAsync(transaction);
        }
        catch (Exception exception)
        {
            await transaction.RollbackAsync(Savepoint);
            Fail(exception); // Caught whole: it goes to the one who asked, who decides what it means.
        }
        await transaction.ReleaseAsync(Savepoint);
    }

    /// <summary>Its commit is on disk. Has no effect when the work failed.</summary>
    public abstract void Complete();

    public abstract void Fail(Exception exception);

    protected abstract Task WorkAsync(DbTransaction transaction);
}

internal sealed class PendingWrite<T>(Func<DbTransaction, Task<T>> work) : PendingWrite
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    /// <summary>Ends once the work is durable, or with what it threw.</summary>
    public Task<T> Done => _done.Task;

    public override void Complete() => _done.TrySetResult(_result!);

    public override void Fail(Exception exception) => _done.TrySetException(exception);

    protected override async Task WorkAsync(DbTransaction transaction) => _result = await work(transaction);
}
