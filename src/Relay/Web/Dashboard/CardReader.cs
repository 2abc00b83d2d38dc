using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Operator.Pages;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Web.Dashboard;

/// <summary>What waits for the operator, the longest-blocking first; what he has put off comes last.</summary>
/// <param name="Questions">All of them.</param>
/// <param name="Later">How many of them are put off.</param>
/// <param name="Cards">Of the first.</param>
/// <param name="More">Of those that follow.</param>
internal sealed record OpenCards(
    IReadOnlyList<Question> Questions, int Later, IReadOnlyList<CardView> Cards, IReadOnlyList<MoreView> More);

/// <summary>Reads the cards of questions.</summary>
internal sealed class CardReader(SettingsSource settings, TimeProvider clock)
{
    /// <summary>What is in full, and at most about so many bytes of it; the first is, whatever it weighs.</summary>
    private const int Shown = 8, Most = 14_000;

    private const int LinesShown = 15;

    private static readonly LaterWords Morning = new(Question: null, For: null, new TimeOnly(8, 0), IsSeen: false);

    private string Token => settings.Current.Config.Operator.Token;

    public async Task<OpenCards> OpenAsync(
        Reading reading, Backlog backlog, Moments moments, CancellationToken cancellationToken)
    {
        var open = new List<(Question Question, DateTimeOffset? Until)>();
        foreach (var question in await QuestionStore.OpenAsync(reading, cancellationToken))
            open.Add((question, await PutOffAsync(reading, question, cancellationToken)));
        open = [.. open.OrderBy(each => each.Until is not null).ThenBy(each => each.Question.AskedAt)];
        var maker = CardMaker.OnNow(Token, moments, Math.Min(open.Count, Shown));
        var taps = await Taps.WaitingAsync(reading, cancellationToken);
        var turns = new LedReader(LedReader.OnNow);
        var (cards, weight) = (new List<CardView>(), 0);
        foreach (var (question, until) in open.Take(Shown))
        {
            var card = Dressed(maker.Of(question, Behind(backlog, question)), question, until, moments) with
            {
                Tapped = Tapped(question, taps),
                Led = await turns.ReadAsync(reading, question, cancellationToken),
            };
            weight += CardWeight.Of(card);
            if (cards.Count > 0 && weight > Most)
                break;
            cards.Add(card);
        }
        var more = open.Skip(cards.Count).Take(LinesShown).Select(each => maker.Line(each.Question));
        return new OpenCards([.. open.Select(each => each.Question)], open.Count(each => each.Until is not null), cards, [.. more]);
    }

    public async Task<CardView> WholeAsync(
        Reading reading, Backlog backlog, Question question, Moments moments, CancellationToken cancellationToken)
    {
        var card = CardMaker.Whole(Token, moments).Of(question, Behind(backlog, question));
        var led = await new LedReader(LedReader.OnItsOwn).ReadAsync(reading, question, cancellationToken);
        if (!question.IsOpen)
            return card with
            {
                Options = [],
                Always = [],
                Plan = null,
                Words = null,
                CanAskBack = false,
                Blocks = "",
                Deadline = null,
                Led = led,
                Overturns = null,
                Digest = null,
                Choice = null,
                Exact = card.Choice is null ? card.Exact : question.Text,
            };
        var until = await PutOffAsync(reading, question, cancellationToken);
        return Dressed(card, question, until, moments) with
        {
            Tapped = Tapped(question, await Taps.WaitingAsync(reading, cancellationToken)),
            Led = led,
        };
    }

    /// <summary>A session that waits with its client is not put off.</summary>
    private CardView Dressed(CardView card, Question question, DateTimeOffset? until, Moments moments)
    {
        if (question.IsOfClient)
            return card;
        return card with
        {
            Later = until is { } time ? $"later, until {moments.Until(time)}" : null,
            PutOff =
            [
                new ToView("later", "1 hour"),
                new ToView("later until 8:00", $"until {moments.Until(Morning.At(clock))}"),
            ],
        };
    }

    /// <summary>Until when the operator is not asked again; null where he is.</summary>
    private static async Task<DateTimeOffset?> PutOffAsync(Reading reading, Question question, CancellationToken cancellationToken)
    {
        if (question.IsOfClient)
            return null;
        var page = await PageStore.FindStandingAsync(reading, PageCause.Question(question.Id), cancellationToken);
        return page?.QuietUntil is { } until && until > reading.Now ? until : null;
    }

    /// <summary>What was tapped, as the button said it.</summary>
    private static string? Tapped(Question question, List<Tap> taps)
    {
        if (taps.Find(tap => tap.Question == question.Id) is not { } tap)
            return null;
        var named = question.Ask is ClientAsk.Permission permission ? AlwaysOptions.Named(permission, tap.Text)
            : question.OptionOf(tap.Text) is { } option ? OptionText.Named(option)
            : null;
        return Excerpt.Of(named ?? Visible.OneLine(tap.Text), 200);
    }

    /// <summary>How many messages of sessions wait for the answer, besides the one it was asked about. What a client asks keeps nobody else
    /// waiting.</summary>
    private static long Behind(Backlog backlog, Question question) => question.IsOfClient ? 0 : Math.Max(
        0,
        backlog.Groups
            .Where(group => group.Conversation == question.Conversation && group.Speaker == Speaker.Session)
            .Sum(group => group.Count) - 1);
}
