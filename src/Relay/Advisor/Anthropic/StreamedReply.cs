using System.Text;
using System.Text.Json;
using Anthropic.Exceptions;
using Relay.Configuration;
using Relay.Costs;
using Relay.Texts;

namespace Relay.Advisor.Anthropic;

/// <summary>Collects what a stream says. Gateways leave out what they like, so a text and its end are enough: the kind of an event stands
/// in its data, the end is a stop reason or message_stop, and usage that is not told in full leaves the cost unknown.</summary>
internal sealed class StreamedReply(CacheTtl ttl)
{
    /// <summary>Far more than a context holds; prices and sums of it still fit a number.</summary>
    private const long MostTokens = 1_000_000_000;

    private readonly StringBuilder _text = new();
    private string? _stopReason;
    private string? _refusal;
    private bool _isOutputCounted, _isMistold;

    public TokenUsage? Usage { get; private set; }

    /// <summary>A model has begun to answer: from here on it may be charged for.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Something has come, be it readable or not.</summary>
    public bool HasSpoken { get; set; }

    /// <summary>Nothing of it can follow.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Nothing more is needed.</summary>
    public bool IsComplete => HasEnded || _stopReason is not null;

    /// <exception cref="AnthropicSseException">The event is an error.</exception>
    public void Add(JsonElement streamed)
    {
        var type = Text(streamed, "type");
        if (type == "error")
            throw new AnthropicSseException("an error in the stream", innerException: null) { Body = streamed.Clone() };
        HasBegun |= type is "message_start" or "content_block_start" or "content_block_delta" or "message_delta" or "message_stop";
        switch (type)
        {
            case "message_start":
                Count(Child(Child(streamed, "message"), "usage"), isTotal: false);
                break;
            case "content_block_start":
                AddText(Child(streamed, "content_block"), "text");
                break;
            case "content_block_delta":
                AddText(Child(streamed, "delta"), "text_delta");
                break;
            case "message_delta":
                End(Child(streamed, "delta"));
                Count(Child(streamed, "usage"), isTotal: true);
                break;
            case "message_stop":
                HasEnded = true;
                break;
        }
    }

    /// <summary>A gateway that does not stream sends the message in one piece.</summary>
    public void AddWhole(JsonElement message)
    {
        if (Text(message, "type") == "error")
            Add(message);
        if (Text(message, "type") != "message" || Child(message, "content") is not { ValueKind: JsonValueKind.Array } content)
            return;
        HasBegun = true;
        foreach (var block in content.EnumerateArray())
            AddText(block, "text");
        End(message);
        Count(Child(message, "usage"), isTotal: true);
        HasEnded = true;
    }

    public AdvisorOutcome Outcome()
    {
        if (!IsComplete)
            return new AdvisorOutcome.Deferred("the reply ended before it was complete", RetryAfter: null)
            {
                Usage = Usage,
                PerhapsPaid = true,
            };
        var text = _text.ToString();
        var stopReason = WellFormed.Of(_stopReason ?? "not told");
        AdvisorOutcome outcome = stopReason switch
        {
            "refusal" => new AdvisorOutcome.Refused(_refusal is { } words ? WellFormed.Of(words) : "no explanation was given"),
            "model_context_window_exceeded" =>
                new AdvisorOutcome.ContextExceeded("the model's context window was exceeded while it answered"),
            _ when string.IsNullOrWhiteSpace(text) => new AdvisorOutcome.Empty(stopReason),
            _ => new AdvisorOutcome.Replied(text, stopReason),
        };
        return outcome with { Usage = Usage, IsUsagePartial = !_isOutputCounted || _isMistold };
    }

    private void AddText(JsonElement? block, string type)
    {
        if (Text(block, "type") == type)
            _text.Append(Text(block, "text"));
    }

    private void End(JsonElement? delta)
    {
        _stopReason = Text(delta, "stop_reason") ?? _stopReason;
        _refusal = Text(Child(delta, "stop_details"), "explanation") ?? _refusal;
    }

    /// <summary>The first event tells the input, the last one the output. Counts are totals, so they replace the earlier ones.</summary>
    private void Count(JsonElement? usage, bool isTotal)
    {
        if (usage is not { ValueKind: JsonValueKind.Object })
            return;
        var before = Usage ?? TokenUsage.None;
        var written = Written(usage.Value, before);
        var output = Number(usage, "output_tokens");
        _isOutputCounted |= isTotal && output is not null;
        Usage = new TokenUsage(
            Number(usage, "input_tokens") ?? before.Input,
            output ?? before.Output,
            written.FiveMinutes,
            written.OneHour,
            Number(usage, "cache_read_input_tokens") ?? before.CacheRead);
    }

    /// <summary>If the API gives only one sum, all of it has the lifetime that was requested.</summary>
    private (long FiveMinutes, long OneHour) Written(JsonElement usage, TokenUsage before)
    {
        if (Child(usage, "cache_creation") is { ValueKind: JsonValueKind.Object } split)
            return (Number(split, "ephemeral_5m_input_tokens") ?? 0, Number(split, "ephemeral_1h_input_tokens") ?? 0);
        if (Number(usage, "cache_creation_input_tokens") is not { } total || total == before.CacheWrite5m + before.CacheWrite1h)
            return (before.CacheWrite5m, before.CacheWrite1h);
        return ttl == CacheTtl.OneHour ? (0, total) : (total, 0);
    }

    private static JsonElement? Child(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } map && map.TryGetProperty(name, out var child) ? child : null;

    private static string? Text(JsonElement? parent, string name) =>
        Child(parent, name) is { ValueKind: JsonValueKind.String } text ? JsonText.Of(text) : null;

    /// <summary>A count that no call can have is none, and leaves the cost unknown.</summary>
    private long? Number(JsonElement? parent, string name)
    {
        if (Child(parent, name) is not { ValueKind: JsonValueKind.Number } number)
            return null;
        if (number.TryGetInt64(out var value) && value is >= 0 and <= MostTokens)
            return value;
        _isMistold = true;
        return null;
    }
}
