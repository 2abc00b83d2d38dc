using Relay.Storage;

namespace Relay.Conversations;

/// <summary>All messages that have no answer yet, and what they wait for.</summary>
internal sealed class Backlog
{
    private readonly Dictionary<ConversationId, Conversation> _conversations;

    private Backlog(List<UnansweredGroup> groups, List<Message> held, Dictionary<ConversationId, Conversation> conversations)
    {
        _conversations = conversations;
        Groups = groups;
        Held = held;
    }

    public IReadOnlyList<UnansweredGroup> Groups { get; }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<Message> Held { get; }

    public long Count => Groups.Sum(group => group.Count);

    public DateTimeOffset? OldestAt => Groups.Min(group => (DateTimeOffset?)group.OldestAt);

    public DateTimeOffset? DeferredUntil => Groups.Where(group => group.State == MessageState.Deferred).Min(group => group.FirstDueAt);

    /// <summary>The time it takes depends only on the messages without an answer.</summary>
    public static async Task<Backlog> ReadAsync(Reading reading, CancellationToken cancellationToken)
    {
        var groups = await MessageStore.UnansweredGroupsAsync(reading, cancellationToken);
        var anyHeld = groups.Exists(group => group.State == MessageState.Held);
        var held = anyHeld ? await MessageStore.HeldAsync(reading, cancellationToken) : [];
        var conversations = new Dictionary<ConversationId, Conversation>();
        foreach (var conversation in groups.Select(group => group.Conversation).Distinct())
            conversations[conversation] = (await ConversationStore.FindAsync(reading, conversation, cancellationToken))!;
        return new Backlog(groups, held, conversations);
    }

    /// <summary>The group with the oldest message for which only the relay has something to do; null when there is none.</summary>
    public UnansweredGroup? OldestMoving() => Groups
        .Where(group => group.State is MessageState.Accepted or MessageState.Asking or MessageState.Deferred)
        .Where(group => !IsBlocked(group) && !IsPaused(group) && !Held.Any(message => message.Conversation == group.Conversation))
        .MinBy(Since);

    /// <summary>Since when the messages of the group have waited for the relay. After an answer of the operator for which they waited,
    /// or the end of a hold, the time counts from that.</summary>
    public DateTimeOffset Since(UnansweredGroup group)
    {
        var unblocked = _conversations[group.Conversation].UnblockedAt;
        return unblocked > group.OldestAt ? unblocked : group.OldestAt;
    }

    /// <summary>Whether the messages wait because the operator has paused their conversation. A call under way goes on.</summary>
    public bool IsPaused(UnansweredGroup group) =>
        group.State is MessageState.Accepted or MessageState.Deferred && _conversations[group.Conversation].Pause is not null;

    /// <summary>Whether the messages wait because the operator was asked about another message of their conversation.</summary>
    public bool IsBlocked(UnansweredGroup group) =>
        group.Speaker == Speaker.Session && _conversations[group.Conversation].OpenQuestion is not null;
}
