using System.Globalization;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Storage;
using Relay.Texts;
using Relay.Turns;

namespace Relay.Web.Dashboard;

/// <summary>Reads what is held or deferred, what is paused, and the caps.</summary>
internal sealed class HeldReader(Database database, SettingsSource settings)
{
    private const int MostShown = 100, LongestText = 200;

    public Task<HeldListView> ReadAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var all = (await MessageStore.HeldAsync(reading, cancellationToken))
                .Concat(await MessageStore.DeferredAsync(reading, cancellationToken)).ToList();
            var views = new List<HeldView>();
            foreach (var message in all.Take(MostShown))
                views.Add(await ViewOfAsync(reading, message, cancellationToken));
            return new HeldListView(views) { More = all.Count - views.Count };
        },
        cancellationToken);

    /// <summary>Null where there is no such message, or it is answered or given up.</summary>
    public Task<HeldView?> FindAsync(string conversation, string id, CancellationToken cancellationToken) => database.ReadAsync(
        async reading => await FindAsync(reading, conversation, id, cancellationToken) is { IsUnanswered: true } message
            ? await ViewOfAsync(reading, message, cancellationToken)
            : null,
        cancellationToken);

    public Task<Message?> MessageAsync(string conversation, string id, CancellationToken cancellationToken) =>
        database.ReadAsync(reading => FindAsync(reading, conversation, id, cancellationToken), cancellationToken);

    public Task<CapView> BudgetAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var now = await BudgetNow.ReadAsync(reading, settings.Current.Config.Budget, cancellationToken);
            var moments = new Moments(reading.Now, database.Clock.LocalTimeZone);
            var said = await DayCaps.OfAsync(reading, now.Day.Period, MostShown, cancellationToken);
            return new CapView(
                now.Day.Period, now.Describe(),
                now.Day.CapNano is { } cap ? Dollars.Of(cap).ToString("0.00##", CultureInfo.InvariantCulture) : "",
                moments.Clock(now.Day.Until))
            {
                Reserved = now.Day.Spent.ReservedNano == 0 ? null : Dollars.Exact(now.Day.Spent.ReservedNano),
                Month = now.Month.CapNano is { } most ? $"{Dollars.Exact(now.Month.Spent.SpentNano)} of {Dollars.Exact(most)}" : null,
                Said = said.ConvertAll(each => (moments.Of(each.At), $"{Dollars.Exact(each.Nano)}, by {each.Via}")),
                Held = (await MessageStore.HeldAsync(reading, cancellationToken)).Count(message => message.Cause == HoldCause.Budget),
            };
        },
        cancellationToken);

    /// <summary>What the Now page says of all this.</summary>
    public static async Task<StandingView> StandingAsync(
        Reading reading, Backlog backlog, Moments moments, CancellationToken cancellationToken)
    {
        var paused = await ConversationStore.PausedAsync(reading, cancellationToken);
        var held = backlog.Held.Count(message => message.Cause != HoldCause.Refusal);
        return new StandingView(
            paused.ConvertAll(each => PausedOf(each.Conversation, each.Pause, backlog, moments)),
            held == 0 ? null : $"{Count(held)} held");
    }

    public static PausedView PausedOf(ConversationId conversation, Pause pause, Backlog backlog, Moments moments)
    {
        var groups = backlog.Groups.Where(group => group.Conversation == conversation).ToList();
        var (waiting, isAsking) = (groups.Sum(group => group.Count), groups.Exists(group => group.State == MessageState.Asking));
        return new PausedView(
            conversation.Value, Hrefs.Of(conversation),
            $"paused since {moments.Clock(pause.At)} ({pause.Via})" + (waiting == 0 ? "" : $", {Count(waiting)} waiting")
                + (isAsking ? "; the call under way goes on to its end" : ""));
    }

    private static Task<Message?> FindAsync(Reading reading, string conversation, string id, CancellationToken cancellationToken) =>
        MessageStore.FindAsync(reading, new ConversationId(conversation), new MessageId(id), cancellationToken);

    private async Task<HeldView> ViewOfAsync(Reading reading, Message message, CancellationToken cancellationToken)
    {
        var moments = new Moments(reading.Now, database.Clock.LocalTimeZone);
        var whole = await MessageStore.FindAsync(reading, message.Conversation, message.Id, cancellationToken) ?? message;
        var wait = await Waits.OfAsync(reading, whole, cancellationToken);
        return new HeldView(message.Conversation.Value, message.Id.Value, Hrefs.Of(message))
        {
            Who = message.Speaker == Speaker.Session ? message.Session.Value : "you",
            Reason = Visible.OneLine(wait.Words),
            Since = moments.Of(message.ChangedAt),
            Text = Excerpt.Of(Visible.OneLine(whole.Content), LongestText),
            Retry = message switch
            {
                { State: MessageState.Held, Cause: HoldCause.Refusal } => null,
                { Cause: HoldCause.Budget or HoldCause.Price } => "Make this one call, whatever the budget says",
                { State: MessageState.Held or MessageState.Deferred } => "Try again",
                _ => null,
            },
        };
    }

    private static string Count(long count) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} message{(count == 1 ? "" : "s")}");
}
