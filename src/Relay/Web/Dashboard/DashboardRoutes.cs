using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Relay.Http;

namespace Relay.Web.Dashboard;

/// <summary>The operator's page: what can be opened and sent. All but the way in is the operator's, by bearer or by the cookie of a
/// sign-in.</summary>
internal static class DashboardRoutes
{
    public static IServiceCollection AddDashboard(this IServiceCollection services) => services
        .AddSingleton<SignIns>()
        .AddSingleton<CardReader>()
        .AddSingleton<ReceiptReader>()
        .AddSingleton<NowReader>()
        .AddSingleton<NowPages>()
        .AddSingleton<Sending>()
        .AddSingleton<ThreadReader>()
        .AddSingleton<CostReader>()
        .AddSingleton<ReadingPages>()
        .AddSingleton<RulingReader>()
        .AddSingleton<RulingPages>()
        .AddSingleton<Door>()
        .AddSingleton<LiveChanges>()
        .AddActions();

    public static void MapDashboard(this WebApplication host)
    {
        var door = host.Services.GetRequiredService<Door>();
        host.MapGet("/assets/{name}", OwnFiles.SendAsync).For(Access.Everybody);
        host.MapGet("/sign-in", door.OpenAsync).For(Access.Everybody);
        host.MapPost("/sign-ins", door.NewLinkAsync).For(Access.Operator);
        host.MapGet("/sign-ins", door.ListAsync).For(Access.Operator);
        host.MapPost("/sign-ins/{id}/revoke", door.RevokeAsync).For(Access.Operator);
        host.MapGet("/changes", (HttpContext context) => context.RequestServices.GetRequiredService<LiveChanges>().SendAsync(context))
            .For(Access.Operator);
        var atTheDoor = new AtTheDoor(Door.AskInAsync);
        host.MapPages(atTheDoor);
        host.MapForms(atTheDoor);
        host.MapActions(atTheDoor);
    }

    private static void MapPages(this WebApplication host, AtTheDoor atTheDoor)
    {
        Show<NowPages>("/", (pages, context) => pages.ShowAsync(context));
        Show<NowPages>("/questions/{id:long}", (pages, context) => pages.QuestionAsync(context));
        Show<ReadingPages>("/conversations", (pages, context) => pages.ConversationsAsync(context));
        Show<ReadingPages>("/conversations/{name}", (pages, context) => pages.ConversationAsync(context));
        Show<ReadingPages>("/messages/{conversation}/{id}", (pages, context) => pages.MessageAsync(context));
        Show<ReadingPages>("/costs", (pages, context) => pages.CostsAsync(context));
        Show<ReadingPages>("/costs.csv", (pages, context) => pages.CsvAsync(context));
        Show<RulingPages>("/rulings", (pages, context) => pages.ShowAsync(context));
        Show<RulingPages>("/rulings/{id:long}", (pages, context) => pages.OneAsync(context));

        void Show<TPages>(string path, Func<TPages, HttpContext, Task> show)
            where TPages : notnull =>
            host.MapGet(path, (HttpContext context) => show(context.RequestServices.GetRequiredService<TPages>(), context))
                .For(Access.Operator).WithMetadata(atTheDoor);
    }

    private static void MapForms(this WebApplication host, AtTheDoor atTheDoor)
    {
        Form<Sending>("/answer", (sending, context) => sending.AnswerAsync(context));
        Form<Sending>("/choose", (sending, context) => sending.ChooseAsync(context));
        Form<Sending>("/tap", (sending, context) => sending.TapAsync(context));
        Form<Sending>("/undo", (sending, context) => sending.UndoAsync(context));
        Form<Sending>("/seen", (sending, context) => sending.SeenAsync(context));
        Form<Sending>("/later", (sending, context) => sending.LaterAsync(context));
        Form<Sending>("/ask-back", (sending, context) => sending.AskBackAsync(context));
        Form<Sending>("/say", (sending, context) => sending.SayAsync(context));
        Form<RulingPages>("/overturn", (pages, context) => pages.OverturnAsync(context));
        Form<RulingPages>("/retire", (pages, context) => pages.RetireAsync(context));
        Form<RulingPages>("/scope", (pages, context) => pages.SetScopeAsync(context));

        void Form<TTaker>(string path, Func<TTaker, HttpContext, Task> take)
            where TTaker : notnull =>
            host.MapPost(path, (HttpContext context) => take(context.RequestServices.GetRequiredService<TTaker>(), context))
                .For(Access.Operator).WithMetadata(new FormAccess(), atTheDoor);
    }

    /// <summary>Answers with a page. The renderer is made for it: registered with all that belongs to it, it would have every start of
    /// the relay wait.</summary>
    public static async Task ShowAsync<TPage>(HttpContext context, int status, Dictionary<string, object?> parameters)
        where TPage : IComponent
    {
        await using var renderer = new HtmlRenderer(
            context.RequestServices, context.RequestServices.GetRequiredService<ILoggerFactory>());
        var html = await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var page = await renderer.RenderComponentAsync<TPage>(ParameterView.FromDictionary(parameters));
            return page.ToHtmlString();
        });
        PageHeaders.Set(context.Response);
        if (context.Features.Get<Caller>() is Caller.Operator { Browser: not null } && SignInCookie.Of(context.Request) is { } cookie)
            SignInCookie.Set(context, cookie); // Kept for as long again: it lasts while it is used.
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.WriteAsync(html, context.RequestAborted);
    }
}
