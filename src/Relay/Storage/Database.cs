using System.Collections.Concurrent;
using System.Data.Common;
using Relay.Running;

namespace Relay.Storage;

/// <summary>The truth. A write is durable when it returns and undone when its work throws; those that wait at the same time share a commit,
/// since the disk's answer is what takes long. Reads go on beside it, each in a snapshot of its own.</summary>
internal abstract class Database(SqlDialect dialect, ChangeFeed changes, TimeProvider clock) : IAsyncDisposable
{
    /// <summary>The first of a group waits for the last one's work.</summary>
    private const int LargestGroup = 64;

    /// <summary>A write that meets another's lock or a lost race is run again.</summary>
    private const int MostAttempts = 5;

    private static readonly TimeSpan BetweenRecordings = TimeSpan.FromSeconds(1);

    /// <summary>Nothing has been written for so long: there is time to tidy up.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ConcurrentQueue<PendingWrite> _waiting = new();
    private volatile DatabaseFaultException? _trouble;
    private volatile bool _isUntidy;
    private long _writtenAt;

    public SqlDialect Dialect { get; } = dialect;

    /// <summary>By which every transaction has its time.</summary>
    public TimeProvider Clock { get; } = clock;

    /// <summary>Grows when this program may have been out of touch with the database:
    /// what is kept in memory of it is worth nothing then.</summary>
    public virtual int Generation => 0;

    /// <summary>It lives on a server that others look after: that may be down, and come back.</summary>
    public virtual bool IsElsewhere => false;

    /// <summary>What those who use it have met that concerns all of it; null where nothing is wrong.</summary>
    public DatabaseFaultException? Trouble => _trouble;

    /// <summary>Told of the numbers that a commit has given out, once that is on disk and before those who asked for it hear of it. It
    /// must be quick, and does not throw.</summary>
    public Action<IReadOnlyList<GivenOut>>? Remembering { get; set; }

    /// <summary>Runs the work in one transaction. It may be run more than once, see <see cref="Writing"/>.</summary>
    public async Task<T> WriteAsync<T>(Func<Writing, Task<T>> work, CancellationToken cancellationToken)
    {
        var write = new PendingWrite<T>(work);
        _waiting.Enqueue(write);
        try
        {
            await _writing.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!write.TryTake())
        {
            return await write.Done; // It is under way: its outcome is recorded, whoever stops waiting.
        }
        try
        {
            while (!write.Done.IsCompleted) // Another may have run it already, or a full group may have gone before it.
                await CommitWaiting_NeedsLockAsync();
        }
        finally
        {
            _writing.Release();
        }
        return await write.Done;
    }

    public Task WriteAsync(Func<Writing, Task> work, CancellationToken cancellationToken) =>
        WriteAsync(
            async writing =>
            {
                await work(writing);
                return true;
            },
            cancellationToken);

