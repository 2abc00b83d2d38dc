using System.Globalization;
using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Operator.Phone;

/// <summary>Gives the page of a question what leads back from the phone: buttons that answer it, where the topic is protected or the
/// configuration says so, and the way to the whole of it.</summary>
internal sealed class QuestionButtons(Database database, TopicProtection protection, SettingsSource settings)
{
    private const string Later = "Later";

    public async Task<QueuedPage> DressAsync(QueuedPage page, CancellationToken cancellationToken)
    {
        var open = await database.ReadAsync(reading => OpenAsync(reading, page, cancellationToken), cancellationToken);
        var dressed = page.Cause.IsBurst ? Together(page, open)
            : open is [var only] ? await DressQuestionAsync(page, only, cancellationToken)
            : page;
        var phone = settings.Current.Config.Phone;
        return phone.Silences(page.Priority, database.Clock.GetUtcNow(), database.Clock, open.Min(question => question.Deadline))
            ? dressed with { Priority = Math.Min(dressed.Priority, QueuedPage.Silent) }
            : dressed;
    }

    /// <summary>What a page asks and nobody has answered.</summary>
    private static async Task<List<Question>> OpenAsync(Reading reading, QueuedPage page, CancellationToken cancellationToken) =>
        page.IsReceipt ? []
        : page.Cause.IsBurst ? await BurstPage.OpenAsync(reading, page.Id, cancellationToken)
        : page.Cause.QuestionNumber is { } number
            && await QuestionStore.FindAsync(reading, number, cancellationToken) is { IsOpen: true } question ? [question]
        : [];

    private QueuedPage Together(QueuedPage page, List<Question> open)
    {
        var config = settings.Current.Config;
        var link = config.PublicUrl is { } url ? new Uri(url, "/") : null;
        return BurstPage.Of(page, open, config.Operator.Token, database.Clock.GetUtcNow()) with
        {
            Click = link,
            Buttons = link is null ? [] : [new PageButton("Open", link, "")],
        };
    }

    private async Task<QueuedPage> DressQuestionAsync(QueuedPage page, Question question, CancellationToken cancellationToken)
    {
        var current = settings.Current;
        var link = current.Config.PublicUrl is { } url
            ? new Uri(url, string.Create(CultureInfo.InvariantCulture, $"/questions/{question.Id}"))
            : null;
        return Louder(page, question) with
        {
            Click = link,
            Buttons = Arranged(await AnsweringAsync(page, question, current, cancellationToken), link, question.IsOfClient),
        };
    }

    /// <summary>As the ladder has it: again, with how long it has waited; or put off.</summary>
    private QueuedPage Louder(QueuedPage page, Question question)
    {
        var now = database.Clock.GetUtcNow();
        if (page.QuietUntil is { } until && until > now)
        {
            var zone = database.Clock.LocalTimeZone;
            var (at, here) = (TimeZoneInfo.ConvertTime(until, zone), TimeZoneInfo.ConvertTime(now, zone));
            var when = at.ToString(at.Date == here.Date ? "'at' HH:mm" : "'on' d MMM 'at' HH:mm", CultureInfo.InvariantCulture);
            return page with { Title = $"{page.Title}, again {when}", Priority = QueuedPage.Silent };
        }
        if (page.Step == 0)
            return page;
        var waited = Duration.WriteMinutes(now - question.AskedAt);
        return page with { Title = $"{page.Title}, for {waited}", Priority = 5, Tags = $"{page.Tags},alarm_clock" };
    }

    /// <summary>Those that publish an answer, in the order of the options.</summary>
    private async Task<List<(AnswerOption Option, PageButton Button)>> AnsweringAsync(
        QueuedPage page, Question question, Settings current, CancellationToken cancellationToken)
    {
        var (config, secrets) = (current.Config, current.Secrets);
        if (config.Phone.Buttons == PageButtons.Off || secrets.NtfyAnswerTopic.Length == 0)
            return [];
        var isProtected = await protection.IsProtectedAsync(cancellationToken);
        if (!isProtected && config.Phone.Buttons != PageButtons.Open)
            return [];
        var showsAll = config.Phone.Content == PageContent.Full && page.Body.StartsWith(question.Text, StringComparison.Ordinal);
        var later = new AnswerOption(ButtonToken.Later, Later, "");
        return
        [
            .. AnswerOption.Of(question).Where(option => !option.Grants || isProtected && showsAll).Append(later).Select(option => (
                option,
                new PageButton(
                    option.Tells && config.Phone.Content != PageContent.Full ? option.Key : option.Label, Address: null,
                    ButtonToken.Make(secrets, page, question, option.Key, option.Words)))),
        ];
    }

    /// <summary>A page has three at most: (1) of two options both, and the way to the page; (2) of more, the recommended one.</summary>
    private static List<PageButton> Arranged(
        List<(AnswerOption Option, PageButton Button)> answering, Uri? link, bool isOfClient)
    {
        var options = answering.FindAll(each => each.Option.Key != ButtonToken.Later);
        var later = answering.FindAll(each => each.Option.Key == ButtonToken.Later && !isOfClient);
        if (options.Count > 2) // (2)
            options = options.FindAll(each => each.Option.IsRecommended);
        List<PageButton> open = link is null ? [] : [new PageButton("Open", link, "")];
        List<PageButton> buttons = [.. options.Select(each => each.Button)];
        if (options.Count < 2 || open.Count == 0) // (1)
            buttons.AddRange(later.Select(each => each.Button));
        return [.. buttons, .. open];
    }
}
