using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace Relay.Http;

/// <summary>Writes errors as application/problem+json.</summary>
internal static class Problem
{
    /// <summary>429: too many by now, and when to come again.</summary>
    public static Task WriteLaterAsync(HttpContext context, string detail, TimeSpan wait)
    {
        context.Response.Headers.RetryAfter =
            Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return WriteAsync(context, StatusCodes.Status429TooManyRequests, detail);
    }

    public static Task WriteAsync(HttpContext context, int status, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        return context.Response.WriteAsync(Body(status, detail), context.RequestAborted);
    }

    /// <summary>For one that may succeed a little later.</summary>
    public static Task WriteAsync(HttpContext context, int status, string detail, TimeSpan retryAfter)
    {
        context.Response.Headers.RetryAfter = retryAfter.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        return WriteAsync(context, status, detail);
    }

    public static string Body(int status, string detail) => new JsonObject
    {
        ["type"] = "about:blank",
        ["title"] = ReasonPhrases.GetReasonPhrase(status),
        ["status"] = status,
        ["detail"] = detail,
    }.ToJsonString(Shown);

    /// <summary>Clients show it as it is, so quotes are not written as their codes.</summary>
    private static readonly JsonSerializerOptions Shown = new() { Encoder = new VisibleJsonEncoder() };
}
