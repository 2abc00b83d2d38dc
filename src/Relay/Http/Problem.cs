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
        return context.Response.WriteAsync(
            new JsonObject
            {
                ["type"] = "about:blank",
                ["title"] = ReasonPhrases.GetReasonPhrase(status),
                ["status"] = status,
                ["detail"] = detail,
            }.ToJsonString(),
            context.RequestAborted);
    }
}
