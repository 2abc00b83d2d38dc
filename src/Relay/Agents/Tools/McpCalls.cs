using System.Collections.Concurrent;

namespace Relay.Agents.Tools;

/// <summary>Keeps track of the calls in MCP sessions; only clients that make the initialize handshake have such a session.
/// When the session ends, by the client's DELETE or because the host stops its services, the SDK cancels its calls,
/// even those whose tool has just answered.</summary>
internal sealed partial class McpCalls(ILogger<McpCalls> log) : IMiddleware
{
    private readonly ConcurrentDictionary<Task, bool> _open = new();

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!IsCall(context.Request))
        {
            await next(context);
            return;
        }
        var call = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[call.Task] = true;
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            LogSessionEnded(); // The only cause that is left. It is no fault: the question of the call is kept.
            context.Abort(); // Otherwise the client would take the response without an answer for a complete one.
        }
        finally
        {
            _open.TryRemove(call.Task, out _);
            call.SetResult();
        }
    }

    /// <summary>Waits until all calls are answered. Await it after all waits have ended and before the host stops its services:
    /// otherwise the SDK closes its sessions before the tools have answered, and the clients get no answer.
    /// It never throws. Calls that are not answered within the limit are given up.</summary>
    public async Task AnsweredAsync(CancellationToken limit)
    {
        while (!_open.IsEmpty && !limit.IsCancellationRequested)
            await Task.WhenAll(_open.Keys).WaitAsync(limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static bool IsCall(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && McpPath.Is(request) && request.Headers.ContainsKey("Mcp-Session-Id");

    [LoggerMessage(LogLevel.Information, "An MCP session ended before its call was answered")]
    private partial void LogSessionEnded();
}
