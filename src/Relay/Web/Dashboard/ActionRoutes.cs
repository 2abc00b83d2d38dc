using Relay.Http;

namespace Relay.Web.Dashboard;

/// <summary>What the operator does to conversations, messages and the budget from the page.</summary>
internal static class ActionRoutes
{
    public static IServiceCollection AddActions(this IServiceCollection services) => services
        .AddSingleton<HeldReader>()
        .AddSingleton<SearchReader>()
        .AddSingleton<Acting>();

    public static void MapActions(this WebApplication host, AtTheDoor door)
    {
        Show("/held", (context, acting) => acting.HeldAsync(context));
        Show("/held/drop", (context, acting) => acting.DropPageAsync(context));
        Show("/budget", (context, acting) => acting.BudgetAsync(context));
        host.MapGet("/search", (HttpContext context) => context.RequestServices.GetRequiredService<SearchReader>().SearchAsync(context))
            .For(Access.Operator).WithMetadata(door);
        Form("/held/retry", (context, acting) => acting.RetryAsync(context));
        Form("/held/drop", (context, acting) => acting.DropAsync(context));
        Form("/budget", (context, acting) => acting.SetCapAsync(context));
        Form("/conversations/pause", (context, acting) => acting.PauseAsync(context));
        Form("/conversations/resume", (context, acting) => acting.ResumeAsync(context));

        void Show(string path, Func<HttpContext, Acting, Task> show) =>
            host.MapGet(path, (HttpContext context) => show(context, Of(context))).For(Access.Operator).WithMetadata(door);

        void Form(string path, Func<HttpContext, Acting, Task> take) =>
            host.MapPost(path, (HttpContext context) => take(context, Of(context)))
                .For(Access.Operator).WithMetadata(new FormAccess(), door);
    }

    private static Acting Of(HttpContext context) => context.RequestServices.GetRequiredService<Acting>();
}
