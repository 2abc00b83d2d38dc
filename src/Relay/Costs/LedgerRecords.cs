using Relay.Storage;

namespace Relay.Costs;

internal enum CostGroup
{
    All,
    Day,
    Session,
    Model,
}

/// <summary>A call as it is told to people. The cost is in nano-dollars; null is unknown, or not known yet.</summary>
internal sealed record CallRecord(
    string Purpose,
    string Model,
    string State,
    DateTimeOffset StartedAt,
    DateTimeOffset? FinishedAt,
    long? CostNano,
    TokenUsage Tokens,
    string? StopReason,
    string? RequestId,
    string? Note)
{
    public const string Columns =
        "purpose, model, state, started_at, finished_at, cost_nano, "
        + "input_tokens, output_tokens, cache_write_5m, cache_write_1h, cache_read, "
        + "stop_reason, request_id, note";

    public static CallRecord From(Row row) => new(
        row.Text(),
        row.Text(),
        row.Text(),
        row.Time(),
        row.TimeOrNull(),
        row.NumberOrNull(),
        new TokenUsage(row.Number(), row.Number(), row.Number(), row.Number(), row.Number()),
        row.TextOrNull(),
        row.TextOrNull(),
        row.TextOrNull());
}

/// <summary>What a call's cost is filed under. The day is UTC.</summary>
internal sealed record CostKey(string Day, string Session, string Model)
{
    public string Of(CostGroup by) => by switch
    {
        CostGroup.Day => Day,
        CostGroup.Session => Session,
        CostGroup.Model => Model,
        _ => "all",
    };
}

/// <summary>Sums over a group of calls. Lost calls are among those of unknown cost; calls under way are not.</summary>
internal sealed record CostSum(string Group, long Calls, TokenUsage Tokens, long CostNano, long UnknownCost, long Lost, long UnderWay)
{
    public static CostSum operator +(CostSum left, CostSum right) => new(
        left.Group,
        left.Calls + right.Calls,
        left.Tokens + right.Tokens,
        left.CostNano + right.CostNano,
        left.UnknownCost + right.UnknownCost,
        left.Lost + right.Lost,
        left.UnderWay + right.UnderWay);
}

/// <summary>What the calls of a day, for a conversation, session and model, came to.</summary>
internal sealed record DaySum(
    string Day, string Conversation, string Session, string Model, long Calls, TokenUsage Tokens, long CostNano, long UnknownCalls,
    long UnknownNano)
{
    public static DaySum From(Row row) => new(
        row.Text(), row.Text(), row.Text(), row.Text(), row.Number(),
        new TokenUsage(row.Number(), row.Number(), row.Number(), row.Number(), row.Number()),
        row.Number(), row.Number(), row.Number());
}

/// <summary>Sums over all calls that have ended. Cost is that of the calls whose cost is known;
/// <see cref="UnknownCost"/> counts the others.</summary>
internal sealed record Totals(long InputTokens, long OutputTokens, long CostNano, long Calls, long UnknownCost)
{
    public static readonly Totals None = new(0, 0, 0, 0, 0);
}
