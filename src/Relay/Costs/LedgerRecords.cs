using System.Data.Common;
using Relay.Advisor;
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
    public static CallRecord From(DbDataReader reader) => new(
        reader.Text("purpose"),
        reader.Text("model"),
        reader.Text("state"),
        reader.Time("started_at"),
        reader.TimeOrNull("finished_at"),
        reader.NumberOrNull("cost_nano"),
        new TokenUsage(
            reader.Number("input_tokens"), reader.Number("output_tokens"), reader.Number("cache_write_5m"), reader.Number("cache_write_1h"), reader.Number("cache_read")),
        reader.TextOrNull("stop_reason"),
        reader.TextOrNull("request_id"),
        reader.TextOrNull("note"));
}

/// <summary>Sums over a group of calls. Lost calls are among those of unknown cost; calls under way are not.</summary>
/// <param name="Bucket">For days, the number of the day since 1970-01-01.</param>
internal sealed record CostSum(string Bucket, long Calls, TokenUsage Tokens, long CostNano, long UnknownCost, long Lost, long UnderWay)
{
    public static CostSum From(DbDataReader reader) => new(
        reader.Text("bucket"),
        reader.Number("calls"),
        new TokenUsage(reader.Number("input"), reader.Number("output"), reader.Number("write5m"), reader.Number("write1h"), reader.Number("cache_read")),
        reader.Number("cost"),
        reader.Number("unknown"),
        reader.Number("lost"),
        reader.Number("under_way"));
}
