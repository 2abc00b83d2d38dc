using System.Globalization;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Storage;
using Relay.Texts;
using Relay.Web.Status;

namespace Relay.Web.Dashboard;

/// <summary>Reads what the Now page shows, in one snapshot.</summary>
internal sealed class NowReader(
    Database database, SettingsSource settings, HealthValue health, CardReader cards, ReceiptReader receipts)
{
    private const int SessionsShown = 12, ConversationsShown = 50, LongestReason = 300, RepliesShown = 3, LongestReply = 600;
    private const int LookedAt = 20;

    public async Task<NowView> ReadAsync(string formToken, CancellationToken cancellationToken)
    {
        var report = await health.ReadAsync(cancellationToken);
        return await database.ReadAsync(
            async reading =>
            {
                var moments = new Moments(reading.Now, database.Clock.LocalTimeZone);
                var backlog = await Backlog.ReadAsync(reading, cancellationToken);
                var open = await cards.OpenAsync(reading, backlog, moments, cancellationToken);
                var (sessions, more) = await SessionsAsync(reading, backlog, open.Questions, moments, cancellationToken);
                return new NowView(Heading(open.Questions.Count - open.Later, open.Later), formToken)
                {
                    Cards = open.Cards,
                    Waiting = open.Questions.Count - open.Later,
                    More = open.More,
                    NotShown = open.Questions.Count - open.Cards.Count - open.More.Count,
                    Unsent = await UnsentAsync(reading, moments, cancellationToken),
                    Lost = (await Taps.LostAsync(reading, cancellationToken)).ConvertAll(
                        lost => new LostView(lost.Question, Visible.OneLine(lost.Text), Visible.OneLineAgain(lost.Reason))),
                    To = await ToAsync(reading, sessions, cancellationToken),
                    Replies = await RepliesAsync(reading, moments, cancellationToken),
                    Answered = await receipts.NewestAsync(reading, moments, cancellationToken),
                    Settled = await UseReader.NewestAsync(reading, moments, reading.Now - ReceiptReader.JustNow, cancellationToken),
                    Sessions = sessions,
                    MoreSessions = more,
                    Spend = await SpendAsync(reading, cancellationToken),
                    Standing = await HeldReader.StandingAsync(reading, backlog, moments, cancellationToken),
                    Health = await HealthAsync(reading, report, backlog, moments, cancellationToken),
                };
            },
            cancellationToken);
    }

    /// <summary>Null where there is none of that number.</summary>
    public Task<QuestionView?> QuestionAsync(long number, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            if (await QuestionStore.FindAsync(reading, number, cancellationToken) is not { } question)
                return null;
            var moments = new Moments(reading.Now, database.Clock.LocalTimeZone);
            var backlog = await Backlog.ReadAsync(reading, cancellationToken);
            var card = await cards.WholeAsync(reading, backlog, question, moments, cancellationToken);
            if (question.IsOpen)
                return new QuestionView(card, Outcome: null, Answer: null);
            var outcome = await receipts.OutcomeAsync(reading, question, moments, cancellationToken);
            return new QuestionView(card, outcome, question.Answer is null ? null : Visible.Of(question.Answer));
        },
        cancellationToken);

    /// <summary>What the operator may not have heard of.</summary>
    private static async Task<string?> UnsentAsync(Reading reading, Moments moments, CancellationToken cancellationToken)
    {
        var failing = await PageStore.FailingAsync(reading, cancellationToken);
        return failing is { Since: { } since, Error: { } error }
            ? $"{(failing.QuestionError is null ? "A page" : "The page of a question")} was taken by no way since {moments.Clock(since)}: "
                + Excerpt.Of(Visible.OneLine(failing.QuestionError ?? error), LongestReason)
            : null;
    }

    private static async Task<List<ToView>> ToAsync(
        Reading reading, List<SessionView> sessions, CancellationToken cancellationToken)
    {
        var conversations = await ConversationStore.ListAsync(reading, cancellationToken);
        var names = conversations.Select(each => each.Conversation.Value).Prepend(SessionDirectory.Default.Value).Distinct();
        return
        [
            .. names.Take(ConversationsShown).Select(name => new ToView(name, $"the advisor, in {name}")),
            .. sessions.Select(session => new ToView("@" + session.Name, $"{session.Name} itself")),
        ];
    }

    /// <summary>They were made visible when they were paged.</summary>
    private static async Task<List<(MomentView At, string Text)>> RepliesAsync(
        Reading reading, Moments moments, CancellationToken cancellationToken) =>
        (await PageStore.RepliesAsync(reading, RepliesShown, cancellationToken))
        .FindAll(reply => reading.Now - reply.At < ReceiptReader.JustNow)
        .ConvertAll(reply => (moments.Of(reply.At), Visible.Again(Excerpt.Of(reply.Text, LongestReply))));

    public static string Heading(int open, int later)
    {
        var waiting = open switch
        {
            0 => later == 0 ? "Nothing waits for you" : "Nothing waits for you now",
            1 => "1 question waits for you",
            _ => string.Create(CultureInfo.InvariantCulture, $"{open} questions wait for you"),
        };
        return later == 0 ? waiting : string.Create(CultureInfo.InvariantCulture, $"{waiting}, {later} put off");
    }

    private async Task<(List<SessionView> Shown, long More)> SessionsAsync(
        Reading reading, Backlog backlog, IReadOnlyList<Question> open, Moments moments, CancellationToken cancellationToken)
    {
        var (sessions, others) = await new SessionList(settings.Current.Config).ReadAsync(reading, backlog, cancellationToken);
        var undelivered = (await Outbox.UndeliveredAsync(reading, cancellationToken)).ToLookup(each => each.Session, each => each.Count);
        var unanswered = backlog.Groups
            .Where(group => group.Speaker == Speaker.Session)
            .ToLookup(group => group.Session, group => group.Count);
        var asked = open.GroupBy(question => question.Session).ToDictionary(group => group.Key, group => group.Min(each => each.AskedAt));
        var shown = sessions
            .OrderByDescending(session => asked.ContainsKey(session.Id))
            .ThenByDescending(session => unanswered[session.Id].Any())
            .ThenByDescending(session => session.LastSeenAt ?? DateTimeOffset.MinValue)
            .Take(SessionsShown)
            .Select(session => new SessionView(
                session.Id.Value,
                StateOf(session, asked, moments, unanswered[session.Id].Sum(), undelivered[session.Id.Value].Sum()),
                asked.ContainsKey(session.Id),
                session.LastSeenAt is { } seen ? moments.Of(seen) : null))
            .ToList();
        return (shown, others + sessions.Count - shown.Count);
    }

    private static string StateOf(
        Session session, Dictionary<SessionId, DateTimeOffset> asked, Moments moments, long unanswered, long undelivered)
    {
        var state = asked.TryGetValue(session.Id, out var since) ? $"waits for you, {moments.Ago(since)}"
            : unanswered > 0 ? $"waits for the advisor, {Count(unanswered, "message")}"
            : session.EndedAt is not null ? "ended"
            : session.LastSeenAt is null ? "not heard of yet"
            : "nothing under way";
        return undelivered > 0 ? $"{state} · {(undelivered == 1 ? "1 reply" : Count(undelivered, "replie"))} not taken" : state;
    }

    internal static string Count(long count, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {what}{(count == 1 ? "" : "s")}");

    private async Task<SpendView> SpendAsync(Reading reading, CancellationToken cancellationToken)
    {
        var budget = await BudgetNow.ReadAsync(reading, settings.Current.Config.Budget, cancellationToken);
        var spent = budget.Day.Spent;
        var hours = Math.Max(1, reading.Now.UtcDateTime.TimeOfDay.TotalHours);
        var rate = $"{Dollars.Rounded((long)(spent.SpentNano / hours))} an hour since midnight UTC";
        return new SpendView(
            Dollars.Rounded(spent.SpentNano),
            budget.Cap() is { } cap ? $"of {cap} · {rate}" : $"no cap · {rate}",
            spent.UnknownNano == 0 ? null
                : $"{Dollars.Rounded(spent.UnknownNano)} of it is the worst case of calls whose cost is not known");
    }

    private static async Task<HealthView> HealthAsync(
        Reading reading, Health.Report report, Backlog backlog, Moments moments, CancellationToken cancellationToken)
    {
        var page = await FactStore.FindAsync(reading, FactStore.LastPage, cancellationToken);
        var answer = await LastAnswerAsync(reading, cancellationToken);
        string[] parts =
        [
            backlog.OldestAt is { } oldest ? $"Oldest unfinished {moments.Ago(oldest)}" : "Nothing unfinished",
            page is null ? "no page was taken yet" : $"last page taken {moments.Clock(UnixTime(page))}",
            answer is { } at ? $"last answer {moments.Clock(at)}" : "no answer yet",
        ];
        var reasons = report.Reasons.Where(reason => !Health.IsOfPages(reason)).Select(Visible.OneLine); // Of pages it is said above.
        return new HealthView(report.Healthy, string.Join(" · ", parts), [.. reasons]);
    }

    /// <summary>By the operator: of a default nobody heard.</summary>
    private static async Task<DateTimeOffset?> LastAnswerAsync(Reading reading, CancellationToken cancellationToken)
    {
        var answered = await QuestionStore.AnsweredAfterAsync(reading, DateTimeOffset.UnixEpoch, LookedAt, cancellationToken);
        answered.AddRange(await QuestionStore.NewestAsync(reading, LookedAt, cancellationToken)); // What clients ask.
        return answered.FindAll(question => question is { State: QuestionState.Answered, ByDefault: false }).Max(each => each.AnsweredAt);
    }

    private static DateTimeOffset UnixTime(string milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(milliseconds, CultureInfo.InvariantCulture));
}
