namespace Relay.Conversations;

/// <summary>A cache of windows, up to a total number of characters. Beyond it, the least recently used windows are removed.
/// Thread-safe.</summary>
internal sealed class WindowCache(long largestTotal)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ConversationId, LinkedListNode<Kept>> _kept = [];
    private readonly LinkedList<Kept> _byUse = []; // The most recently used is the first.
    private long _characters;

    private sealed record Kept(ConversationId Conversation, ContextWindow Window, long Characters);

    public ContextWindow? Find(ConversationId conversation)
    {
        lock (_lock)
        {
            if (!_kept.TryGetValue(conversation, out var node))
                return null;
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Window;
        }
    }

    /// <summary>Adds a window. The newest window is kept even if it alone is too large.</summary>
    public void Keep(ConversationId conversation, ContextWindow window)
    {
        lock (_lock)
        {
            Remove(conversation);
            _kept[conversation] = _byUse.AddFirst(new Kept(conversation, window, window.Characters));
            _characters += window.Characters;
            while (_characters > largestTotal && _byUse.Count > 1)
                Remove(_byUse.Last!.Value.Conversation);
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _kept.Clear();
            _byUse.Clear();
            _characters = 0;
        }
    }

    private void Remove(ConversationId conversation)
    {
        if (!_kept.Remove(conversation, out var node))
            return;
        _byUse.Remove(node);
        _characters -= node.Value.Characters;
    }
}
