using System.Collections.Concurrent;
using Relay.Conversations;

namespace Relay.Agents.Tools;

/// <summary>The calls under way in MCP sessions, which only clients with the initialize handshake have. When such a session ends, by the client's DELETE or
/// because the host stops its services, the SDK drops its calls: they fail with a cancellation, even those whose tool has just answered.</summary>
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
            LogSessionEnded(); // The one cause of it that is left, and no fault: what the call asked is kept.
            context.Abort(); // Closed in an orderly way, a response without its answer would look whole.
        }
        finally
        {
            _open.TryRemove(call.Task, out _);
            call.SetResult();
        }
    }

    /// <summary>To be awaited between the end of all waits and the stop of the host's services: stopped together with the rest, the SDK closes its sessions
    /// before the tools have answered, and the clients hear nothing at all. Never throws: what takes longer than the limit is dropped.</summary>
    public async Task AnsweredAsync(CancellationToken limit)
    {
        while (!_open.IsEmpty && !limit.IsCancellationRequested)
            await Task.WhenAll(_open.Keys).WaitAsync(limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static bool IsCall(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && request.Path == "/mcp" && request.Headers.ContainsKey("Mcp-Session-Id");

    [LoggerMessage(LogLevel.Information, "An MCP session ended before its call was answered")]
    private partial void LogSessionEnded();
}
