using Relay.Running;
using Relay.Storage;

namespace Relay.Conversations;

/// <summary>Reads context windows and caches them, so that a turn reads only the entries that were appended since.
/// Only committed entries are cached. They change only by being left out, which the conversation counts. Thread-safe.</summary>
internal sealed class ContextWindows(Database database)
{
    /// <summary>In characters of two bytes, over all conversations, and at most the share of the process's memory.</summary>
    private const long LargestTotal = 12_000_000, ShareOfMemory = 16;

    private readonly WindowCache _kept = new(Math.Min(LargestTotal, MemoryRoom.Available / ShareOfMemory / sizeof(char)));
    private int _generation;

    /// <summary>What the advisor would be shown next. In a write the window is cached only after the commit.</summary>
    public async Task<ContextWindow> ReadAsync(Reading reading, ConversationId conversation, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _generation, database.Generation) != database.Generation)
            _kept.Clear();
        var window = await ReadNewerAsync(reading, conversation, cancellationToken);
        if (reading is Writing writing)
            writing.OnceCommitted(() => _kept.Keep(conversation, window));
        else
            _kept.Keep(conversation, window);
        return window;
    }

    private async Task<ContextWindow> ReadNewerAsync(
        Reading reading, ConversationId conversation, CancellationToken cancellationToken)
    {
        var rewritten = await ConversationStore.RewrittenAsync(reading, conversation, cancellationToken);
        if (_kept.Find(conversation) is not { } known || known.Rewritten != rewritten)
            return await Journal.WindowAsync(reading, conversation, cancellationToken) with { Rewritten = rewritten };
        var newer = await Journal.BetweenAsync(reading, conversation, known.Through, long.MaxValue, cancellationToken);
        return newer.Exists(entry => entry.Role == EntryRole.Summary)
            ? await Journal.WindowAsync(reading, conversation, cancellationToken) with { Rewritten = rewritten }
            : known.With(newer);
    }
}
