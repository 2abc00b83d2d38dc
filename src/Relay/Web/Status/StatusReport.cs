using System.Text.Json;
using Relay.Http;

namespace Relay.Web.Status;

/// <summary>What is in state/status.json, and what GET /status and relay status --json answer.
/// Times are ISO-8601 UTC; money is US dollars.</summary>
internal sealed record StatusReport
{
    public required string State { get; init; }
    public required string? StateReason { get; init; }
    public required DateTimeOffset? StartedAt { get; init; }
    public required DateTimeOffset? LastNeedsJcAt { get; init; }
    public required string? LastNeedsJcText { get; init; }
    public required DateTimeOffset? LastDispatchAt { get; init; }
    public required string? LastDispatchSession { get; init; }
    public required long QueueDepth { get; init; }
    public required double OldestWaitingSeconds { get; init; }
    public required DateTimeOffset? DeferredUntil { get; init; }
    public required long HistoryChars { get; init; }
    public required long HistoryTurns { get; init; }
    public required long TotalInputTokens { get; init; }
    public required long TotalOutputTokens { get; init; }

    /// <summary>The sum over the calls whose cost is known.</summary>
    public required decimal TotalCostUsd { get; init; }

    public required long CallsOfUnknownCost { get; init; }
    public required string Model { get; init; }
    public required string Version { get; init; }

    /// <summary>The sessions of the configuration and the ones that were active last.</summary>
    public required IReadOnlyList<SessionStatus> Sessions { get; init; }

    public required long SessionsNotListed { get; init; }
    public required IReadOnlyList<QuestionStatus> Questions { get; init; }
    public required long PagesUnsent { get; init; }
    public required string? PageError { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json.Options);
}

internal sealed record SessionStatus(string SessionId, string Conversation, DateTimeOffset? LastSeenAt, long Unanswered, long Undelivered);

internal sealed record QuestionStatus(long Id, string Session, string Text, DateTimeOffset AskedAt);
