using System.Globalization;

namespace Relay.Loopback;

/// <summary>Everything that arrived, in order. An arrival wakes those who wait for it; nobody polls. Thread-safe.</summary>
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

    /// <summary>Appends an item. <paramref name="create"/> gets its position, which starts at 1.</summary>
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

    /// <summary>Completes as soon as <paramref name="find"/> finds something in the log.</summary>
    /// <exception cref="TimeoutException">Nothing was found within the limit, in real time.</exception>
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
