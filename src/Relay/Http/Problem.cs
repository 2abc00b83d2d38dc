using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace Relay.Http;

/// <summary>Writes errors as application/problem+json.</summary>
internal static class Problem
{
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
