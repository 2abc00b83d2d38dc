using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Relay.Loopback;

public sealed record LoopbackMessagesApiOptions
{
    /// <summary>Used for arrival times, the cache and the latency.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>0 means any free port. With an earlier <see cref="LoopbackMessagesApi.Port"/> the same server comes back.</summary>
    public int Port { get; init; }

    /// <summary>Makes the reply when nothing is scripted. By default it quotes the last line of the user.</summary>
    public Func<AdvisorRequest, ScriptedReply>? Answer { get; init; }

    /// <summary>What GET /v1/models lists.</summary>
    public IReadOnlyList<string> ListedModels { get; init; } = [];

    /// <summary>The delay before the first byte of each answer.</summary>
    public TimeSpan Latency { get; init; } = TimeSpan.Zero;

    /// <summary>Null accepts any key, even none.</summary>
    public string? ApiKey { get; init; }

    public int ContextWindowTokens { get; init; } = 1_000_000;

    /// <summary>Whether a thinking block is refused outside its own conversation, for the models that do so.</summary>
    public bool BindsThinking { get; init; } = true;
}

/// <summary>A stand-in for the Messages API on 127.0.0.1: validation, streaming, prompt caching and scripted faults.
/// Each request: (1) record it, (2) refuse it if it breaks a rule, (3) pick the reply, (4) wait the latency, (5) bill it,
/// (6) write the answer.</summary>
public sealed class LoopbackMessagesApi : IAsyncDisposable
{
    private readonly LoopbackMessagesApiOptions _options;
    private readonly ArrivalLog<AdvisorRequest> _requests = new();
    private readonly ArrivalLog<AdvisorRequest> _countRequests = new();
    private readonly ConcurrentQueue<ScriptedReply> _script = new();
    private readonly ReleaseGate _stalled = new();
    private volatile ScriptedReply? _always;
    private LoopbackHost? _host;

    private LoopbackMessagesApi(LoopbackMessagesApiOptions options) => _options = options;

    /// <summary>For ANTHROPIC_BASE_URL; without a path.</summary>
    public Uri Address => _host!.Address;

    public int Port => Address.Port;

    /// <summary>Every POST to /v1/messages in order of arrival, including refused ones.</summary>
    public IReadOnlyList<AdvisorRequest> Requests => _requests.Snapshot();

    /// <summary>Every POST to /v1/messages/count_tokens in order of arrival.</summary>
    public IReadOnlyList<AdvisorRequest> CountTokensRequests => _countRequests.Snapshot();

    public CacheLedger Cache { get; } = new();

    public static async Task<LoopbackMessagesApi> StartAsync(LoopbackMessagesApiOptions? options = null)
    {
        var api = new LoopbackMessagesApi(options ?? new LoopbackMessagesApiOptions());
        api._host = await LoopbackHost.StartAsync(api._options.Port, api.HandleAsync);
        return api;
    }

    /// <summary>Each queued reply answers one valid request, in order.</summary>
    public void Enqueue(params IEnumerable<ScriptedReply> replies)
    {
        foreach (var reply in replies)
            _script.Enqueue(reply);
    }

    /// <summary>Answers every request when the queue is empty, until set to null.</summary>
    public void Always(ScriptedReply? reply) => _always = reply;

    /// <summary>Releases all replies that are stalled now. Later ones stall again.</summary>
    public void ReleaseStalled() => _stalled.Open();

    /// <summary>Waits for the n-th request; the limit is real time.</summary>
    public Task<AdvisorRequest> WaitForRequestsAsync(int count, TimeSpan limit) => _requests.WaitAsync(
        requests => requests.Count >= count ? (true, requests[count - 1]) : (false, null), limit, $"{count} requests");

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task HandleAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var path = context.Request.Path.Value ?? "";
        if (context.Request.Method == "GET" && path == "/v1/models")
        {
            await ListModelsAsync(context, cancellationToken);
            return;
        }
        var log = path == "/v1/messages/count_tokens" ? _countRequests : _requests;
        if (context.Request.Method != "POST" || path is not ("/v1/messages" or "/v1/messages/count_tokens"))
        {
            await FailAsync(context, 0, new ScriptedReply.Failure(404, ApiError.TypeOf(404), "Not Found"), cancellationToken);
            return;
        }

