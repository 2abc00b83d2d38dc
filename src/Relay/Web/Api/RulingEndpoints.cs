using System.Globalization;
using Relay.Http;
using Relay.Operator;
using Relay.Operator.Rulings;

namespace Relay.Web.Api;

/// <summary>What the operator does with rulings, over HTTP.</summary>
internal static class RulingEndpoints
{
    public static void MapRulings(this WebApplication host)
    {
        host.MapPost("/rulings/overturn", OverturnAsync).For(Access.Operator);
        host.MapPost("/rulings/{id}/scope", ScopeAsync).For(Access.Operator);
        host.MapPost("/rulings/{id}/retire", RetireAsync).For(Access.Operator);
    }

    private static async Task ScopeAsync(HttpContext context)
    {
        if (await Endpoints.BodyAsync<ScopeBody>(context) is not { } body)
            return;
        if (ScopeWords.Parse(body.Scope) is not { } scope)
            await Problem.WriteAsync(context, 400, $"scope: {ScopeWords.Allowed}");
        else
            await ActAsync(context, number => Endpoints.Of<RulingDesk>(context).SetScopeAsync(number, scope, context.RequestAborted));
    }

    private static async Task RetireAsync(HttpContext context)
    {
        if (await Endpoints.BodyAsync<RetireBody>(context) is { } body)
            await ActAsync(context, number => Endpoints.Of<RulingDesk>(context).RetireAsync(number, body.Reason, context.RequestAborted));
    }

    private static async Task ActAsync(HttpContext context, Func<long, Task<string?>> act)
    {
        if (!long.TryParse((string)context.Request.RouteValues["id"]!, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            await Problem.WriteAsync(context, 404, "that is not the number of a ruling");
        else if (await act(number) is { } reason)
            await Problem.WriteAsync(context, 409, reason);
        else
            await Json.WriteAsync(context, 200, new { Ruling = number });
    }

    private static async Task OverturnAsync(HttpContext context)
    {
        if (await Endpoints.BodyAsync<OverturnBody>(context) is not { } body)
            return;
        var what = body.What ?? "";
        await (what.Trim().Length == 0
            ? Problem.WriteAsync(context, 400, "what is overturned? the number of a use, or a message")
            : await Endpoints.Of<Overturning>(context).OverturnAsync(what, context.RequestAborted) switch
            {
                Overturning.Outcome.Asked asked =>
                    Json.WriteAsync(context, 200, new { asked.Question, asked.Ruling, Message = asked.Message.Value }),
                Overturning.Outcome.Refused refused => Problem.WriteAsync(context, 409, refused.Reason),
                _ => throw new InvalidOperationException(),
            });
    }

    private sealed record ScopeBody(string? Scope);

    private sealed record RetireBody(string? Reason);

    private sealed record OverturnBody(string? What);
}
