using Relay.Storage;

namespace Relay.Operator.Pages;

/// <summary>Questions that come in a burst: the first go out alone, and what comes within the same minute, while those are open, goes
/// as one page that lists it.</summary>
internal sealed class Bursts(Database database)
{
    public const int Alone = 3;

    public static readonly TimeSpan Span = TimeSpan.FromMinutes(1);

    /// <summary>Takes a burst together. False where all of what is due goes out as it is.</summary>
    public async Task<bool> GatherAsync(IReadOnlyList<QueuedPage> due, CancellationToken cancellationToken)
    {
        var asking = due.Where(page => page.IsAsking).ToList();
        if (asking.Count == 0)
            return false;
        var lately = await database.ReadAsync(reading => PageStore.AskedLatelyAsync(reading, Span, cancellationToken), cancellationToken);
        if (asking.Count + lately <= Alone)
            return false;
        await database.WriteAsync(writing => PageStore.GatherAsync(writing, asking, cancellationToken), cancellationToken);
        return true;
    }
}
