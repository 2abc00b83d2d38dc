using System.Collections.Concurrent;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Costs;

/// <summary>The newest answered calls of each conversation, kept in memory: each turn goes by them. Thread-safe.</summary>
internal sealed class CallHistory(Database database)
{
    /// <summary>How many are looked at.</summary>
    private const int Length = 50;

    private readonly ConcurrentDictionary<ConversationId, IReadOnlyList<PastCall>> _kept = new();
    private int _generation;

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<PastCall>> ReadAsync(Reading reading, ConversationId conversation, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _generation, database.Generation) != database.Generation)
            _kept.Clear();
        if (_kept.TryGetValue(conversation, out var kept))
            return kept;
        var read = await Ledger.RecentAsync(reading, conversation, Length, cancellationToken);
        _kept.TryAdd(conversation, read);
        return read;
    }

    /// <summary>Once it is committed, the call is among the newest. In the same transaction it is not yet.</summary>
    public void Add(Writing writing, StartedCall call, FinishedCall finished)
    {
        if (finished.Answered)
            writing.OnceCommitted(() => Keep(call.Conversation, PastCall.Of(call, finished)));
    }

    /// <summary>The calls, and one more before them.</summary>
    public static IReadOnlyList<PastCall> With(PastCall newest, IReadOnlyList<PastCall> before) => [newest, .. before.Take(Length - 1)];

    /// <summary>Only where the calls before it are kept: alone it would pass for the whole history.</summary>
    private void Keep(ConversationId conversation, PastCall newest)
    {
        while (_kept.TryGetValue(conversation, out var before) && !_kept.TryUpdate(conversation, With(newest, before), before))
        {
            // Another has added one in between.
        }
    }
}
