using Relay.Storage;

namespace Relay.Conversations;

/// <summary>The newest numbers of all conversations that are known to be on disk, and their sums. Each only grows, so it does not matter in
/// which order they are told. Thread-safe.</summary>
internal sealed class GivenOutNumbers
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long Message, long Entry)> _newest = [];
    private long _messages, _entries;

    public (long Messages, long Entries) Sums
    {
        get
        {
            lock (_lock)
                return (_messages, _entries);
        }
    }

    /// <returns>The sums after that.</returns>
    public (long Messages, long Entries) Add(IReadOnlyList<GivenOut> numbers)
    {
        lock (_lock)
        {
            foreach (var (conversation, message, entry) in numbers)
            {
                var known = _newest.GetValueOrDefault(conversation);
                var newest = (Message: Math.Max(message, known.Message), Entry: Math.Max(entry, known.Entry));
                _newest[conversation] = newest;
                _messages += newest.Message - known.Message;
                _entries += newest.Entry - known.Entry;
            }
            return (_messages, _entries);
        }
    }
}
