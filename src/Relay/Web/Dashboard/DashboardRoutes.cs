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
        .AddSingleton<NowReader>()
        .AddSingleton<NowPages>()
        .AddSingleton<Sending>()
        .AddSingleton<ThreadReader>()
        .AddSingleton<CostReader>()
        .AddSingleton<ReadingPages>()
        .AddSingleton<Door>()
        .AddSingleton<LiveChanges>();

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
        Page("/", (context, pages) => pages.ShowAsync(context));
        Page("/questions/{id:long}", (context, pages) => pages.QuestionAsync(context));
        Show("/conversations", (context, pages) => pages.ConversationsAsync(context));
        Show("/conversations/{name}", (context, pages) => pages.ConversationAsync(context));
        Show("/messages/{conversation}/{id}", (context, pages) => pages.MessageAsync(context));
        Show("/costs", (context, pages) => pages.CostsAsync(context));
        Show("/costs.csv", (context, pages) => pages.CsvAsync(context));
        Form("/answer", (context, sending) => sending.AnswerAsync(context));
        Form("/tap", (context, sending) => sending.TapAsync(context));
        Form("/undo", (context, sending) => sending.UndoAsync(context));
        Form("/seen", (context, sending) => sending.SeenAsync(context));
        Form("/ask-back", (context, sending) => sending.AskBackAsync(context));
        Form("/say", (context, sending) => sending.SayAsync(context));

        void Page(string path, Func<HttpContext, NowPages, Task> show) =>
            host.MapGet(path, (HttpContext context) => show(context, Pages(context))).For(Access.Operator).WithMetadata(atTheDoor);

        void Show(string path, Func<HttpContext, ReadingPages, Task> show) =>
            host.MapGet(path, (HttpContext context) => show(context, context.RequestServices.GetRequiredService<ReadingPages>()))
                .For(Access.Operator).WithMetadata(atTheDoor);

        void Form(string path, Func<HttpContext, Sending, Task> take) =>
            host.MapPost(path, (HttpContext context) => take(context, context.RequestServices.GetRequiredService<Sending>()))
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
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.WriteAsync(html, context.RequestAborted);
    }

    private static NowPages Pages(HttpContext context) => context.RequestServices.GetRequiredService<NowPages>();
}
