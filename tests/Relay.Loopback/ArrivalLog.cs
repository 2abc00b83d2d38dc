using System.Globalization;

namespace Relay.Loopback;

/// <summary>What has arrived, in order; a waiter is woken by the arrival itself, never by polling. Thread-safe.</summary>
internal sealed class ArrivalLog<T>
{
    private readonly Lock _lock = new();
    private readonly List<T> _items = [];
    private readonly List<Waiter> _waiters = [];

    public IReadOnlyList<T> Snapshot()
    {
        lock (_lock)
            return _items.ToArray();
    }

    /// <summary>Appends what <paramref name="create"/> makes of the 1-based position.</summary>
    public T Add(Func<int, T> create)
    {
        lock (_lock)
        {
            var item = create(_items.Count + 1);
            _items.Add(item);
            ReleaseWaiters_NeedsLock();
            return item;
        }
    }

    /// <summary>Completes as soon as <paramref name="find"/> sees something in the log; throws <see cref="TimeoutException"/> after the limit of real time.</summary>
    public async Task<T> WaitAsync(Func<IReadOnlyList<T>, (bool Found, T? Item)> find, TimeSpan limit, string what)
    {
        var waiter = new Waiter(find);
        lock (_lock)
        {
            _waiters.Add(waiter);
            ReleaseWaiters_NeedsLock();
        }

        try
        {
            return await waiter.Arrived.Task.WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException(string.Create(
                CultureInfo.InvariantCulture, $"Waited {limit} for {what}; {Snapshot().Count} arrived in all."));
        }
        finally
        {
            lock (_lock)
                _waiters.Remove(waiter);
        }
    }

    private void ReleaseWaiters_NeedsLock()
    {
        foreach (var waiter in _waiters)
        {
            var (found, item) = waiter.Find(_items);
            if (found)
                waiter.Arrived.TrySetResult(item!);
        }
    }

    private sealed record Waiter(Func<IReadOnlyList<T>, (bool Found, T? Item)> Find)
    {
        public TaskCompletionSource<T> Arrived { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
