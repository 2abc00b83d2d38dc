namespace Relay.Running;

/// <summary>Lets only as much work be under way as there is memory for; the rest waits in line. Where memory is plenty, nothing waits and
/// nothing is counted. Thread-safe.</summary>
/// <param name="total">In bytes: what all that is under way may take.</param>
internal sealed class MemoryRoom(long total)
{
    /// <summary>From here on there is room for as many turns as may be under way at once, each with the longest message and a window that
    /// is kept under its cap. What is larger still, and does not fit, is asked again alone.</summary>
    private const long Plenty = 256L << 20;

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiting> _line = [];
    private long _taken;

    private sealed record Waiting(long Bytes, TaskCompletionSource<Lease> Source);

    /// <summary>What the process may have: the machine's memory, or less where a container or a setting of .NET says so.</summary>
    public static long Available => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>A third of what the process may have: the rest is for what is kept, what comes in, and the program itself.</summary>
    public static MemoryRoom OfProcess() => new(Available / 3);

    public bool IsPlenty => total >= Plenty;

    /// <summary>Waits until there is room for so much. What needs all of it, or more, is alone.</summary>
    public Task<Lease> TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        var wanted = Math.Clamp(bytes, 0, total);
        lock (_lock)
        {
            if (_line.Count == 0 && _taken + wanted <= total)
                return Task.FromResult(Grant_NeedsLock(wanted));
            var waiting = new Waiting(wanted, new TaskCompletionSource<Lease>(TaskCreationOptions.RunContinuationsAsynchronously));
            return WaitAsync(_line.AddLast(waiting), cancellationToken);
        }
    }

    /// <summary>Room that is given back when it is disposed of.</summary>
    internal sealed class Lease(MemoryRoom room, long bytes) : IDisposable
    {
        private bool _isOver;

        /// <summary>Nothing else was under way.</summary>
        public bool IsAlone => bytes == room.Total;

        public void Dispose()
        {
            if (!_isOver)
                room.GiveBack(bytes);
            _isOver = true;
        }
    }

    public long Total => total;

    private async Task<Lease> WaitAsync(LinkedListNode<Waiting> place, CancellationToken cancellationToken)
    {
        await using var cancelled = cancellationToken.UnsafeRegister(_ => Leave(place, cancellationToken), null);
        return await place.Value.Source.Task;
    }

    private void Leave(LinkedListNode<Waiting> place, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (place.List is null)
                return; // It has its room.
            _line.Remove(place);
            GrantWaiting_NeedsLock(); // It may have been in the way of others.
        }
        place.Value.Source.TrySetCanceled(cancellationToken);
    }

    private void GiveBack(long bytes)
    {
        lock (_lock)
        {
            _taken -= bytes;
            GrantWaiting_NeedsLock();
        }
    }

    private void GrantWaiting_NeedsLock()
    {
        while (_line.First is { } first && _taken + first.Value.Bytes <= total)
        {
            _line.RemoveFirst();
            first.Value.Source.SetResult(Grant_NeedsLock(first.Value.Bytes));
        }
    }

    private Lease Grant_NeedsLock(long bytes)
    {
        _taken += bytes;
        return new Lease(this, bytes);
    }
}
