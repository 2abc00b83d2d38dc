using System.Collections.Concurrent;
using Relay.Storage;

namespace Relay.Dispatch;

/// <summary>Of answers that went to a program which hands them on, as relay mcp does: (1) what they carry stays leased until (2) that
/// program says whether it has handed them on. Where it says no, or nothing, the replies are free for the next opportunity.</summary>
internal sealed class AwaitedReceipts(Database database)
{
    /// <summary>What such a program calls the receipt of a request, in a header of that.</summary>
    public const string Header = "X-Relay-Receipt";

    private const int Shortest = 16, Longest = 64;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, Awaited> _awaited = new(StringComparer.Ordinal);

    private sealed class Awaited
    {
        public TaskCompletionSource<bool> Said { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public TaskCompletionSource Recorded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Begun before the answer is written, for the receipt may come before that is known to be over. Null where none will
    /// come.</summary>
    public string? Expect(HttpRequest request) =>
        request.Headers[Header].ToString() is { Length: >= Shortest and <= Longest } name && _awaited.TryAdd(name, new Awaited())
            ? name
            : null;

    public void Forget(string name) => End(name, _awaited.GetValueOrDefault(name));

    /// <summary>(2) False where nothing of that name is waited for any more.</summary>
    public async Task<bool> SayAsync(string name, bool isTaken, CancellationToken cancellationToken)
    {
        if (!_awaited.TryGetValue(name, out var awaited) || !awaited.Said.TrySetResult(isTaken))
            return false;
        await awaited.Recorded.Task.WaitAsync(Limit, database.Clock, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return true;
    }

    /// <summary>(1) The answer went out whole. Not awaited by the request, for its connection may be needed for the receipt.</summary>
    public async Task SettleAsync(string name, IReadOnlyList<Handover.Lease> leases)
    {
        var awaited = _awaited[name];
        try
        {
            await ((Task)awaited.Said.Task).WaitAsync(Limit, database.Clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (awaited.Said.TrySetResult(false) || !await awaited.Said.Task)
                return;
            foreach (var lease in leases)
                await lease.SentAsync(CancellationToken.None);
        }
        finally
        {
            foreach (var lease in leases)
                lease.Dispose();
            End(name, awaited);
        }
    }

    private void End(string name, Awaited? awaited)
    {
        _awaited.TryRemove(name, out _);
        awaited?.Said.TrySetResult(false);
        awaited?.Recorded.TrySetResult();
    }
}
