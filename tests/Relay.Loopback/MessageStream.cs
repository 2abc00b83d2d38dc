using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Relay.Loopback;

/// <summary>Writes one completion, as an event stream or as one body. Breaks it off where the script says so.
/// The stream: (1) message_start, (2) the thinking block, (3) the text block with its deltas, (4) message_delta and message_stop.</summary>
internal sealed class MessageStream(AdvisorRequest request, ScriptedReply.Completion reply, TokenUsage usage, ReleaseGate stalled)
{
    private const int UsualDeltas = 4;

    // Like the real API, it escapes only the characters that JSON requires.
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private string MessageId => $"msg_{request.Number:D24}";

    private string Signature { get; } = reply.Thinking ? ThinkingBinding.Sign(request.Blocks) : "";

    public async Task<RequestEnd> WriteStreamAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";

        await WriteAsync(response, MessageStart(), cancellationToken);                     // (1)
        var index = 0;
        if (reply.Thinking)
            await WriteThinkingAsync(response, index++, cancellationToken);                // (2)
        if (reply.Body.Length > 0)
        {
            var end = await WriteTextAsync(response, index, cancellationToken);             // (3)
            if (end is { } early)
                return early;
        }
        await WriteAsync(response, MessageDelta(), cancellationToken);                     // (4)
        await WriteAsync(response, new JsonObject { ["type"] = "message_stop" }, cancellationToken);
        return RequestEnd.Answered;
    }

    public async Task<RequestEnd> WriteWholeAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        response.ContentType = "application/json";
        var body = Message(Content(), reply.StopReason, usage.OutputTokens).ToJsonString(Json);
        if (reply.Break is StreamBreak.Cut or StreamBreak.Stall)
        {
            await response.WriteAsync(body[..(body.Length / 2)], cancellationToken);
            await response.Body.FlushAsync(cancellationToken);
            if (reply.Break is StreamBreak.Cut)
                return RequestEnd.CutByServer;
            await StallAsync(cancellationToken);
            body = body[(body.Length / 2)..];
        }
        await response.WriteAsync(body, cancellationToken);
        return RequestEnd.Answered;
    }

    private async Task WriteThinkingAsync(HttpResponse response, int index, CancellationToken cancellationToken)
    {
        await WriteAsync(response, Ping(), cancellationToken);
        await WriteAsync(response, Ping(), cancellationToken);
        var block = new JsonObject { ["type"] = "thinking", ["thinking"] = "", ["signature"] = "" };
        await WriteAsync(response, BlockStart(index, block), cancellationToken);
        var delta = new JsonObject { ["type"] = "signature_delta", ["signature"] = Signature };
        await WriteAsync(response, BlockDelta(index, delta), cancellationToken);
        await WriteAsync(response, BlockStop(index), cancellationToken);
    }

    /// <summary>Null when the whole block was written.</summary>
    private async Task<RequestEnd?> WriteTextAsync(HttpResponse response, int index, CancellationToken cancellationToken)
    {
        await WriteAsync(response, BlockStart(index, new JsonObject { ["type"] = "text", ["text"] = "" }), cancellationToken);
        await WriteAsync(response, Ping(), cancellationToken);

        var written = 0;
        foreach (var piece in Pieces(reply.Body, Math.Max(UsualDeltas, (reply.Break?.Deltas ?? 0) + 1)))
        {
            if (written++ == reply.Break?.Deltas && await BreakAsync(response, cancellationToken) is { } end)
                return end;
            await WriteAsync(response, BlockDelta(index, new JsonObject { ["type"] = "text_delta", ["text"] = piece }), cancellationToken);
        }
        await WriteAsync(response, BlockStop(index), cancellationToken);
        return null;
    }

    /// <summary>Null when the stream continues after the break.</summary>
    private async Task<RequestEnd?> BreakAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        switch (reply.Break)
        {
            case StreamBreak.Cut:
                return RequestEnd.CutByServer;
            case StreamBreak.Error error:
                var body = ApiError.Body(error.Type, error.Message, null, ApiError.RequestId(request.Number));
                await WriteAsync(response, body, cancellationToken);
                return RequestEnd.Answered;
            default:
                await StallAsync(cancellationToken);
                return null;
        }
    }

    private Task StallAsync(CancellationToken cancellationToken)
    {
        var released = stalled.WaitAsync(cancellationToken);
        request.FallSilent(); // Only after the wait has begun, because a test that sees the silence may release it at once.
        return released;
    }

    /// <summary>Never splits a surrogate pair. A text that is shorter than <paramref name="count"/> gives fewer pieces.</summary>
    private static IEnumerable<string> Pieces(string text, int count)
    {
        var size = Math.Max(1, (text.Length + count - 1) / count);
        for (var start = 0; start < text.Length;)
        {
            var end = Math.Min(start + size, text.Length);
            if (end < text.Length && char.IsLowSurrogate(text[end]))
                end++;
            yield return text[start..end];
            start = end;
        }
    }

    private static async Task WriteAsync(HttpResponse response, JsonObject @event, CancellationToken cancellationToken)
    {
        await response.WriteAsync($"event: {@event["type"]}\ndata: {@event.ToJsonString(Json)}\n\n", cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }

    private JsonObject MessageStart() => new()
    {
        ["type"] = "message_start",
        ["message"] = Message([], stopReason: null, outputTokens: 1),
    };

    private JsonObject MessageDelta() => new()
    {
        ["type"] = "message_delta",
        ["delta"] = new JsonObject { ["stop_reason"] = reply.StopReason, ["stop_sequence"] = null, ["stop_details"] = StopDetails() },
        ["usage"] = new JsonObject
        {
            ["input_tokens"] = usage.InputTokens,
            ["cache_creation_input_tokens"] = usage.CacheCreationInputTokens,
            ["cache_read_input_tokens"] = usage.CacheReadTokens,
            ["output_tokens"] = usage.OutputTokens,
        },
    };

    private JsonObject Message(JsonArray content, string? stopReason, int outputTokens) => new()
    {
        ["id"] = MessageId,
        ["type"] = "message",
        ["role"] = "assistant",
        ["content"] = content,
        ["model"] = request.Model,
        ["stop_reason"] = stopReason,
        ["stop_sequence"] = null,
        ["stop_details"] = stopReason is null ? null : StopDetails(),
        ["usage"] = new JsonObject
        {
            ["input_tokens"] = usage.InputTokens,
            ["cache_creation_input_tokens"] = usage.CacheCreationInputTokens,
            ["cache_read_input_tokens"] = usage.CacheReadTokens,
            ["cache_creation"] = new JsonObject
            {
                ["ephemeral_5m_input_tokens"] = usage.CacheWrite5mTokens,
                ["ephemeral_1h_input_tokens"] = usage.CacheWrite1hTokens,
            },
            ["output_tokens"] = outputTokens,
            ["service_tier"] = "standard",
        },
    };

    private JsonArray Content()
    {
        var content = new JsonArray();
        if (reply.Thinking)
            content.Add(new JsonObject { ["type"] = "thinking", ["thinking"] = "", ["signature"] = Signature });
        if (reply.Body.Length > 0)
            content.Add(new JsonObject { ["type"] = "text", ["text"] = reply.Body });
        return content;
    }

    private JsonObject? StopDetails() => reply.Explanation is null
        ? null
        : new JsonObject { ["type"] = "refusal", ["category"] = null, ["explanation"] = reply.Explanation };

    private static JsonObject Ping() => new() { ["type"] = "ping" };

    private static JsonObject BlockStart(int index, JsonObject block) =>
        new() { ["type"] = "content_block_start", ["index"] = index, ["content_block"] = block };

    private static JsonObject BlockDelta(int index, JsonObject delta) =>
        new() { ["type"] = "content_block_delta", ["index"] = index, ["delta"] = delta };

    private static JsonObject BlockStop(int index) => new() { ["type"] = "content_block_stop", ["index"] = index };
}
