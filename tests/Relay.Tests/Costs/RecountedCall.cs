using System.Globalization;
using Relay.Costs;
using Relay.Storage;

namespace Relay.Tests.Costs;

/// <summary>A row of the ledger, to count from anew what the program keeps sums of.</summary>
internal sealed record RecountedCall(
    string Session, string Model, string State, DateTimeOffset StartedAt, long? ReservedNano, long? CostNano, TokenUsage Tokens)
{
    public const string AllTime = "all";

    public string Day => StartedAt.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public IReadOnlyList<string> Periods => [Day, StartedAt.ToString("yyyy-MM", CultureInfo.InvariantCulture), AllTime];

    /// <summary>What counts against a cap: the cost, or the worst cost where that is not known.</summary>
    public long CommittedNano => CostNano ?? ReservedNano ?? 0;

    public static Task<List<RecountedCall>> ReadAsync(Database database, CancellationToken cancellationToken) => database.ReadAsync(
        reading => reading.Sql(
            """
            SELECT session_id, model, state, started_at, reserved_nano, cost_nano,
                input_tokens, output_tokens, cache_write_5m, cache_write_1h, cache_read
            FROM calls
            """)
            .ListAsync(From, cancellationToken),
        cancellationToken);

    public static List<CostSum> Sums(IEnumerable<RecountedCall> calls, CostGroup by) => calls
        .GroupBy(call => new CostKey(call.Day, call.Session, call.Model).Of(by))
        .OrderBy(group => group.Key, StringComparer.Ordinal)
        .Select(group => new CostSum(
            group.Key,
            group.Count(),
            group.Aggregate(TokenUsage.None, (sum, call) => sum + call.Tokens),
            group.Sum(call => call.CostNano ?? 0),
            UnknownCost: group.Count(call => call.CostNano is null && call.State != "started"),
            Lost: group.Count(call => call.State == "lost"),
            UnderWay: group.Count(call => call.State == "started")))
        .ToList();

    private static RecountedCall From(Row row) => new(
        row.Text(), row.Text(), row.Text(), row.Time(), row.NumberOrNull(), row.NumberOrNull(),
        new TokenUsage(row.Number(), row.Number(), row.Number(), row.Number(), row.Number()));
}
