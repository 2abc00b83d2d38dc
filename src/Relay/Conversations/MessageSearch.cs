using Relay.Storage;

namespace Relay.Conversations;

/// <summary>Finds a message by what a person has typed.</summary>
internal static class MessageSearch
{
    /// <summary>As few letters as may stand for a whole id where something is done to the message: one in a thousand ids ends with two
    /// given letters, and the id of an envelope that is not accepted yet must not lead to another message.</summary>
    private const int ShortestToAct = 4;

    /// <summary>The messages whose id, or the id in their envelope, is the text. If there are none, those whose id starts or
    /// ends with it. Newest first.</summary>
    public static Task<List<Message>> FindAsync(Reading reading, string text, CancellationToken cancellationToken) =>
        FindAsync(reading, text, shortestPart: 1, cancellationToken);

    /// <summary>The same where something is to be done to the one that is found.</summary>
    public static Task<List<Message>> FindToActAsync(Reading reading, string text, CancellationToken cancellationToken) =>
        FindAsync(reading, text, ShortestToAct, cancellationToken);

    private static async Task<List<Message>> FindAsync(
        Reading reading, string text, int shortestPart, CancellationToken cancellationToken)
    {
        var conversations = (await ConversationStore.ListAsync(reading, cancellationToken)).ConvertAll(each => each.Conversation);
        var found = new List<Message>();
        foreach (var conversation in conversations)
            if (await MessageStore.FindAsync(reading, conversation, new MessageId(text), cancellationToken) is { } exact)
                found.Add(exact);
        foreach (var session in await SessionStore.NamesAsync(reading, cancellationToken))
            if (await MessageStore.FindByKeyAsync(reading, SessionId.Stored(session), "id:" + text, cancellationToken) is { } keyed)
                found.Add(keyed);
        if (found.Count == 0 && text.Length >= shortestPart)
            foreach (var conversation in conversations)
            {
                found.AddRange(await MessageStore.WithPrefixAsync(reading, conversation, text, cancellationToken));
                found.AddRange(await MessageStore.WithSuffixAsync(reading, conversation, text, cancellationToken));
            }
        return found.DistinctBy(message => message.Id).OrderByDescending(message => message.AcceptedAt).Take(20).ToList();
    }
}
