using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator;
using Relay.Storage;
using Relay.Texts;
using Relay.Turns;
using Relay.Web.Dashboard;
using Relay.Web.Status;

namespace Relay.Web.Watching;

/// <summary>Reads what relay watch shows, in the words of the Now page.</summary>
internal sealed class WatchReader(Database database, SettingsSource settings, NowReader now, RecentEntries entries)
{
    private const int LongestEvent = 400, LongestWords = 200, RepliesShown = 5, AnsweredShown = 3;

    /// <param name="version">Of the changes that are seen by now.</param>
    /// <param name="question">To be shown in full; 0 for the one that waits longest.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<WatchView> ReadAsync(long version, long? question, CancellationToken cancellationToken)
    {
        var page = await now.ReadAsync(formToken: "", cancellationToken);
        var wanted = question is > 0 ? question : page.Cards is [var longest, ..] ? longest.Id : null;
        return await database.ReadAsync(
            async reading =>
            {
                var moments = new Moments(reading.Now, database.Clock.LocalTimeZone);
                var lines = await entries.ReadAsync(reading, cancellationToken);
                return Of(page, version, moments.Clock(reading.Now)) with
                {
                    Events = lines.ConvertAll(line => EventOf(line, moments)),
                    Replies = await RepliesAsync(reading, lines, moments, cancellationToken),
                    Question = wanted is { } number && await QuestionStore.FindAsync(reading, number, cancellationToken) is { } found
                        ? WatchQuestions.Of(found, settings.Current.Config.Operator.Token, moments)
                        : null,
                };
            },
            cancellationToken);
    }

    private static WatchView Of(NowView page, long version, string at) => new(version, at, page.Heading)
    {
        Questions =
        [
            .. page.Cards.Select(card => new WatchCard(card.Id, card.Who, card.Kind, card.Blocks, card.Headline)),
            .. page.More.Select(more => new WatchCard(more.Id, more.Who, more.Kind, more.Blocks, more.Headline)),
        ],
        Answered = [.. page.Answered.Take(AnsweredShown).Select(each => new WatchReceipt(each.Id, each.Who, each.Question, each.Became))],
        Sessions = [.. page.Sessions.Select(each => new WatchSession(
            each.Name, each.State, each.LastSeen is { } seen ? $"seen {seen.Brief}" : "", each.WaitsForYou))],
        MoreSessions = page.MoreSessions,
        To = [.. page.To.Select(to => new WatchTo(to.Value, to.Label))],
        Spend = $"today {page.Spend.Today} {page.Spend.OfWhat}",
        IsWell = page.Health.IsWell,
        Health = page.Health.IsWell ? page.Health.Line : string.Join("; ", page.Health.Reasons),
        Events = [],
        Replies = [],
        Question = null,
    };

    private static WatchEntry EventOf(JournalLine line, Moments moments)
    {
        var speaker = line.Entry.Role == EntryRole.Summary ? "summary" : line.Entry.Speaker;
        var said = line.To.Count == 0 ? speaker : $"{speaker} to {string.Join(", ", line.To)}";
        var settled = line.SettledBy.Count == 0 ? "" : $" ({Citations.Settled(line.SettledBy.Cast<object>())})";
        return new WatchEntry(
            moments.Clock(line.Entry.At),
            line.Conversation == SessionDirectory.Default ? said : $"{line.Conversation}/{said}",
            Excerpt.Of(Visible.OneLine(line.Entry.Content.Trim().ReplaceLineEndings(" ")), LongestEvent) + settled);
    }

    /// <summary>Of the newest entries those that answer what the operator said unasked.</summary>
    private static async Task<List<WatchReply>> RepliesAsync(
        Reading reading, List<JournalLine> lines, Moments moments, CancellationToken cancellationToken)
    {
        var replies = new List<WatchReply>();
        foreach (var line in Enumerable.Reverse(lines).Where(line => line.Entry.Role == EntryRole.Assistant && line.Message is not null))
        {
            if (replies.Count == RepliesShown)
                break;
            var asked = await MessageStore.FindAsync(reading, line.Conversation, line.Message!.Value, cancellationToken);
            if (asked is { Channel: ReplyChannel.Operator } && asked.ReplyPosition == line.Entry.Position)
                replies.Add(new WatchReply(
                    asked.Id.Value, line.Conversation.Value, moments.Clock(line.Entry.At),
                    Excerpt.Of(Visible.OneLine(asked.Content), LongestWords), Visible.Of(line.Entry.Content).Trim('\n')));
        }
        return replies;
    }
}
