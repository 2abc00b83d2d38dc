using Relay.Costs;
using Relay.Http;
using Relay.Operator;
using Relay.Web.Status;

namespace Relay.Web.Api;

/// <summary>The operator says what today may cost.</summary>
internal static class BudgetEndpoints
{
    public static void MapBudget(this WebApplication host) => host.MapPost("/budget/today", SetAsync).For(Access.Operator);

    private static async Task SetAsync(HttpContext context)
    {
        if (await Endpoints.BodyAsync<CapBody>(context) is not { } body)
            return;
        var outcome = await Endpoints.Of<TodaysCap>(context).SetAsync(
            body.Usd, body.Day, "the command line", context.RequestAborted);
        await (outcome switch
        {
            TodaysCap.Outcome.Refused refused => Problem.WriteAsync(context, 409, refused.Reason),
            TodaysCap.Outcome.Set set => Json.WriteAsync(context, 200, new
            {
                Today = CapStatus.Of(set.Now),
                BeforeUsd = Dollars.Of(set.BeforeNano),
                set.Released,
            }),
            _ => throw new InvalidOperationException(),
        });
    }

    /// <param name="Usd">As it was typed.</param>
    /// <param name="Day">For which it is meant.</param>
    private sealed record CapBody(string? Usd, string? Day);
}