        var request = await RecordAsync(context, log, path, cancellationToken);            // (1)
        var parsedOnce = request.Prompt; // The request holds it only by a weak reference, so it is held here until the end.
        var end = RequestEnd.ClientLeft;
        try
        {
            end = log == _requests
                ? await AnswerAsync(context, request, cancellationToken)
                : await CountTokensAsync(context, request, cancellationToken);
        }
        finally
        {
            request.End(end);
            GC.KeepAlive(parsedOnce);
        }
        if (end == RequestEnd.CutByServer)
            throw new ConnectionCutException();
    }

    private async Task<AdvisorRequest> RecordAsync(
        HttpContext context, ArrivalLog<AdvisorRequest> log, string path, CancellationToken cancellationToken)
    {
        var arrival = new Arrival(_options.Clock.GetUtcNow(), Stopwatch.GetTimestamp());
        var headers = context.Request.Headers.ToDictionary(
            header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        using var body = new MemoryStream((int)(context.Request.ContentLength ?? 0));
        await context.Request.Body.CopyToAsync(body, cancellationToken);
        var bytes = body.TryGetBuffer(out var buffer) && buffer.Count == buffer.Array!.Length ? buffer.Array : body.ToArray();
        return log.Add(number => new AdvisorRequest(number, path, headers, bytes, arrival));
    }

    private async Task<RequestEnd> AnswerAsync(HttpContext context, AdvisorRequest request, CancellationToken cancellationToken)
    {
        if (RequestValidation.FindFault(request, _options, needsMaxTokens: true) is { } fault)  // (2)
            return await RefuseAsync(context, request, fault, cancellationToken);

        var reply = PickReply(request);                                                    // (3)
        if (_options.Latency > TimeSpan.Zero)
            await Task.Delay(_options.Latency, _options.Clock, cancellationToken);         // (4)
        switch (reply)
        {
            case ScriptedReply.Failure failure:
                return await RefuseAsync(context, request, failure, cancellationToken);
            case ScriptedReply.NotAnAnswer garbage:
                request.Status = 200;
                Identify(context, request.Number);
                context.Response.ContentType = "text/html";
                await context.Response.WriteAsync(garbage.Body, cancellationToken);
                return RequestEnd.Answered;
            case ScriptedReply.Completion completion:
                return await CompleteAsync(context, request, completion, cancellationToken);
            default:
                throw new InvalidOperationException($"No such reply: {reply}");
        }
    }

    private async Task<RequestEnd> CompleteAsync(
        HttpContext context, AdvisorRequest request, ScriptedReply.Completion reply, CancellationToken cancellationToken)
    {
        if (reply.SilentFirst)
        {
            var released = _stalled.WaitAsync(cancellationToken);
            request.FallSilent();
            await released;
        }
        if (!request.IsStreaming && reply.Break is StreamBreak.Error error)
        {
            var failure = new ScriptedReply.Failure(ApiError.StatusOf(error.Type), error.Type, error.Message);
            return await RefuseAsync(context, request, failure, cancellationToken);
        }

        request.AnsweredAt = _options.Clock.GetUtcNow();
        var billed = Cache.Bill(request, MarkerPolicy.AsSent, TokenEstimate.Of(reply.Body));  // (5)
        request.Usage = reply.Usage ?? billed;
        request.Status = 200;
        Identify(context, request.Number);
        var stream = new MessageStream(request, reply, request.Usage, _stalled);           // (6)
        return request.IsStreaming
            ? await stream.WriteStreamAsync(context.Response, cancellationToken)
            : await stream.WriteWholeAsync(context.Response, cancellationToken);
    }

    private ScriptedReply PickReply(AdvisorRequest request)
    {
        if (request.MaxTokens == 0)
            return ScriptedReply.MaxTokens(""); // Such a request only fills the cache.
        if (_script.TryDequeue(out var scripted))
            return scripted;
        return _always ?? _options.Answer?.Invoke(request) ?? ScriptedReply.Text($"reply to: {LastLine(request.LastUserText)}");
    }

    private static string LastLine(string text) => text.TrimEnd().Split('\n')[^1];

    private async Task<RequestEnd> CountTokensAsync(HttpContext context, AdvisorRequest request, CancellationToken cancellationToken)
    {
        var anyLength = _options with { ContextWindowTokens = int.MaxValue };
        if (RequestValidation.FindFault(request, anyLength, needsMaxTokens: false) is { } fault)
            return await RefuseAsync(context, request, fault, cancellationToken);

        request.Status = 200;
        Identify(context, request.Number);
        await WriteJsonAsync(context, new JsonObject { ["input_tokens"] = request.Prompt.PromptTokens }, cancellationToken);
        return RequestEnd.Answered;
    }

    private Task ListModelsAsync(HttpContext context, CancellationToken cancellationToken) =>
        _options.ApiKey is null || context.Request.Headers["x-api-key"] == _options.ApiKey
            ? WriteJsonAsync(context, new JsonObject { ["data"] = Listed() }, cancellationToken)
            : FailAsync(context, 0, new ScriptedReply.Failure(401, ApiError.TypeOf(401), ApiError.UsualMessage(401)), cancellationToken);

    private JsonArray Listed() => [.. _options.ListedModels.Select(id => new JsonObject { ["type"] = "model", ["id"] = id })];

    private static async Task<RequestEnd> RefuseAsync(
        HttpContext context, AdvisorRequest request, ScriptedReply.Failure failure, CancellationToken cancellationToken)
    {
        request.Status = failure.StatusCode;
        await FailAsync(context, request.Number, failure, cancellationToken);
        return RequestEnd.Answered;
    }

    private static async Task FailAsync(HttpContext context, int number, ScriptedReply.Failure failure, CancellationToken cancellationToken)
    {
        context.Response.StatusCode = failure.StatusCode;
        Identify(context, number);
        if (failure.RetryAfter is not null)
            context.Response.Headers.RetryAfter = failure.RetryAfter;
        var body = ApiError.Body(failure.Type, failure.Message, failure.ErrorCode, ApiError.RequestId(number));
        await WriteJsonAsync(context, body, cancellationToken);
    }

    private static Task WriteJsonAsync(HttpContext context, JsonObject body, CancellationToken cancellationToken)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body.ToJsonString(), cancellationToken);
    }

    private static void Identify(HttpContext context, int number)
    {
        context.Response.Headers["request-id"] = ApiError.RequestId(number);
        context.Response.Headers["anthropic-organization-id"] = "00000000-0000-0000-0000-000000000001";
        context.Response.Headers["anthropic-workspace-id"] = "wrkspc_00000000000000000000000001";
    }
}
