using System.Globalization;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Costs;

/// <summary>How a call ended, in money. A cost of null is unknown: then its reservation counts.</summary>
internal sealed record Settlement(TokenUsage Tokens, long? CostNano, bool IsLost);

/// <summary>Owns the sums of what was spent: a row for each day, each month and all time, which the caps are kept against, and a row for each
/// day, conversation, session and model, as people ask for it. They change with the calls, in the same transaction; nothing is counted anew.
/// Days and months are UTC, and a call belongs where it started.</summary>
internal static class Spending
{
    public const string AllTime = "all";

    public static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static string Month(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    /// <summary>Sets aside what a call that starts now can cost.</summary>
    public static Task ReserveAsync(Writing writing, long nano, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            INSERT INTO spending (period, reserved_nano, cost_nano, unknown_nano, calls, unknown_calls, input_tokens, output_tokens)
            VALUES (@day, @nano, 0, 0, 0, 0, 0, 0), (@month, @nano, 0, 0, 0, 0, 0, 0), (@all, @nano, 0, 0, 0, 0, 0, 0)
            ON CONFLICT (period) DO UPDATE SET reserved_nano = spending.reserved_nano + excluded.reserved_nano
            """)
            .With("@day", Day(writing.Now)).With("@month", Month(writing.Now)).With("@all", AllTime).With("@nano", nano)
            .ExecuteAsync(cancellationToken);

    /// <summary>Spent or reserved in a period, in nano-dollars; what is unknown counts at its worst.</summary>
    public static async Task<long> CommittedAsync(Reading reading, string period, CancellationToken cancellationToken) =>
        await reading.Sql("SELECT reserved_nano + cost_nano + unknown_nano FROM spending WHERE period = @period")
            .With("@period", period)
            .NumberOrNullAsync(cancellationToken) ?? 0;

    /// <summary>Replaces a call's reservation by what came of it.</summary>
    public static async Task SettleAsync(Writing writing, StartedCall call, Settlement settlement, CancellationToken cancellationToken)
    {
        var (tokens, reserved, isUnknown) = (settlement.Tokens, call.ReservedNano ?? 0, settlement.CostNano is null);
        await writing.Sql(
            """
            UPDATE spending
            SET reserved_nano = reserved_nano - @reserved, cost_nano = cost_nano + @cost, unknown_nano = unknown_nano + @unknown,
                calls = calls + 1, unknown_calls = unknown_calls + @unknowns,
                input_tokens = input_tokens + @input, output_tokens = output_tokens + @output
            WHERE period IN (@day, @month, @all)
            """)
            .With("@day", Day(call.At)).With("@month", Month(call.At)).With("@all", AllTime)
            .With("@reserved", reserved).With("@cost", settlement.CostNano ?? 0).With("@unknown", isUnknown ? reserved : 0)
            .With("@unknowns", isUnknown ? 1 : 0).With("@input", tokens.TotalInput).With("@output", tokens.Output)
            .ExecuteAsync(cancellationToken);
        await writing.Sql(
            """
            INSERT INTO costs (
                day, conversation_id, session_id, model, calls, lost, unknown, cost_nano,
                input_tokens, output_tokens, cache_write_5m, cache_write_1h, cache_read)
            VALUES (@day, @conversation, @session, @model, 1, @lost, @unknowns, @cost, @input, @output, @write5m, @write1h, @read)
            ON CONFLICT (day, conversation_id, session_id, model) DO UPDATE
            SET calls = costs.calls + 1, lost = costs.lost + excluded.lost, unknown = costs.unknown + excluded.unknown,
                cost_nano = costs.cost_nano + excluded.cost_nano,
                input_tokens = costs.input_tokens + excluded.input_tokens, output_tokens = costs.output_tokens + excluded.output_tokens,
                cache_write_5m = costs.cache_write_5m + excluded.cache_write_5m,
                cache_write_1h = costs.cache_write_1h + excluded.cache_write_1h, cache_read = costs.cache_read + excluded.cache_read
            """)
            .With("@day", Day(call.At)).With("@conversation", call.Conversation.Value).With("@session", call.Session.Value)
            .With("@model", call.Model).With("@lost", settlement.IsLost ? 1 : 0).With("@unknowns", isUnknown ? 1 : 0)
            .With("@cost", settlement.CostNano ?? 0).With("@input", tokens.Input).With("@output", tokens.Output)
            .With("@write5m", tokens.CacheWrite5m).With("@write1h", tokens.CacheWrite1h).With("@read", tokens.CacheRead)
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>Over all runs.</summary>
    public static async Task<Totals> TotalsAsync(Reading reading, CancellationToken cancellationToken) =>
        await reading.Sql("SELECT input_tokens, output_tokens, cost_nano, calls, unknown_calls FROM spending WHERE period = @all")
            .With("@all", AllTime)
            .FirstAsync(row => new Totals(row.Number(), row.Number(), row.Number(), row.Number(), row.Number()), cancellationToken)
        ?? Totals.None;

    /// <summary>Sums of all calls, in one group or a group for each day, session or model, with those under way.</summary>
    public static async Task<List<CostSum>> SumsAsync(Reading reading, CostGroup by, CancellationToken cancellationToken)
    {
        var sums = await reading.Sql(
            """
            SELECT day, session_id, model, calls, input_tokens, output_tokens, cache_write_5m, cache_write_1h, cache_read, cost_nano, unknown, lost
            FROM costs
            """)
            .ListAsync(row => ToSum(new CostKey(row.Text(), row.Text(), row.Text()), by, row), cancellationToken);
        foreach (var running in await ConversationStore.RunningCallsAsync(reading, cancellationToken))
            if (await Ledger.KeyAsync(reading, running, cancellationToken) is { } key)
                sums.Add(new CostSum(key.Of(by), Calls: 1, TokenUsage.None, CostNano: 0, UnknownCost: 0, Lost: 0, UnderWay: 1));
        return sums
            .GroupBy(sum => sum.Group)
            .Select(group => group.Aggregate((left, right) => left + right))
            .OrderBy(sum => sum.Group, StringComparer.Ordinal)
            .ToList();
    }

    private static CostSum ToSum(CostKey key, CostGroup by, Row row) => new(
        key.Of(by),
        row.Number(),
        new TokenUsage(row.Number(), row.Number(), row.Number(), row.Number(), row.Number()),
        row.Number(),
        row.Number(),
        row.Number(),
        UnderWay: 0);
}
