using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator.Rulings;
using Relay.Storage;

namespace Relay.Web.Status;

/// <summary>An entry of the journal as people follow it.</summary>
/// <param name="Message">That it holds or answers.</param>
/// <param name="To">Whom the advisor speaks to.</param>
internal sealed record JournalLine(ConversationId Conversation, Entry Entry, MessageId? Message, IReadOnlyList<string> To)
{
    /// <summary>The rulings that settled what it answers.</summary>
    public List<long> SettledBy { get; init; } = [];
}

/// <summary>Reads who said what to whom, and what it rests on.</summary>
internal static class JournalLines
{
    public static async Task<List<JournalLine>> ReadAsync(
        Reading reading, ConversationId conversation, long after, long last, CancellationToken cancellationToken)
    {
        var entries = await Journal.ToldBetweenAsync(reading, conversation, after, last, cancellationToken);
        var recipients = (await Outbox.RecipientsAsync(reading, conversation, after, last, cancellationToken))
            .ToLookup(each => each.Position);
        var settled = (await RulingUses.BetweenAsync(reading, conversation, after, last, cancellationToken))
            .ToLookup(use => use.Position, use => use.Ruling);
        return entries.ConvertAll(told =>
        {
            var to = recipients[told.Entry.Position].ToList();
            var answered = to.Find(each => each.Message is not null).Message;
            var sessions = To(told.Entry, to.ConvertAll(each => each.Session.Value));
            return new JournalLine(conversation, told.Entry, answered ?? told.Message, sessions)
            {
                SettledBy = settled[told.Entry.Position].ToList(),
            };
        });
    }

    /// <summary>By time, but within a conversation by position: the clock may have been set back.</summary>
    public static List<JournalLine> InOrder(IEnumerable<JournalLine> lines) => lines
        .GroupBy(line => line.Conversation)
        .SelectMany(conversation =>
        {
            var latest = DateTimeOffset.MinValue;
            return conversation
                .OrderBy(line => line.Entry.Position)
                .Select(line => (At: latest = line.Entry.At > latest ? line.Entry.At : latest, Line: line))
                .ToList();
        })
        .OrderBy(each => each.At)
        .ThenBy(each => each.Line.Conversation.Value, StringComparer.Ordinal)
        .ThenBy(each => each.Line.Entry.Position)
        .Select(each => each.Line)
        .ToList();

    /// <summary>What the advisor says to no session, it says to the operator.</summary>
    private static List<string> To(Entry entry, List<string> sessions) =>
        sessions.Count == 0 && entry.Role == EntryRole.Assistant ? ["operator"] : sessions;
}
