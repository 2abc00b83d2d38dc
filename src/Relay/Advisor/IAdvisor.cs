using System.Text;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;

namespace Relay.Advisor;

/// <summary>The model that all sessions share. One call is one attempt; the caller decides about retries, order and budget.</summary>
internal interface IAdvisor
{
    Task<AdvisorOutcome> AskAsync(AdvisorCall call, CancellationToken cancellationToken);

    /// <summary>What the model would count of a call's prompt, which costs nothing; null where it cannot say.</summary>
    Task<long?> CountTokensAsync(AdvisorCall call, CancellationToken cancellationToken) => Task.FromResult<long?>(null);
}

/// <summary>Everything that one call sends.</summary>
internal sealed record AdvisorCall(
    string Model, int MaxTokens, string System, IReadOnlyList<PromptMessage> Messages, CacheTtl CacheTtl)
{
    /// <summary>A text that is true only now. It is sent after the last cache breakpoint and is not in the journal,
    /// so it does not change what is cached.</summary>
    public string? Aside { get; init; }

    /// <summary>How entries are to be read: a block of its own after a system prompt of the user's, which does not say so.</summary>
    public string? Reading { get; init; }

    /// <summary>The number of bytes. It is an upper bound of the number of tokens, because a token is at least one byte.</summary>
    public long PromptBytes()
    {
        long bytes = Encoding.UTF8.GetByteCount(System);
        bytes += Encoding.UTF8.GetByteCount(Reading ?? "") + Encoding.UTF8.GetByteCount(Aside ?? "");
        foreach (var message in Messages)
            foreach (var block in message.Blocks)
                bytes += Encoding.UTF8.GetByteCount(block);
        return bytes;
    }

    public PlannedCall ToPlanned() => new(Model, PromptBytes(), MaxTokens, CacheTtl)
    {
        Blocks = 3 + Messages.Sum(message => message.Blocks.Count), // The system prompt, how to read and the aside are blocks, too.
    };
}

/// <summary>The outcome of a call.</summary>
internal abstract record AdvisorOutcome
{
    private AdvisorOutcome() { }

    /// <summary>Null when the API has told none. Then the cost is unknown.</summary>
    public TokenUsage? Usage { get; init; }

    public string? RequestId { get; init; }

    /// <summary>Whether the API may have charged for the call although no reply came.</summary>
    public bool PerhapsPaid { get; init; }

    /// <summary>Nothing was sent, so there is no call to record: there was no key to send it with.</summary>
    public bool NeverMade { get; init; }

    /// <summary>The API has told the usage, but not all of it. Then the cost is unknown.</summary>
    public bool IsUsagePartial { get; init; }

    /// <summary>What the ledger records.</summary>
    public FinishedCall ToFinishedCall() => new(
        this is Replied or Refused or Empty,
        PerhapsPaid,
        Usage,
        this switch { Replied replied => replied.StopReason, Empty empty => empty.StopReason, _ => null },
        RequestId,
        Note())
    {
        IsUsagePartial = IsUsagePartial,
        NeverMade = NeverMade,
    };

    private string? Note() => this switch
    {
        Empty => FinishedCall.EmptyReply,
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

    /// <summary>The fault will pass. Ask again later, and not before the time that the API has named.</summary>
    public sealed record Deferred(string Reason, TimeSpan? RetryAfter) : AdvisorOutcome;

    public sealed record Held(HoldCause Cause, string Reason) : AdvisorOutcome;
}
