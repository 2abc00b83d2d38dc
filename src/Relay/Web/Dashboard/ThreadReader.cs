using System.Globalization;
using Relay.Conversations;
using Relay.Costs;
using Relay.Dispatch;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Texts;
using Relay.Turns;

namespace Relay.Web.Dashboard;

/// <summary>Reads conversations and messages for their pages.</summary>
internal sealed class ThreadReader(Database database)
{
    private const int PartLength = 30, LongestShown = 4_000;

    public Task<ConversationListView> ListAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var lines = new List<ConversationLineView>();
            var paused = await ConversationStore.PausedAsync(reading, cancellationToken);
            foreach (var (conversation, last) in await ConversationStore.ListAsync(reading, cancellationToken))
            {
                var size = await ConversationStore.SizeAsync(reading, conversation, cancellationToken);
                lines.Add(new ConversationLineView(conversation.Value, Hrefs.Of(conversation), string.Create(
                    CultureInfo.InvariantCulture,
                    $"{last:N0} entries; the next call carries {size?.Turns ?? 0:N0} of them, {size?.Characters ?? 0:N0} characters"))
                {
                    Paused = paused.Exists(each => each.Conversation == conversation) ? "paused" : null,
                });
            }
            return new ConversationListView(lines);
        },
        cancellationToken);

    /// <summary>The part that ends at a position; null where there is no such conversation.</summary>
    public Task<ConversationView?> PartAsync(string name, long? through, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var conversation = new ConversationId(name);
            if (await ConversationStore.FindAsync(reading, conversation, cancellationToken) is not { } found)
                return null;
            var last = await ConversationStore.LastPositionAsync(reading, conversation, cancellationToken);
            var end = Math.Clamp(through ?? last, Math.Min(PartLength, last), last);
            var told = await Journal.ToldBetweenAsync(reading, conversation, end - PartLength, end, cancellationToken);
            var uses = await RulingUses.BetweenAsync(reading, conversation, end - PartLength, end, cancellationToken);
            var settled = uses.ToLookup(use => use.Position, use => use.Ruling);
            var moments = new Moments(reading.Now, database.Clock.LocalTimeZone);
            return new ConversationView(name, Hrefs.Of(conversation))
            {
                Paused = found.Pause is { } pause
                    ? HeldReader.PausedOf(conversation, pause, await Backlog.ReadAsync(reading, cancellationToken), moments) : null,
                Entries = told.ConvertAll(each => ViewOf(conversation, each.Entry, each.Message, moments) with
                {
                    Rulings = [.. settled[each.Entry.Position]],
                }),
                Older = end > PartLength ? Invariant($"{Hrefs.Of(conversation)}?through={end - PartLength}") : null,
                Newer = end < last ? Invariant($"{Hrefs.Of(conversation)}?through={Math.Min(last, end + PartLength)}") : null,
            };
        },
        cancellationToken);

    /// <summary>Null where there is no such message.</summary>
    public Task<MessageView?> MessageAsync(string conversation, string id, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var found = await MessageStore.FindAsync(reading, new ConversationId(conversation), new MessageId(id), cancellationToken);
            if (found is null)
                return null;
            var family = await MessageStore.FamilyAsync(reading, found, cancellationToken);
            var root = family.Find(each => each.Id == found.Root) ?? found;
            var dispatch = await Outbox.RecordOfAsync(reading, root, cancellationToken);
            var calls = await Ledger.OfAsync(reading, root.Conversation, root.Id, cancellationToken);
            var life = await MessageLife.ReadAsync(reading, family, calls, dispatch, cancellationToken);
            var moments = new Moments(reading.Now, database.Clock.LocalTimeZone);
            var uses = await RulingUses.OfMessageAsync(reading, root.Conversation, root.Id, cancellationToken);
            return new MessageView(
                root.Id.Value, root.Speaker == Speaker.Session ? root.Session.Value : "you", conversation, Hrefs.Of(root.Conversation),
                MessageLife.StateOf(root, dispatch).Word() + (root.Reason is null ? "" : $": {Visible.OneLine(root.Reason)}")
                + (root.IsUnanswered && await Waits.OfAsync(reading, root, cancellationToken) is { IsPaused: true } wait
                    ? $"; {Visible.OneLine(wait.Words)}" : ""))
            {
                Text = MarkdownText.Html(root.Content),
                Life = life.ConvertAll(each => (moments.Of(each.At), What(each, root))),
                Calls = calls.ConvertAll(call => ViewOf(call, moments)),
                Where = dispatch is null ? null : WhereOf(dispatch, moments),
                Reply = dispatch is null ? null : MarkdownText.Html(dispatch.Content),
                Settled = await UseReader.ViewsAsync(reading, uses, moments, cancellationToken),
            };
        },
        cancellationToken);

    private static string What(MessageEvent each, Message root) =>
        (each.Message == root.Id ? "" : "your answer: ") + each.State + (each.Detail is null ? "" : $": {Visible.OneLine(each.Detail)}");

    private static string WhereOf(DispatchRecord dispatch, Moments moments)
    {
        var placed = dispatch.PlacedAt is { } at ? $"placed for {dispatch.Session} at {moments.Clock(at)}" : $"made for {dispatch.Session}";
        var taken = dispatch.ConsumedAt is { } end ? $"taken at {moments.Clock(end)}" : "not taken yet";
        return $"{placed} by {dispatch.Channel}, {taken}";
    }

    private static MessageCallView ViewOf(CallRecord call, Moments moments) => new(
        moments.Of(call.StartedAt), call.State, call.Model, Count(call.Tokens.Input),
        Count(call.Tokens.CacheWrite5m + call.Tokens.CacheWrite1h), Count(call.Tokens.CacheRead), Count(call.Tokens.Output),
        call.CostNano is { } nano ? Dollars.Rounded(nano) : call.State == "started" ? "under way" : "unknown");

    private static EntryView ViewOf(ConversationId conversation, Entry entry, MessageId? message, Moments moments)
    {
        var isCut = entry.Content.Length > LongestShown;
        return new EntryView(
            entry.Position, entry.Speaker, moments.Of(entry.At), MarkdownText.Html(Excerpt.Of(entry.Content, LongestShown)))
        {
            Cut = isCut ? Invariant($"{LongestShown:N0} of {entry.Content.Length:N0} characters are shown") : null,
            Covers = entry.CoversThrough is { } through ? Invariant($"a summary of the entries up to {through}") : null,
            LeftOut = entry.LeftOut is null ? null : "left out of later calls",
            Message = message is { } id ? Hrefs.Of(conversation, id) : null,
        };
    }

    private static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
