using Relay.Conversations;
using Relay.Operator.Rulings;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>Tells a conversation of the rulings for all that were made elsewhere since its last turn. They enter its journal, so what was
/// sent before stays as it was, byte for byte.</summary>
internal static class RulingsForAll
{
    public static async Task TellAsync(
        Writing writing, ConversationId conversation, string operatorsName, CancellationToken cancellationToken)
    {
        var told = await ConversationStore.RulingsToldAsync(writing, conversation, cancellationToken);
        var news = await RulingStore.ForAllSinceAsync(writing, told, cancellationToken);
        if (news.Count == 0)
            return;
        foreach (var (_, ruling) in news)
            if (ruling.Conversation != conversation)
                await Journal.AppendAsync(writing, EntryOf(ruling, conversation, operatorsName), cancellationToken);
        await ConversationStore.TellRulingsAsync(writing, conversation, news[^1].Number, cancellationToken);
    }

    private static NewEntry EntryOf(RulingRecord ruling, ConversationId conversation, string operatorsName) =>
        new(conversation, EntryRole.User, $"operator {operatorsName}", ruling.Content)
        {
            Ruling = ruling.Id,
            IsRuling = true,
            Question = ruling.Asked,
            Note = RulingNote.Elsewhere(ruling),
        };
}
