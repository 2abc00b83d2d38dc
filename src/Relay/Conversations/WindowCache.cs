namespace Relay.Conversations;

/// <summary>Windows as they were last read, so that a turn reads only what was appended since: read whole for each turn, a long history
/// took more time than all the rest of it. Thread-safe.</summary>
internal sealed class WindowCache
{
    /// <summary>Over all conversations. A character takes two bytes, one of a session four: it is there as said and as the advisor reads it.</summary>
    private const long LargestTotal = 6_000_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<ConversationId, (ContextWindow Window, long Characters)> _windows = [];
    private long _characters;

    public ContextWindow? Find(ConversationId conversation)
    {
        lock (_lock)
            return _windows.GetValueOrDefault(conversation).Window;
    }

    public void Keep(ConversationId conversation, ContextWindow window)
    {
        var characters = window.Characters;
        lock (_lock)
        {
            _characters += characters - _windows.GetValueOrDefault(conversation).Characters;
            _windows[conversation] = (window, characters);
            if (_characters <= LargestTotal)
                return;
            _windows.Clear(); // Those that are in use come back at their next turn.
            _characters = 0;
        }
    }
}
