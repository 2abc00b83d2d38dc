using Relay.Storage;
using Relay.Turns;

namespace Relay.Conversations;

/// <summary>Context windows, kept as they were last read: a turn reads only what was appended since. Only what is committed is kept,
/// for that never changes again. Thread-safe.</summary>
internal sealed class ContextWindows(Database database)
{
    /// <summary>Over all conversations. A character takes two bytes, one of a session four: it is there as said and as the advisor reads it.</summary>
    private const long LargestTotal = 12_000_000;

    private readonly WindowCache _kept = new(LargestTotal);
    private int _generation;

    /// <summary>What the advisor would be shown next. In a write it is kept once that is committed.</summary>
    public async Task<ContextWindow> ReadAsync(Reading reading, ConversationId conversation, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _generation, database.Generation) != database.Generation)
            _kept.Clear();
        var window = await ReadOnAsync(reading, conversation, cancellationToken);
        if (reading is Writing writing)
            writing.OnceCommitted(() => _kept.Keep(conversation, window));
        else
            _kept.Keep(conversation, window);
        return window;
    }

    private async Task<ContextWindow> ReadOnAsync(Reading reading, ConversationId conversation, CancellationToken cancellationToken)
    {
        if (_kept.Find(conversation) is not { } known)
            return await Journal.WindowAsync(reading, conversation, cancellationToken);
        var newer = await Journal.BetweenAsync(reading, conversation, known.Through, long.MaxValue, cancellationToken);
        return newer.Exists(entry => entry.Role == EntryRole.Summary)
            ? await Journal.WindowAsync(reading, conversation, cancellationToken)
            : known.With(newer);
    }
}
