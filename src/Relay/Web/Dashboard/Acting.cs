using Microsoft.AspNetCore.Components;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator;
using Relay.Texts;

namespace Relay.Web.Dashboard;

/// <summary>Pausing, the budget, and what is held: the same acts, effects and refusals as on the command line. After an act the browser is
/// led to where its effect is seen.</summary>
internal sealed class Acting(Pauses pauses, TodaysCap cap, Holds holds, HeldReader held, SettingsSource settings)
{
    private const string Via = "the page";

    public async Task HeldAsync(HttpContext context) => await HeldAsync(context, notice: null);

    /// <summary>What is given up is lost to its session, so it is asked about once more.</summary>
    public async Task DropPageAsync(HttpContext context)
    {
        var (conversation, id) = (context.Request.Query["conversation"].ToString(), context.Request.Query["id"].ToString());
        var view = await held.FindAsync(conversation, id, context.RequestAborted);
        await ShowAsync<DropPage>(context, "Give up a message", view, notice: null);
    }

    public async Task BudgetAsync(HttpContext context) => await BudgetAsync(context, notice: null);

    public Task RetryAsync(HttpContext context) => OnMessageAsync(
        context, message => holds.RetryAsync(message, context.RequestAborted));

    public Task DropAsync(HttpContext context) => OnMessageAsync(
        context, message => holds.DropAsync(message, context.RequestAborted));

    public async Task SetCapAsync(HttpContext context)
    {
        if (await Forms.ReadAsync(context, settings.Current.Config) is not { } form)
            return;
        var outcome = await cap.SetAsync(form.Field("usd"), form.Field("day"), Via, context.RequestAborted);
        if (outcome is TodaysCap.Outcome.Refused refused)
            await BudgetAsync(context, Refusal(refused.Reason));
        else
            Lead(context, "/budget");
    }

    public Task PauseAsync(HttpContext context) => OnConversationAsync(
        context, conversation => pauses.PauseAsync(conversation, Via, context.RequestAborted));

    public Task ResumeAsync(HttpContext context) => OnConversationAsync(
        context, conversation => pauses.ResumeAsync(conversation, Via, context.RequestAborted));

    private async Task OnConversationAsync(HttpContext context, Func<ConversationId, Task<Pauses.Outcome>> act)
    {
        if (await Forms.ReadAsync(context, settings.Current.Config) is not { } form)
            return;
        var conversation = new ConversationId(form.Field("conversation"));
        if (await act(conversation) is Pauses.Outcome.Unknown unknown)
            await HeldAsync(context, Refusal(unknown.Reason));
        else
            Lead(context, form.Field("from") == "now" ? "/" : Hrefs.Of(conversation));
    }

    private async Task OnMessageAsync(HttpContext context, Func<Message, Task<bool>> act)
    {
        if (await Forms.ReadAsync(context, settings.Current.Config) is not { } form)
            return;
        var (conversation, id) = (form.Field("conversation"), form.Field("id"));
        if (await held.MessageAsync(conversation, id, context.RequestAborted) is not { } message)
            await HeldAsync(context, Refusal("there is no such message"));
        else if (await act(message))
            Lead(context, Hrefs.Of(message));
        else
        {
            var now = await held.MessageAsync(conversation, id, context.RequestAborted);
            await HeldAsync(
                context, Refusal($"message {message.Id} is {(now ?? message).State.Word()}: that cannot be done with it now"));
        }
    }

    private async Task HeldAsync(HttpContext context, NoticeView? notice) =>
        await ShowAsync<HeldPage>(context, "Held messages", await held.ReadAsync(context.RequestAborted), notice);

    private async Task BudgetAsync(HttpContext context, NoticeView? notice) =>
        await ShowAsync<BudgetPage>(context, "Today's cap", await held.BudgetAsync(context.RequestAborted), notice);

    private static NoticeView Refusal(string reason) => new($"Not done: {reason}.", IsRefusal: true);

    private static void Lead(HttpContext context, string onward)
    {
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = onward;
    }

    private static Task ShowAsync<TPage>(HttpContext context, string title, object? view, NoticeView? notice)
        where TPage : IComponent => DashboardRoutes.ShowAsync<TPage>(
        context,
        view is null ? StatusCodes.Status404NotFound
            : notice is null ? StatusCodes.Status200OK : StatusCodes.Status409Conflict,
        new Dictionary<string, object?>
        {
            ["Frame"] = new FrameView($"{title} · Relay", "", Forms.TokenFor(context)) { Notice = notice },
            ["View"] = view,
        });
}
