using System.Text;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;

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

    public PlannedCall ToPlanned() => new(Model, PromptBytes(), MaxTokens, CacheTtl);
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

    /// <summary>As the ledger notes it.</summary>
    public FinishedCall ToFinishedCall() => new(
        this is Replied or Refused or Empty,
        PerhapsPaid,
        Usage,
        this switch { Replied replied => replied.StopReason, Empty empty => empty.StopReason, _ => null },
        RequestId,
        Note());

    private string? Note() => this switch
    {
        Empty => "empty reply",
        Refused refused => "refused: " + refused.Explanation,
        ContextExceeded exceeded => exceeded.Reason,
        Deferred deferred => PerhapsPaid ? deferred.Reason + " (perhaps paid)" : deferred.Reason,
        Held held => held.Reason,
        _ => null,
    };

    public sealed record Replied(string Text, string StopReason) : AdvisorOutcome;

    public sealed record Refused(string Explanation) : AdvisorOutcome;

    public sealed record Empty(string StopReason) : AdvisorOutcome;

    public sealed record ContextExceeded(string Reason) : AdvisorOutcome;

    /// <summary>A passing fault: try again, not before <paramref name="RetryAfter"/> where the API named a time.</summary>
    public sealed record Deferred(string Reason, TimeSpan? RetryAfter) : AdvisorOutcome;

    public sealed record Held(HoldCause Cause, string Reason) : AdvisorOutcome;
}
