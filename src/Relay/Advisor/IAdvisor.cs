using System.Text;
using Relay.Configuration;
using Relay.Conversations;

namespace Relay.Advisor;

/// <summary>The model all sessions share. One call is one attempt: retries, order and money are the loop's.</summary>
internal interface IAdvisor
{
    Task<AdvisorOutcome> AskAsync(AdvisorCall call, CancellationToken cancellationToken);
}

/// <summary>Everything one call carries.</summary>
internal sealed record AdvisorCall(string Model, int MaxTokens, string System, IReadOnlyList<PromptMessage> Messages, CacheTtl CacheTtl)
{
    /// <summary>What holds only now: it goes after the last breakpoint, is not part of the record, and so breaks no cached prefix.</summary>
    public string? Aside { get; init; }

    /// <summary>An upper bound of its tokens: a token is at least one byte.</summary>
    public long PromptBytes()
    {
        long bytes = Encoding.UTF8.GetByteCount(System) + Encoding.UTF8.GetByteCount(Aside ?? "");
        foreach (var message in Messages)
            foreach (var block in message.Blocks)
                bytes += Encoding.UTF8.GetByteCount(block);
        return bytes;
    }
}

/// <summary>Tokens as the API counts them; the three kinds of input exclude each other.</summary>
internal sealed record TokenUsage(long Input, long Output, long CacheWrite5m, long CacheWrite1h, long CacheRead)
{
    public static readonly TokenUsage None = new(0, 0, 0, 0, 0);

    public long TotalInput => Input + CacheWrite5m + CacheWrite1h + CacheRead;
}

/// <summary>Why work is held until somebody mends it. Each is paged once until it clears.</summary>
internal enum HoldCause
{
    Credentials,
    Credit,
    SpendLimit,
    Model,
    Request,
    Empty,
    Context,
    Budget,
    Refusal,
}

/// <summary>What came of a call.</summary>
internal abstract record AdvisorOutcome
{
    private AdvisorOutcome() { }

    /// <summary>Usage is null where the API told none, and then so is the cost.</summary>
    public TokenUsage? Usage { get; init; }

    public string? RequestId { get; init; }

    /// <summary>The API may have charged for it although no reply came.</summary>
    public bool PerhapsPaid { get; init; }

    public sealed record Replied(string Text, string StopReason) : AdvisorOutcome;

    public sealed record Refused(string Explanation) : AdvisorOutcome;

    public sealed record Empty(string StopReason) : AdvisorOutcome;

    public sealed record ContextExceeded(string Reason) : AdvisorOutcome;

    /// <summary>A passing fault: try again, not before <paramref name="RetryAfter"/> where the API named a time.</summary>
    public sealed record Deferred(string Reason, TimeSpan? RetryAfter) : AdvisorOutcome;

    public sealed record Held(HoldCause Cause, string Reason) : AdvisorOutcome;
}
