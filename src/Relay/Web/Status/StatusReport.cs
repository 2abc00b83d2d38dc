using System.Text.Json;
using System.Text.Json.Serialization;
using Relay.Costs;
using Relay.Files;
using Relay.Http;
using Relay.Operator;

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
    /// <summary>Messages that were accepted and not answered yet.</summary>
    [JsonIgnore]
    public long Unanswered { get; init; }

    /// <summary>The database could not be read: what it says is what was known last.</summary>
    [JsonIgnore]
    public bool DatabaseFault { get; init; }

    [JsonIgnore]
    public DateTimeOffset? OldestWaitingAt { get; init; }

    public required long QueueDepth { get; init; }

    /// <summary>Envelopes that were rejected and are kept.</summary>
    public long EnvelopesRejected { get; init; }

    /// <summary>Rejected envelopes that were removed, the oldest of very many, since their folder was empty.</summary>
    public long EnvelopesRemoved { get; init; }

    /// <summary>What lies in the queue folder under an envelope's name and is no regular file: it is never opened.</summary>
    public long EnvelopesIgnored { get; init; }

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

    /// <summary>How much the operator is needed; null before it was ever read.</summary>
    public DecidedStatus? Decided { get; init; }

    /// <summary>What is not well, as /healthz says it; empty when all is.</summary>
    public IReadOnlyList<string> Unhealthy { get; init; } = [];

    /// <summary>Today's cap; null where none is kept.</summary>
    public CapStatus? Today { get; init; }

    /// <summary>What the operator has paused.</summary>
    public IReadOnlyList<PausedStatus> Paused { get; init; } = [];

    /// <summary>Settings that cannot all be kept together.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public long PagesUnsent { get; init; }
    public string? PageError { get; init; }

    /// <summary>Before the database was ever read.</summary>
    public static readonly StatusReport Unknown = new()
    {
        State = "error",
        StateReason = null,
        StartedAt = null,
        LastNeedsJcAt = null,
        LastNeedsJcText = null,
        LastDispatchAt = null,
        LastDispatchSession = null,
        QueueDepth = 0,
        OldestWaitingSeconds = 0,
        DeferredUntil = null,
        HistoryChars = 0,
        HistoryTurns = 0,
        TotalInputTokens = 0,
        TotalOutputTokens = 0,
        TotalCostUsd = 0,
        CallsOfUnknownCost = 0,
        Model = "",
        Version = "",
        Sessions = [],
        SessionsNotListed = 0,
        Questions = [],
    };

    /// <summary>As a relay left it; null where there is none that this version understands.</summary>
    public static StatusReport? InFile(string file)
    {
        try
        {
            return BoundedFile.ReadState(file).Found is { } bytes ? JsonSerializer.Deserialize<StatusReport>(bytes, Json.Options) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json.Options);
}

internal sealed record SessionStatus(string SessionId, string Conversation, DateTimeOffset? LastSeenAt, long Unanswered, long Undelivered);

internal sealed record QuestionStatus(long Id, string Session, string Text, DateTimeOffset AskedAt)
{
    public string Kind { get; init; } = "";
}

/// <summary>How much the operator was needed lately, and how often what he said before did instead.</summary>
/// <param name="MinutesBlocked">From asked to answered, for each question that was answered; null where none was.</param>
/// <param name="SettledShare">Of all that was decided, what rests on a ruling; null where nothing was decided.</param>
/// <param name="OverturnedShare">Of that, what the operator overturned; null where nothing was settled.</param>
internal sealed record DecidedStatus(
    DateTimeOffset Since, double? MinutesBlocked, double LongestMinutesBlocked, double? SettledShare, double? OverturnedShare)
{
    /// <summary>The days alone are told: a share of a second more would be another text each time.</summary>
    public static DecidedStatus Of(RulingFigures figures) => new(
        new DateTimeOffset(figures.Since.UtcDateTime.Date, TimeSpan.Zero),
        figures.MinutesPerQuestion is { } minutes ? Math.Round(minutes, 1) : null,
        Math.Round(figures.LongestMinutes, 1),
        figures.SettledShare is { } settled ? Math.Round(settled, 3) : null,
        figures.OverturnedShare is { } overturned ? Math.Round(overturned, 3) : null);
}

/// <param name="Conversation">Its name.</param>
/// <param name="Since">When that was said.</param>
/// <param name="Via">How.</param>
/// <param name="Waiting">Its messages without a reply.</param>
internal sealed record PausedStatus(string Conversation, DateTimeOffset Since, string Via, long Waiting);

/// <param name="SpentUsd">Since midnight UTC, the unknown at its worst.</param>
/// <param name="ReservedUsd">What the calls under way take at worst.</param>
/// <param name="CapUsd">That is kept until then.</param>
/// <param name="ConfiguredUsd">What config.yaml says.</param>
/// <param name="Until">Midnight UTC.</param>
internal sealed record CapStatus(decimal SpentUsd, decimal ReservedUsd, decimal CapUsd, decimal? ConfiguredUsd, DateTimeOffset Until)
{
    /// <summary>When the operator said another cap for today; null where he did not.</summary>
    public DateTimeOffset? SaidAt { get; init; }

    public string? SaidVia { get; init; }

    /// <summary>All of it in a line.</summary>
    public string Line { get; init; } = "";

    public static CapStatus? Of(BudgetNow now) => now.Day.CapNano is not { } cap ? null
        : new CapStatus(
            Dollars.Of(now.Day.Spent.SpentNano), Dollars.Of(now.Day.Spent.ReservedNano), Dollars.Of(cap),
            now.ConfiguredNano is { } configured ? Dollars.Of(configured) : null, now.Day.Until)
        {
            SaidAt = now.Said?.At,
            SaidVia = now.Said?.Via,
            Line = now.Describe()!,
        };

}
