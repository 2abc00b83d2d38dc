using Relay.Storage;

namespace Relay.Conversations;

/// <summary>Finds a message by what a person has typed.</summary>
internal static class MessageSearch
{
    /// <summary>The messages whose id, or the id in their envelope, is the text. If there are none, those whose id starts or
    /// ends with it. Newest first.</summary>
    public static async Task<List<Message>> FindAsync(Reading reading, string text, CancellationToken cancellationToken)
    {
        var conversations = (await ConversationStore.ListAsync(reading, cancellationToken)).ConvertAll(each => each.Conversation);
        var found = new List<Message>();
        foreach (var conversation in conversations)
            if (await MessageStore.FindAsync(reading, conversation, new MessageId(text), cancellationToken) is { } exact)
                found.Add(exact);
        foreach (var session in await SessionStore.NamesAsync(reading, cancellationToken))
            if (await MessageStore.FindByKeyAsync(reading, SessionId.Stored(session), "id:" + text, cancellationToken) is { } keyed)
                found.Add(keyed);
        if (found.Count == 0 && text.Length > 0)
            foreach (var conversation in conversations)
            {
                found.AddRange(await MessageStore.WithPrefixAsync(reading, conversation, text, cancellationToken));
                found.AddRange(await MessageStore.WithSuffixAsync(reading, conversation, text, cancellationToken));
            }
        return found.DistinctBy(message => message.Id).OrderByDescending(message => message.AcceptedAt).Take(20).ToList();
    }
}
