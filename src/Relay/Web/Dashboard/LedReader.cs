using System.Globalization;
using Relay.Conversations;
using Relay.Operator;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Web.Dashboard;

/// <summary>Reads the turns that led to a question of the advisor's: with the page where they are short, else the way to them. One page has
/// one of these, which keeps count of what it has shown.</summary>
/// <param name="room">Characters that the page may spend on them.</param>
internal sealed class LedReader(int room)
{
    public const int OnNow = 2_000, OnItsOwn = 20_000;

    private const int Turns = 6, LongestTurn = 600;

    private int _left = room;

    /// <summary>Null where nothing did: a client asks by itself.</summary>
    public async Task<LedView?> ReadAsync(Reading reading, Question question, CancellationToken cancellationToken)
    {
        if (question.Message is not { } id
            || await MessageStore.FindAsync(reading, question.Conversation, id, cancellationToken) is not { } message)
            return null;
        var family = await MessageStore.FamilyAsync(reading, message, cancellationToken);
        var through = family.Where(each => each.AcceptedAt <= question.AskedAt).Max(each => each.AskedPosition)
            ?? await ConversationStore.LastPositionAsync(reading, question.Conversation, cancellationToken);
        if (through == 0)
            return null;
        var told = await Journal.ToldBetweenAsync(reading, question.Conversation, through - Turns, through, cancellationToken);
        var turns = told.ConvertAll(each => (Visible.OneLine(each.Entry.Speaker), Shown(each.Entry)));
        var length = turns.Sum(turn => turn.Item2.Length);
        var href = string.Create(
            CultureInfo.InvariantCulture,
            $"{Hrefs.Of(question.Conversation)}?through={through}#entry-{through}");
        if (length > _left)
            return new LedView(href, []);
        _left -= length;
        return new LedView(href, turns);
    }

    private static string Shown(Entry entry) => Visible.Of(Excerpt.Of(entry.Content.Trim(), LongestTurn));
}
