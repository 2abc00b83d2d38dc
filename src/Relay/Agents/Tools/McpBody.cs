using Relay.Http;

namespace Relay.Agents.Tools;

/// <summary>Refuses a request of MCP that asks with what cannot be, such as a string that is no text, and says what is wrong. What is no
/// message of MCP at all is left to the SDK.</summary>
internal sealed partial class McpBody(ILogger<McpBody> log) : IMiddleware
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!HttpMethods.IsPost(context.Request.Method) || !McpPath.Is(context.Request))
        {
            await next(context);
            return;
        }
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (McpFault.Of(body.ToArray()) is { IsOfParams: true } fault)
        {
            LogRefused(fault.Reason);
            await (fault.Answer is { } answer
                ? context.Response.WriteAsJsonAsync(answer, context.RequestAborted)
                : Problem.WriteAsync(context, StatusCodes.Status400BadRequest, fault.Reason));
            return;
        }
        body.Position = 0;
        context.Request.Body = body;
        await next(context);
    }

    [LoggerMessage(LogLevel.Information, "A request of MCP was refused: {Reason}")]
    private partial void LogRefused(string reason);
}
