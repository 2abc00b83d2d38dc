using Relay.Configuration;
using Relay.Http;

namespace Relay.Web.Dashboard;

/// <summary>How a browser is let in to the page: by a link that works once, for ten minutes, and that only the operator can have
/// made.</summary>
internal sealed partial class Door(SignIns signIns, WrongTokens wrong, SettingsSource settings, ILogger<Door> log)
{
    /// <summary>For the command that shows the link.</summary>
    public Task NewLinkAsync(HttpContext context)
    {
        PageHeaders.Set(context.Response);
        return Json.WriteAsync(context, 200, new
        {
            Path = $"/sign-in?code={signIns.NewCode()}",
            settings.Current.Config.PublicUrl,
            LastsSeconds = (long)SignIns.LinkLasts.TotalSeconds,
        });
    }

    public async Task OpenAsync(HttpContext context)
    {
        PageHeaders.Set(context.Response);
        if (context.Request.Headers["Sec-Purpose"].Count > 0) // Fetched ahead, by nobody who wants to see it.
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }
        var code = context.Request.Query["code"].ToString();
        var from = ConnectionGate.NameOf(context.Connection.RemoteIpAddress);
        if (signIns.Open(code, from, context.Request.Headers.UserAgent.ToString()) is { } cookie)
        {
            SignInCookie.Set(context, cookie);
            LogOpened(from);
            await LeadOnAsync(context);
        }
        else if (!await wrong.IsRefusedForAsync(context))
            await ShowAsync(
                context, StatusCodes.Status403Forbidden, "This link lets nobody in",
                "It was used already, or is too old, or is no link of this relay.");
    }

    public static Task AskInAsync(HttpContext context, string reason) => ShowAsync(
        context, StatusCodes.Status401Unauthorized, "Sign in", "This is the operator's page, and this browser is not signed in.");

    public Task ListAsync(HttpContext context) => Json.WriteAsync(context, 200, signIns.List().Select(Shown));

    public Task RevokeAsync(HttpContext context)
    {
        var id = (string)context.Request.RouteValues["id"]!;
        return signIns.Revoke(id)
            ? Json.WriteAsync(context, 200, new { Revoked = id })
            : Problem.WriteAsync(
                context, StatusCodes.Status404NotFound, $"there is no sign-in {id}; relay dashboard --sessions lists them");
    }

    private static object Shown(SignIn each) => new { each.Id, each.MadeAt, each.LastUsedAt, each.From, each.Browser };

    /// <summary>From another site the browser would not send the cookie along a redirect, so there a page of our own leads on.</summary>
    private static Task LeadOnAsync(HttpContext context)
    {
        if (context.Request.Headers["Sec-Fetch-Site"] == "cross-site")
            return DashboardRoutes.ShowAsync<DoorPage>(context, 200, new Dictionary<string, object?>
            {
                ["Title"] = "Signed in",
                ["Text"] = "This browser is let in.",
                ["Onward"] = "/",
            });
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = "/";
        return Task.CompletedTask;
    }

    private static Task ShowAsync(HttpContext context, int status, string title, string text) =>
        DashboardRoutes.ShowAsync<DoorPage>(context, status, new Dictionary<string, object?> { ["Title"] = title, ["Text"] = text });

    [LoggerMessage(LogLevel.Information, "A browser at {From} was let in to the operator's page")]
    private partial void LogOpened(string from);
}
