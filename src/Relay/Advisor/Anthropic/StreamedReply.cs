using System.Text;
using Anthropic.Models.Messages;
using Relay.Configuration;
using Relay.Costs;

namespace Relay.Advisor.Anthropic;

/// <summary>Collects the events of a stream. The first event contains the usage of the input,
/// so that is known even if the stream breaks off.</summary>
internal sealed class StreamedReply(CacheTtl ttl)
{
    private readonly StringBuilder _text = new();
    private string? _stopReason;
    private string? _refusal;
    private bool _ended;

    public TokenUsage? Usage { get; private set; }

    public void Add(RawMessageStreamEvent streamed)
    {
        if (streamed.TryPickStart(out var start))
            Usage = FromStart(start.Message.Usage);
        else if (streamed.TryPickContentBlockStart(out var block) && block.ContentBlock.TryPickText(out var opening))
            _text.Append(opening.Text);
        else if (streamed.TryPickContentBlockDelta(out var piece) && piece.Delta.TryPickText(out var text))
            _text.Append(text.Text);
        else if (streamed.TryPickDelta(out var delta))
            End(delta);
        else if (streamed.TryPickStop(out _))
            _ended = true;
    }

    public AdvisorOutcome Outcome()
    {
        if (!_ended || _stopReason is null)
            return new AdvisorOutcome.Deferred("the reply ended before it was complete", RetryAfter: null)
            {
                Usage = Usage,
                PerhapsPaid = true,
            };
        var text = _text.ToString();
        AdvisorOutcome outcome = _stopReason switch
        {
            "refusal" => new AdvisorOutcome.Refused(_refusal ?? "no explanation was given"),
            "model_context_window_exceeded" =>
                new AdvisorOutcome.ContextExceeded("the model's context window was exceeded while it answered"),
            _ when string.IsNullOrWhiteSpace(text) => new AdvisorOutcome.Empty(_stopReason),
            _ => new AdvisorOutcome.Replied(text, _stopReason),
        };
        return outcome with { Usage = Usage };
    }

    private void End(RawMessageDeltaEvent delta)
    {
        _stopReason = delta.Delta.StopReason?.Raw() ?? _stopReason;
        _refusal = delta.Delta.StopDetails?.Explanation ?? _refusal;
        var before = Usage ?? TokenUsage.None;
        var written = delta.Usage.CacheCreationInputTokens is { } total && total != before.CacheWrite5m + before.CacheWrite1h
            ? Split(total)
            : (FiveMinutes: before.CacheWrite5m, OneHour: before.CacheWrite1h);
        // The counts of this event are totals, so they replace the earlier ones.
        Usage = new TokenUsage(
            delta.Usage.InputTokens ?? before.Input,
            delta.Usage.OutputTokens,
            written.FiveMinutes,
            written.OneHour,
            delta.Usage.CacheReadInputTokens ?? before.CacheRead);
    }

    private TokenUsage FromStart(Usage usage)
    {
        var written = usage.CacheCreation is { } split
            ? (FiveMinutes: split.Ephemeral5mInputTokens, OneHour: split.Ephemeral1hInputTokens)
            : Split(usage.CacheCreationInputTokens ?? 0);
        var read = usage.CacheReadInputTokens ?? 0;
        return new TokenUsage(usage.InputTokens, usage.OutputTokens, written.FiveMinutes, written.OneHour, read);
    }

    /// <summary>If the API gives only one sum, all of it has the lifetime that was requested.</summary>
    private (long FiveMinutes, long OneHour) Split(long total) => ttl == CacheTtl.OneHour ? (0, total) : (total, 0);
}
