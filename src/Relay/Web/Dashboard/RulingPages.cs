using System.Globalization;
using Relay.Operator;
using Relay.Operator.Rulings;

namespace Relay.Web.Dashboard;

/// <summary>The pages of rulings, and what is done on them.</summary>
internal sealed class RulingPages(RulingReader rulings, RulingDesk desk, Overturning overturning, NowPages now)
{
    private const int MostParts = 100_000;

    public async Task ShowAsync(HttpContext context) => await ShowAsync(context, StatusCodes.Status200OK, await ToldAsync(context));

    public async Task OneAsync(HttpContext context)
    {
        var number = long.Parse((string)context.Request.RouteValues["id"]!, CultureInfo.InvariantCulture);
        var view = await rulings.OneAsync(number, context.RequestAborted);
        await DashboardRoutes.ShowAsync<RulingPage>(
            context,
            view is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK,
            new Dictionary<string, object?>
            {
                ["Frame"] = new FrameView(FormattableString.Invariant($"Ruling {number} · Relay"), "rulings", Forms.TokenFor(context)),
                ["View"] = view,
            });
    }

    /// <summary>"No, ask me."</summary>
    public Task OverturnAsync(HttpContext context) => TakeAsync(context, async form =>
        await overturning.OverturnAsync(form.Field("what"), context.RequestAborted) switch
        {
            Overturning.Outcome.Asked asked => (FormattableString.Invariant($"/?asked={asked.Question}"), null),
            Overturning.Outcome.Refused refused => (null, refused.Reason),
            _ => throw new InvalidOperationException(),
        });

    public Task RetireAsync(HttpContext context) => TakeAsync(context, async form =>
        Number(form) is not { } ruling ? (null, "which ruling is missing")
            : await desk.RetireAsync(ruling, form.Text, context.RequestAborted) is { } reason ? (null, reason)
            : (FormattableString.Invariant($"/rulings?retired={ruling}"), (string?)null));

    public Task SetScopeAsync(HttpContext context) => TakeAsync(context, async form =>
        Number(form) is not { } ruling || ScopeWords.Parse(form.Field("scope")) is not { } scope
            ? (null, $"which ruling, or its scope ({ScopeWords.Allowed}), is missing")
            : await desk.SetScopeAsync(ruling, scope, context.RequestAborted) is { } reason ? (null, reason)
            : (FormattableString.Invariant($"/rulings?changed={ruling}"), (string?)null));

    private static long? Number(SentForm form) =>
        long.TryParse(form.Field("ruling"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>What was just done, as far as it is recorded.</summary>
    private async Task<NoticeView?> ToldAsync(HttpContext context)
    {
        var isRetired = context.Request.Query.TryGetValue("retired", out var named);
        if (!isRetired && !context.Request.Query.TryGetValue("changed", out named))
            return null;
        if (!long.TryParse(named, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || await rulings.OneAsync(number, context.RequestAborted) is not { } one || isRetired != (one.Ruling.Ended is not null))
            return null;
        var text = isRetired
            ? $"Ruling {number} is {one.Ruling.Ended}. No call to come carries it."
            : $"Ruling {number} holds {one.Ruling.HoldsFor}.";
        return new NoticeView(text, IsRefusal: false);
    }

    private async Task TakeAsync(HttpContext context, Func<SentForm, Task<(string? Onward, string? Refusal)>> take)
    {
        if (await Forms.ReadAsync(context, now.Config) is not { } form)
            return;
        var (onward, refusal) = await take(form);
        if (onward is null)
        {
            var notice = new NoticeView($"Not done: {refusal}.", IsRefusal: true, form.Text.Length == 0 ? null : form.Text);
            await (IsFromNow(context)
                ? now.ShowAsync(context, StatusCodes.Status409Conflict, notice)
                : ShowAsync(context, StatusCodes.Status409Conflict, notice));
            return;
        }
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = onward;
    }

    /// <summary>What is refused is said where it was tried.</summary>
    private static bool IsFromNow(HttpContext context) =>
        Uri.TryCreate(context.Request.Headers.Referer.ToString(), UriKind.Absolute, out var from) && from.AbsolutePath == "/";

    private async Task ShowAsync(HttpContext context, int status, NoticeView? notice)
    {
        var isOfEnded = context.Request.Query.ContainsKey("ended");
        var part = int.TryParse(context.Request.Query["part"], NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 0;
        var view = isOfEnded
            ? await rulings.EndedAsync(context.RequestAborted)
            : await rulings.StandingAsync(Math.Min(part, MostParts), context.RequestAborted);
        await DashboardRoutes.ShowAsync<RulingsPage>(context, status, new Dictionary<string, object?>
        {
            ["Frame"] = new FrameView("Rulings · Relay", "rulings", Forms.TokenFor(context)) { Notice = notice },
            ["View"] = view,
        });
    }
}
