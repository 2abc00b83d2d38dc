using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Texts;

namespace Relay.Agents.Tools;

/// <summary>Refuses a request of MCP in which a string is no text, and says which. The SDK takes such a request apart before anybody else
/// sees it, and says of it that an error occurred.</summary>
internal sealed partial class McpBody(ILogger<McpBody> log) : IMiddleware
{
    private const int InvalidParams = -32602; // JSON-RPC

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!HttpMethods.IsPost(context.Request.Method) || context.Request.Path != "/mcp")
        {
            await next(context);
            return;
        }
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (JsonText.Fault(body.GetBuffer().AsSpan(0, (int)body.Length)) is { } fault && Answer(body.ToArray(), fault) is { } answer)
        {
            LogRefused(fault);
            await context.Response.WriteAsJsonAsync(answer, context.RequestAborted);
            return;
        }
        body.Position = 0;
        context.Request.Body = body;
        await next(context);
    }

    /// <summary>Null when it is no request, but something worse.</summary>
    private static JsonObject? Answer(byte[] json, string fault)
    {
        try
        {
            var request = JsonNode.Parse(JsonText.Mended(json))!.AsObject();
            var answer = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = request["id"]?.DeepClone() };
            if ((string?)request["method"] == "tools/call")
                answer["result"] = new JsonObject
                {
                    ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = $"Nothing was done: {fault}." }),
                    ["isError"] = true,
                };
            else
                answer["error"] = new JsonObject { ["code"] = InvalidParams, ["message"] = fault };
            return answer;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    [LoggerMessage(LogLevel.Information, "A request of MCP was refused: {Reason}")]
    private partial void LogRefused(string reason);
}
