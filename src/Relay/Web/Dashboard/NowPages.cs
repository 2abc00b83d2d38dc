using System.Globalization;
using Relay.Configuration;
using Relay.Operator;
using Relay.Storage;

namespace Relay.Web.Dashboard;

/// <summary>The Now page, a question's own page, and what is answered on them.</summary>
internal sealed class NowPages(NowReader now, Answers answers, Database database, SettingsSource settings)
{
    public async Task ShowAsync(HttpContext context) => await ShowAsync(context, StatusCodes.Status200OK, await ToldAsync(context));

    /// <summary>The words stand on the page again where they were not taken.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        if (await Forms.ReadAsync(context, settings.Current.Config) is not { } form)
            return;
        var input = new OperatorInput(form.Text, form.Question, "the page", form.Key, UnaskedWelcome: false)
        {
            Digest = form.Field("digest") is { Length: > 0 } digest ? digest : null,
        };
        var outcome = form.Question is null
            ? new Answers.Outcome.Refused("which question is answered is missing")
            : await answers.TakeAsync(input, context.RequestAborted);
        if (outcome is Answers.Outcome.Refused refused)
        {
            var notice = new NoticeView($"Not sent: {refused.Reason}.", IsRefusal: true, form.Text);
            await ShowAsync(context, StatusCodes.Status409Conflict, notice);
            return;
        }
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = outcome is Answers.Outcome.Direct direct
            ? $"/?told={direct.Session}"
            : string.Create(CultureInfo.InvariantCulture, $"/?answered={form.Question}");
    }

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

    private async Task ShowAsync(HttpContext context, int status, NoticeView? notice)
    {
        var view = await now.ReadAsync(Forms.TokenFor(context), context.RequestAborted);
        var title = view.Cards.Count == 0 ? view.Heading : $"({view.Cards.Count}) {view.Heading}";
        var parameters = new Dictionary<string, object?>
        {
            ["Frame"] = new FrameView($"{title} · Relay", "now", view.FormToken) { Notice = notice },
            ["View"] = view,
        };
        await DashboardRoutes.ShowAsync<NowPage>(context, status, parameters);
    }

    /// <summary>What was just done, as far as it is recorded.</summary>
    private async Task<NoticeView?> ToldAsync(HttpContext context)
    {
        if (long.TryParse(context.Request.Query["answered"], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && await database.ReadAsync(
                reading => QuestionStore.FindAsync(reading, number, context.RequestAborted), context.RequestAborted)
            is { State: QuestionState.Answered } question)
            return new NoticeView($"Question #{question.Id} of {question.Whose} is answered.", IsRefusal: false);
        return context.Request.Query["told"].ToString() is { Length: > 0 and <= 64 } session
            ? new NoticeView($"Your words are on their way to {Texts.Visible.OneLine(session)}.", IsRefusal: false)
            : null;
    }
}
