using System.Globalization;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Storage;
using Relay.Texts;
using Relay.Web.Status;

namespace Relay.Web.Dashboard;

/// <summary>Reads what the Now page shows, in one snapshot.</summary>
internal sealed class NowReader(Database database, SettingsSource settings, HealthValue health)
{
    private const int AnsweredShown = 5, AnsweredLookedAt = 20, SessionsShown = 12, ConversationsShown = 50;
    private static readonly TimeSpan JustNow = TimeSpan.FromHours(24);

    public async Task<NowView> ReadAsync(string formToken, CancellationToken cancellationToken)
    {
        var report = await health.ReadAsync(cancellationToken);
        return await database.ReadAsync(
            async reading =>
            {
                var moments = new Moments(reading.Now, database.Clock.LocalTimeZone);
                var backlog = await Backlog.ReadAsync(reading, cancellationToken);
                var open = (await QuestionStore.OpenAsync(reading, cancellationToken)).OrderBy(question => question.AskedAt).ToList();
                var cards = new CardMaker(settings.Current.Config.Operator.Token, moments);
                var taps = await Taps.WaitingAsync(reading, cancellationToken);
                var (sessions, more) = await SessionsAsync(reading, backlog, open, moments, cancellationToken);
                return new NowView(Heading(open.Count), formToken)
                {
                    Cards = open.ConvertAll(question => cards.OnNow(question, Behind(backlog, question)) with
                    {
                        Tapped = taps.Find(tap => tap.Question == question.Id)?.Text,
                    }),
                    Lost = (await Taps.LostAsync(reading, cancellationToken)).ConvertAll(
                        lost => new LostView(lost.Question, Visible.OneLine(lost.Text), lost.Reason)),
                    To = await ToAsync(reading, sessions, cancellationToken),
                    Answered = await AnsweredAsync(reading, moments, cancellationToken),
                    Sessions = sessions,
                    MoreSessions = more,
                    Spend = await SpendAsync(reading, cancellationToken),
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
            var behind = Behind(await Backlog.ReadAsync(reading, cancellationToken), question);
            var card = new CardMaker(settings.Current.Config.Operator.Token, moments).Whole(question, behind);
            var tap = (await Taps.WaitingAsync(reading, cancellationToken)).Find(tap => tap.Question == number);
            if (question.IsOpen)
                return new QuestionView(card with { Tapped = tap?.Text }, Outcome: null, Answer: null);
            var (became, _) = await BecameAsync(reading, question, moments, cancellationToken);
            var outcome = question.State == QuestionState.Expired
                ? $"It expired at {moments.Clock(question.AnsweredAt!.Value)}: {question.AnsweredVia}."
                : $"Answered by {question.AnsweredVia} at {moments.Clock(question.AnsweredAt!.Value)}: {became}.";
            return new QuestionView(
                card with { Options = [], TakesWords = false, Blocks = "" }, outcome,
                question.Answer is null ? null : Visible.Of(question.Answer));
        },
        cancellationToken);

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

    public static string Heading(int open) => open switch
    {
        0 => "Nothing waits for you",
        1 => "1 question waits for you",
        _ => string.Create(CultureInfo.InvariantCulture, $"{open} questions wait for you"),
    };

    /// <summary>How many messages of sessions wait for the answer, besides the one it was asked about. What a client asks keeps nobody else
    /// waiting.</summary>
    private static long Behind(Backlog backlog, Question question) => question.IsOfClient ? 0 : Math.Max(
        0,
        backlog.Groups
            .Where(group => group.Conversation == question.Conversation && group.Speaker == Speaker.Session)
            .Sum(group => group.Count) - 1);

    private async Task<List<ReceiptView>> AnsweredAsync(Reading reading, Moments moments, CancellationToken cancellationToken)
    {
        var newest = await QuestionStore.NewestAsync(reading, AnsweredLookedAt, cancellationToken);
        var answered = newest
            .Where(question => question.State == QuestionState.Answered && reading.Now - question.AnsweredAt < JustNow)
            .OrderByDescending(question => question.AnsweredAt)
            .Take(AnsweredShown);
        var receipts = new List<ReceiptView>();
        foreach (var question in answered)
            receipts.Add(await ReceiptAsync(reading, question, moments, cancellationToken));
        return receipts;
    }

    private async Task<ReceiptView> ReceiptAsync(
        Reading reading, Question question, Moments moments, CancellationToken cancellationToken)
    {
        var (became, isTaken) = await BecameAsync(reading, question, moments, cancellationToken);
        var asked = QuestionText.OneLine(question.Text, settings.Current.Config.Operator.Token, 120);
        var answer = Excerpt.Of(Visible.OneLine(question.Answer ?? ""), 120);
        return new ReceiptView(question.Id, question.Whose, asked, answer)
        {
            Became = $"{became}; answered by {question.AnsweredVia}",
            IsTaken = isTaken,
            At = moments.Of(question.AnsweredAt!.Value),
        };
    }

    /// <summary>Only what is recorded: that it was written somewhere does not say that anybody has read it.</summary>
    private static async Task<(string Became, bool IsTaken)> BecameAsync(
        Reading reading, Question question, Moments moments, CancellationToken cancellationToken)
    {
        if (question.Ask is { } asked)
            return (Decision.Parse(question.Decision)?.Word(asked) ?? "answered", true);
        var raised = await MessageStore.FindAsync(reading, question.Conversation, question.Message!.Value, cancellationToken);
        var dispatch = raised is null ? null : await Outbox.RecordOfAsync(reading, raised, cancellationToken);
        return (dispatch, raised) switch
        {
            ({ ConsumedAt: { } at }, _) => ($"taken by {dispatch.Session} at {moments.Clock(at)}", true),
            ({ HandedAt: { } at }, _) => ($"handed to {dispatch.Session} at {moments.Clock(at)}, not seen to be taken yet", false),
            ({ PlacedAt: { } at }, _) => ($"placed for {dispatch.Session} at {moments.Clock(at)}, not taken yet", false),
            ({ CreatedAt: var at }, _) => ($"the reply for {dispatch.Session} is ready since {moments.Clock(at)}, not taken yet", false),
            (_, { State: MessageState.Answered or MessageState.Consumed }) => ("the advisor has replied", true),
            (_, { State: MessageState.Dead }) => ("its message was given up", false),
            _ => ("the advisor has not replied yet", false),
        };
    }

    private async Task<(List<SessionView> Shown, long More)> SessionsAsync(
        Reading reading, Backlog backlog, List<Question> open, Moments moments, CancellationToken cancellationToken)
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

    private static string Count(long count, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {what}{(count == 1 ? "" : "s")}");

    private async Task<SpendView> SpendAsync(Reading reading, CancellationToken cancellationToken)
    {
        var spent = await Spending.InAsync(reading, Spending.Day(reading.Now), cancellationToken);
        var cap = settings.Current.Config.Budget.PerDayUsd;
        var hours = Math.Max(1, reading.Now.UtcDateTime.TimeOfDay.TotalHours);
        var rate = $"{Usd((long)(spent.SpentNano / hours))} an hour since midnight UTC";
        return new SpendView(
            Usd(spent.SpentNano),
            cap is { } most ? $"of {Usd((long)(most * 1_000_000_000))} · {rate}" : $"no cap · {rate}",
            spent.UnknownNano > 0 ? $"{Usd(spent.UnknownNano)} of it is the worst case of calls whose cost is not known" : null);
    }

    internal static string Usd(long nano) =>
        "$" + (nano / 1_000_000_000m).ToString(nano is > 0 and < 10_000_000 ? "0.0000" : "N2", CultureInfo.InvariantCulture);

    private static async Task<HealthView> HealthAsync(
        Reading reading, Health.Report report, Backlog backlog, Moments moments, CancellationToken cancellationToken)
    {
        var page = await FactStore.FindAsync(reading, FactStore.LastPage, cancellationToken);
        var answer = await QuestionStore.NewestAnsweredAsync(reading, cancellationToken);
        string[] parts =
        [
            backlog.OldestAt is { } oldest ? $"Oldest unfinished {moments.Ago(oldest)}" : "Nothing unfinished",
            page is null ? "no page was taken yet" : $"last page taken {moments.Clock(UnixTime(page))}",
            answer?.AnsweredAt is { } at ? $"last answer {moments.Clock(at)}" : "no answer yet",
        ];
        return new HealthView(report.Healthy, string.Join(" · ", parts), [.. report.Reasons.Select(Visible.OneLine)]);
    }

    private static DateTimeOffset UnixTime(string milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(milliseconds, CultureInfo.InvariantCulture));
}