    /// <summary>For what has happened outside already: tried again every second until it is recorded. Only a stop gives it up.</summary>
    public async Task RecordAsync(Func<Writing, Task> work, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                await WriteAsync(work, CancellationToken.None);
                return;
            }
            catch (DbException) when (!stopping.IsCancellationRequested)
            {
                await Clock.PauseAsync(BetweenRecordings, stopping);
            }
        }
    }

    public abstract Task<T> ReadAsync<T>(Func<Reading, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>What is wrong with the database, the first of it; null when it is sound.</summary>
    public abstract Task<string?> FaultAsync(CancellationToken cancellationToken);

    /// <summary>What is wrong with what is stored, looked for no longer than this.</summary>
    public virtual Task<Soundness> CheckAsync(TimeSpan limit, CancellationToken cancellationToken) =>
        Task.FromResult(new Soundness(Fault: null, IsWhole: true));

    /// <summary>Looks whether what was in the way is gone, and whether the database is still the one that was opened.</summary>
    public async Task LookAsync(Func<Writing, Task> probe, CancellationToken cancellationToken)
    {
        if (await StandsAsync(_trouble, probe, cancellationToken) is var found && found == _trouble)
            return;
        _trouble = found;
        changes.Publish(Topic.Database);
    }

    /// <summary>Writes what is still there of a lost database to a file, once.</summary>
    /// <returns>What was done, for people; null where nothing was.</returns>
    public virtual Task<string?> RescueAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <summary>Once after the last write, when nothing has been written for a while.</summary>
    public async Task TidyAsync(CancellationToken cancellationToken)
    {
        if (!_isUntidy || Clock.GetElapsedTime(Volatile.Read(ref _writtenAt)) < Quiet)
            return;
        await UndisturbedAsync(async () => _isUntidy = !await TidyAsync_NeedsLock(), cancellationToken);
    }

    /// <summary>Where it is and how large, for people.</summary>
    public abstract Task<string> DescribeAsync(CancellationToken cancellationToken);

    /// <summary>A write that is under way is let end first.</summary>
    public async ValueTask DisposeAsync()
    {
        await _writing.WaitAsync();
        try
        {
            await CloseAsync_NeedsLock();
        }
        finally
        {
            _writing.Release(); // Whoever still comes finds it closed.
        }
        GC.SuppressFinalize(this);
    }

    protected abstract Task CloseAsync_NeedsLock();

    /// <summary>The one connection that writes, with a transaction begun on it.
    /// Thrown from it: the database cannot be written now.</summary>
    protected abstract Task<ISqlConnection> BeginAsync_NeedsLock();

    /// <summary>The same fault in words for people, where the driver has none.</summary>
    protected virtual Exception Translate(Exception fault) => fault;

    /// <summary>In words for people. What concerns all of the database is told of to those who watch it.</summary>
    protected Exception Met(Exception fault)
    {
        var met = Translate(fault);
        if (met is DatabaseFaultException trouble && _trouble?.Kind != trouble.Kind && _trouble is not { NeedsRestoring: true })
        {
            _trouble = trouble;
            changes.Publish(Topic.Database);
        }
        return met;
    }

    /// <summary>Before something is accepted: a damaged database is replaced by a backup, and what came last is not in that.</summary>
    /// <exception cref="DatabaseFaultException">It is damaged.</exception>
    public void ThrowIfDamaged()
    {
        if (Trouble is { Kind: DatabaseFault.Damaged } damaged)
            throw damaged;
    }

    /// <summary>What is wrong now. Damage stands until the next start looks through all of it.</summary>
    protected virtual async Task<DatabaseFaultException?> StandsAsync(
        DatabaseFaultException? trouble, Func<Writing, Task> probe, CancellationToken cancellationToken)
    {
        if (trouble is null or { Kind: DatabaseFault.Damaged })
            return trouble;
        try
        {
            await WriteAsync(probe, cancellationToken);
            return null;
        }
        catch (DbException)
        {
            return trouble;
        }
    }

    /// <summary>False: to be tried again.</summary>
    protected virtual Task<bool> TidyAsync_NeedsLock() => Task.FromResult(true);

    /// <summary>While nobody writes.</summary>
    protected async Task UndisturbedAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await work();
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Whether the same work may succeed when it is run again at once.</summary>
    protected virtual bool IsPassing(DbException exception) => false;

    /// <summary>What a write failed with, before the next one.</summary>
    protected virtual void OnFault_NeedsLock(DbException fault)
    {
    }

    /// <summary>Inside the transaction, last: those who listen elsewhere hear of it with the commit.</summary>
    protected virtual Task AnnounceAsync(ISqlConnection writer, IEnumerable<Writing> writings) => Task.CompletedTask;

    /// <summary>Why the database could not do it, for people.</summary>
    public static string Explain(DbException exception) =>
        exception is DatabaseUnavailableException or DatabaseFaultException
            ? exception.Message
            : $"the database fails: {exception.Message}";

    protected Reading NewReading(ISqlConnection connection) => new(connection, Clock.GetUtcNow());

    private async Task CommitWaiting_NeedsLockAsync()
    {
        var group = new List<PendingWrite>();
        while (group.Count < LargestGroup && _waiting.TryDequeue(out var write))
            if (write.TryTake())
                group.Add(write);
        for (var attempt = 1; group.Count > 0; attempt++)
        {
            var (failed, fault) = await TryCommit_NeedsLockAsync(group);
            if (fault is null)
            {
                Remembering?.Invoke([.. group.SelectMany(write => write.GivenOut)]);
                group.ForEach(write => write.Complete(changes));
                return;
            }
            if (attempt < MostAttempts && (fault is LostRaceException || (fault is DbException passing && IsPassing(passing))))
                continue;
            if (fault is DbException lasting)
                OnFault_NeedsLock(lasting);
            if (failed is null)
                group.ForEach(write => write.Fail(fault)); // Nothing of the group is on disk: each who asked is told.
            else
                failed.Fail(fault); // It alone; the others are run again without it.
            group.RemoveAll(write => failed is null || write == failed);
        }
    }

    /// <summary>All of the group in one transaction, or nothing of it; the work that failed, null when it was the commit itself.</summary>
    private async Task<(PendingWrite? Failed, Exception? Fault)> TryCommit_NeedsLockAsync(List<PendingWrite> group)
    {
        PendingWrite? current = null;
        ISqlConnection? writer = null;
        try
        {
            writer = await BeginAsync_NeedsLock();
            var writings = new List<Writing>(group.Count);
            foreach (var write in group)
            {
                current = write;
                var writing = new Writing(writer, Clock.GetUtcNow());
                writings.Add(writing);
                await write.RunAsync(writing);
            }
            current = null;
            await AnnounceAsync(writer, writings);
            await writer.Command("COMMIT").ExecuteAsync(CancellationToken.None);
            Volatile.Write(ref _writtenAt, Clock.GetTimestamp());
            _isUntidy = true;
            return (null, null);
        }
        catch (Exception exception) // Caught whole: it goes to the one who asked, who decides what it means.
        {
            if (writer is not null)
                await RollBackAsync(writer);
            return (current, Met(exception));
        }
    }

    protected static async Task RollBackAsync(ISqlConnection writer)
    {
        try
        {
            await writer.Command("ROLLBACK").ExecuteAsync(CancellationToken.None);
        }
        catch (Exception exception) when (exception is DbException or InvalidOperationException)
        {
            // The database has undone it by itself, or the connection is gone and the transaction with it.
        }
    }
}
