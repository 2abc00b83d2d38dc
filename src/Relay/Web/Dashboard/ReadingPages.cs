using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace Relay.Web.Dashboard;

/// <summary>The pages that only show: conversations, messages, costs.</summary>
internal sealed class ReadingPages(ThreadReader threads, CostReader costs)
{
    public async Task ConversationsAsync(HttpContext context) => await ShowAsync<ConversationsPage>(
        context, "Conversations", "conversations", await threads.ListAsync(context.RequestAborted));

    public async Task ConversationAsync(HttpContext context)
    {
        long? through = long.TryParse(
            context.Request.Query["through"], NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : null;
        var name = (string)context.Request.RouteValues["name"]!;
        await ShowAsync<ConversationPage>(
            context, $"Conversation {name}", "conversations", await threads.PartAsync(name, through, context.RequestAborted));
    }

    public async Task MessageAsync(HttpContext context)
    {
        var (conversation, id) = ((string)context.Request.RouteValues["conversation"]!, (string)context.Request.RouteValues["id"]!);
        var view = await threads.MessageAsync(conversation, id, context.RequestAborted);
        await ShowAsync<MessagePage>(context, $"Message {id}", "conversations", view);
    }

    public async Task CostsAsync(HttpContext context) =>
        await ShowAsync<CostsPage>(context, "Costs", "costs", await costs.ReadAsync(context.RequestAborted));

    public async Task CsvAsync(HttpContext context)
    {
        var csv = await costs.CsvAsync(context.RequestAborted);
        PageHeaders.Set(context.Response);
        context.Response.ContentType = "text/csv; charset=utf-8";
        context.Response.Headers.ContentDisposition = "attachment; filename=relay-costs.csv";
        await context.Response.WriteAsync(csv, context.RequestAborted);
    }

    private static Task ShowAsync<TPage>(HttpContext context, string title, string here, object? view)
        where TPage : IComponent => DashboardRoutes.ShowAsync<TPage>(
        context,
        view is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK,
        new Dictionary<string, object?>
        {
            ["Frame"] = new FrameView($"{Texts.Visible.OneLine(title)} · Relay", here, Forms.TokenFor(context)),
            ["View"] = view,
        });
}
