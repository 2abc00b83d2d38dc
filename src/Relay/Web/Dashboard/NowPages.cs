using System.Globalization;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator;
using Relay.Storage;

namespace Relay.Web.Dashboard;

/// <summary>The Now page and a question's own.</summary>
internal sealed class NowPages(NowReader now, Database database, SettingsSource settings)
{
    public RelayConfig Config => settings.Current.Config;

    public async Task ShowAsync(HttpContext context) => await ShowAsync(context, StatusCodes.Status200OK, await ToldAsync(context));

    public async Task QuestionAsync(HttpContext context)
    {
        var id = long.Parse((string)context.Request.RouteValues["id"]!, CultureInfo.InvariantCulture);
        var view = await now.QuestionAsync(id, context.RequestAborted);
        var parameters = new Dictionary<string, object?>
        {
            ["Frame"] = new FrameView(view is null ? "Relay: no such question" : $"Relay: question {id}", "", Forms.TokenFor(context)),
            ["View"] = view,
        };
        await DashboardRoutes.ShowAsync<QuestionPage>(
            context, view is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK, parameters);
    }

    public async Task ShowAsync(HttpContext context, int status, NoticeView? notice)
    {
        var view = await now.ReadAsync(Forms.TokenFor(context), context.RequestAborted);
        var title = view.Waiting == 0 ? view.Heading : $"({view.Waiting}) {view.Heading}";
        var parameters = new Dictionary<string, object?>
        {
            ["Frame"] = new FrameView($"{title} · Relay", "now", view.FormToken) { Notice = notice },
            ["View"] = view,
        };
        await DashboardRoutes.ShowAsync<NowPage>(context, status, parameters);
    }

    private Task<bool> IsPausedAsync(string conversation, CancellationToken cancellationToken) => database.ReadAsync(
        async reading => await ConversationStore.FindAsync(reading, new ConversationId(conversation), cancellationToken)
            is { Pause: not null },
        cancellationToken);

    private async Task<string> AskedBackAsync(HttpContext context)
    {
        var question = long.TryParse(
            context.Request.Query["asked_back"], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? await database.ReadAsync(reading => QuestionStore.FindAsync(reading, number, context.RequestAborted), context.RequestAborted)
            : null;
        return question is not null && await IsPausedAsync(question.Conversation.Value, context.RequestAborted)
            ? $"Your words are taken, and {question.Conversation} is paused: they wait until you resume it. The question stays open."
            : "The advisor is asked back; the reply comes here and as a page, and the question stays open.";
    }

    /// <summary>What was just done, as far as it is recorded.</summary>
    private async Task<NoticeView?> ToldAsync(HttpContext context)
    {
        if (long.TryParse(context.Request.Query["answered"], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && await database.ReadAsync(
                reading => QuestionStore.FindAsync(reading, number, context.RequestAborted), context.RequestAborted)
            is { State: QuestionState.Answered } question)
            return new NoticeView($"Question #{question.Id} of {question.Whose} is answered.", IsRefusal: false);
        if (long.TryParse(context.Request.Query["asked"], NumberStyles.None, CultureInfo.InvariantCulture, out var anew)
            && await database.ReadAsync(
                reading => QuestionStore.FindAsync(reading, anew, context.RequestAborted), context.RequestAborted)
            is { IsOpen: true })
            return new NoticeView(
                string.Create(CultureInfo.InvariantCulture, $"You are asked anew: question #{anew}."), IsRefusal: false);
        if (context.Request.Query["said"].ToString() is { Length: > 0 and <= 64 } conversation)
            return await IsPausedAsync(conversation, context.RequestAborted) ? new NoticeView(
                $"Your words are taken in {Texts.Visible.OneLine(conversation)}, which is paused: they wait until you resume it.",
                IsRefusal: false) : new NoticeView(
                $"The advisor has your words in {Texts.Visible.OneLine(conversation)}; "
                + "the reply comes here, as a page, and into the conversation.",
                IsRefusal: false);
        if (context.Request.Query.ContainsKey("asked_back"))
            return new NoticeView(await AskedBackAsync(context), IsRefusal: false);
        if (context.Request.Query.ContainsKey("taken_back"))
            return new NoticeView("It is taken back; nothing was sent.", IsRefusal: false);
        return context.Request.Query["told"].ToString() is { Length: > 0 and <= 64 } session
            ? new NoticeView($"Your words are on their way to {Texts.Visible.OneLine(session)}.", IsRefusal: false)
            : null;
    }
}
