using System.Text.Json;

namespace Relay.Loopback;

/// <summary>Checks a request against the rules, one after another. The first broken rule decides the answer.</summary>
internal static class RequestValidation
{
    private const int MaximumBodyBytes = 32 * 1024 * 1024;
    private const int MaximumMarkers = 4;
    private const string RemovedSince = "2026-10-21";

    private static readonly string[] Versions = ["2023-06-01", RemovedSince];
    private static readonly string[] RemovedFields = ["temperature", "top_p", "top_k"];

    public static ScriptedReply.Failure? FindFault(AdvisorRequest request, LoopbackMessagesApiOptions options, bool needsMaxTokens)
    {
        if (FindHeaderFault(request, options) is { } headerFault)
            return headerFault;
        if (request.BodyBytes > MaximumBodyBytes)
            return new ScriptedReply.Failure(413, ApiError.TypeOf(413), "Request exceeds the maximum size");

        var message = FindShapeFault(request, needsMaxTokens)
            ?? FindTurnFault(request)
            ?? FindBlockFault(request)
            ?? FindMarkerFault(request)
            ?? (options.BindsThinking ? ThinkingBinding.FindFault(request) : null)
            ?? FindLengthFault(request, options.ContextWindowTokens);
        return message is null ? null : new ScriptedReply.Failure(400, ApiError.TypeOf(400), message);
    }

    /// <summary>The key may come as x-api-key or as a bearer token. If both are there, x-api-key counts.</summary>
    private static ScriptedReply.Failure? FindHeaderFault(AdvisorRequest request, LoopbackMessagesApiOptions options)
    {
        var header = request.Headers.GetValueOrDefault("Authorization") ?? "";
        var bearer = header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..] : null;
        var key = request.Headers.GetValueOrDefault("x-api-key") ?? bearer;
        if (options.ApiKey is not null && key != options.ApiKey)
            return new ScriptedReply.Failure(401, ApiError.TypeOf(401), key is null ? "x-api-key header is required" : "invalid x-api-key");

        var version = request.Headers.GetValueOrDefault("anthropic-version");
        if (version is null)
            return new ScriptedReply.Failure(400, ApiError.TypeOf(400), "anthropic-version: header is required");
        return Versions.Contains(version)
            ? null
            : new ScriptedReply.Failure(400, ApiError.TypeOf(400), $"anthropic-version: \"{version}\" is not a valid version");
    }

    private static string? FindShapeFault(AdvisorRequest request, bool needsMaxTokens)
    {
        var root = request.Json;
        if (root.ValueKind != JsonValueKind.Object)
            return "The request body is not valid JSON";
        if (request.Model.Length == 0)
            return "model: Field required";
        if (!root.TryGetProperty("messages", out _))
            return "messages: Field required";
        if (needsMaxTokens && !root.TryGetProperty("max_tokens", out _))
            return "max_tokens: Field required";
        if (needsMaxTokens && request.MaxTokens is null or < 0)
            return "max_tokens: Input should be a valid integer greater than or equal to 0";
        if (request is { MaxTokens: 0, IsStreaming: true })
            return "max_tokens: 0 cannot be combined with stream";

        var removed = request.Headers.GetValueOrDefault("anthropic-version") == RemovedSince
            ? RemovedFields.FirstOrDefault(field => root.TryGetProperty(field, out _))
            : null;
        return removed is null ? null : $"{removed}: Extra inputs are not permitted";
    }

    private static string? FindTurnFault(AdvisorRequest request)
    {
        var turns = request.Messages;
        if (turns.Count == 0)
            return "messages: at least one message is required";
        for (var position = 0; position < turns.Count; position++)
        {
            if (turns[position].Role is not ("user" or "assistant" or "system"))
                return $"messages.{position}.role: Input should be 'user' or 'assistant'";
        }
        if (turns[0].Role != "user")
            return "messages: first message must use the \"user\" role";
        if (turns[^1].Role != "assistant")
            return null;
        if (!ModelFacts.AcceptsPrefill(request.Model))
            return "This model does not support assistant message prefill. The conversation must end with a user message.";
        return turns[^1].Text.Length > 0 && char.IsWhiteSpace(turns[^1].Text[^1])
            ? "messages: final assistant content cannot end with trailing whitespace"
            : null;
    }

    private static string? FindBlockFault(AdvisorRequest request)
    {
        foreach (var block in request.Blocks.Where(block => block.Type == "text" && block.Section != PromptSection.Tools))
        {
            if (block is { Text: "", Marker: not null })
                return $"{block.Path}.text: cache_control cannot be set for empty text blocks";
            if (block.Text.Length == 0)
                return $"{Owner(block)}: text content blocks must be non-empty";
            if (string.IsNullOrWhiteSpace(block.Text))
                return $"{Owner(block)}: text content blocks must contain non-whitespace text";
        }

        var empty = request.Messages.TakeWhile(turn => !turn.IsEmpty).Count();
        return empty == request.Messages.Count
            ? null
            : $"messages.{empty}: all messages must have non-empty content except for the optional final assistant message";
    }

    private static string Owner(PromptBlock block) => block.Section == PromptSection.System ? "system" : "messages";

    private static string? FindMarkerFault(AdvisorRequest request)
    {
        var marked = request.Blocks.Where(block => block.Marker is not null).ToArray();
        if (marked.FirstOrDefault(block => block.Type is "thinking" or "redacted_thinking") is { } thinking)
            return $"{thinking.Path}.{thinking.Type}.cache_control: Extra inputs are not permitted";

        var total = marked.Length + (request.AutomaticCache is null ? 0 : 1);
        if (total > MaximumMarkers)
            return $"A maximum of {MaximumMarkers} blocks with cache_control may be provided. Found {total}.";
        if (request.AutomaticCache is { } automatic && request.Blocks[^1].Marker is { } last && last != automatic)
            return "cache_control: the last block carries cache_control with a different ttl";

        var fiveMinutes = Array.FindIndex(marked, block => block.Marker == CacheLifetime.FiveMinutes);
        var late = fiveMinutes < 0 ? null : marked.Skip(fiveMinutes).FirstOrDefault(block => block.Marker == CacheLifetime.OneHour);
        return late is null
            ? null
            : $"{late.Path}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. "
                + "Note that blocks are processed in the following order: `tools`, `system`, `messages`.";
    }

    private static string? FindLengthFault(AdvisorRequest request, int contextWindowTokens)
    {
        var tokens = request.Prompt.PromptTokens;
        return tokens > contextWindowTokens ? $"prompt is too long: {tokens} tokens > {contextWindowTokens} maximum" : null;
    }
}
