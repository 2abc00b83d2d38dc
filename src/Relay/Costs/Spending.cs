using System.Globalization;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Costs;

/// <summary>How a call ended, in money. A cost of null is unknown: then its reservation counts.</summary>
internal sealed record Settlement(TokenUsage Tokens, long? CostNano, bool IsLost);

/// <summary>What a period has cost, and what its calls under way can cost, in nano-dollars. The unknown counts at its worst.</summary>
internal sealed record Spent(long SpentNano, long ReservedNano)
{
    /// <summary>The part of what is spent that is only perhaps: the worst of calls whose end was not seen.</summary>
    public long UnknownNano { get; init; }

    /// <summary>How many calls have no known cost. Without a price for the model there is no worst: the sums lack it.</summary>
    public long CallsOfUnknownCost { get; init; }
}

/// <summary>Owns the sums of what was spent: a row for each day, each month and all time, which the caps are kept against, and a row for
/// each day, conversation, session and model, as people ask for it. They lie side by side and change with the calls, in the same
/// transaction; nothing is counted anew. Days and months are UTC, and a call belongs where it started.</summary>
internal static class Spending
{
    private const string AllTime = "all";

    public static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static string Month(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    /// <summary>Sets aside what a call that starts now can cost.</summary>
    public static Task ReserveAsync(Writing writing, long nano, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            INSERT INTO spending (period, conversation_id, session_id, model, reserved_nano)
            VALUES (@day, '', '', '', @nano), (@month, '', '', '', @nano), (@all, '', '', '', @nano)
            ON CONFLICT (period, conversation_id, session_id, model) DO UPDATE
            SET reserved_nano = spending.reserved_nano + excluded.reserved_nano
            """)
            .With("@day", Day(writing.Now)).With("@month", Month(writing.Now)).With("@all", AllTime).With("@nano", nano)
            .ExecuteAsync(cancellationToken);

    /// <summary>Takes back what was set aside for a call that was never made.</summary>
    public static Task SetFreeAsync(Writing writing, StartedCall call, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE spending
            SET reserved_nano = reserved_nano - @reserved
            WHERE period IN (@day, @month, @all) AND conversation_id = '' AND session_id = '' AND model = ''
            """)
            .With("@day", Day(call.At)).With("@month", Month(call.At)).With("@all", AllTime).With("@reserved", call.ReservedNano ?? 0)
            .ExecuteAsync(cancellationToken);

    public static async Task<Spent> InAsync(Reading reading, string period, CancellationToken cancellationToken) =>
        await reading.Sql(
            """
            SELECT cost_nano + unknown_nano, reserved_nano, unknown_nano, unknown_calls
            FROM spending
            WHERE period = @period AND conversation_id = '' AND session_id = '' AND model = ''
            """)
            .With("@period", period)
            .FirstAsync(
                row => new Spent(row.Number(), row.Number()) { UnknownNano = row.Number(), CallsOfUnknownCost = row.Number() },
                cancellationToken)
        ?? new Spent(SpentNano: 0, ReservedNano: 0);

    /// <summary>Replaces a call's reservation by what came of it.</summary>
    public static Task SettleAsync(Writing writing, StartedCall call, Settlement settlement, CancellationToken cancellationToken)
    {
        var (tokens, reserved, isUnknown) = (settlement.Tokens, call.ReservedNano ?? 0, settlement.CostNano is null);
        return writing.Sql(
            """
            INSERT INTO spending (
                period, conversation_id, session_id, model, reserved_nano, cost_nano, unknown_nano, calls, lost_calls, unknown_calls,
                input_tokens, output_tokens, cache_write_5m, cache_write_1h, cache_read)
            VALUES
                (@day, @conversation, @session, @model, 0, @cost, @unknown, 1, @lost, @unknowns,
                 @input, @output, @write5m, @write1h, @read),
                (@day, '', '', '', -@reserved, @cost, @unknown, 1, @lost, @unknowns, @input, @output, @write5m, @write1h, @read),
                (@month, '', '', '', -@reserved, @cost, @unknown, 1, @lost, @unknowns, @input, @output, @write5m, @write1h, @read),
                (@all, '', '', '', -@reserved, @cost, @unknown, 1, @lost, @unknowns, @input, @output, @write5m, @write1h, @read)
            ON CONFLICT (period, conversation_id, session_id, model) DO UPDATE
            SET reserved_nano = spending.reserved_nano + excluded.reserved_nano, cost_nano = spending.cost_nano + excluded.cost_nano,
                unknown_nano = spending.unknown_nano + excluded.unknown_nano, calls = spending.calls + 1,
                lost_calls = spending.lost_calls + excluded.lost_calls, unknown_calls = spending.unknown_calls + excluded.unknown_calls,
                input_tokens = spending.input_tokens + excluded.input_tokens,
                output_tokens = spending.output_tokens + excluded.output_tokens,
                cache_write_5m = spending.cache_write_5m + excluded.cache_write_5m,
                cache_write_1h = spending.cache_write_1h + excluded.cache_write_1h, cache_read = spending.cache_read + excluded.cache_read
            """)
            .With("@day", Day(call.At)).With("@month", Month(call.At)).With("@all", AllTime)
            .With("@conversation", call.Conversation.Value).With("@session", call.Session.Value).With("@model", call.Model)
            .With("@reserved", reserved).With("@cost", settlement.CostNano ?? 0).With("@unknown", isUnknown ? reserved : 0)
            .With("@lost", settlement.IsLost ? 1 : 0).With("@unknowns", isUnknown ? 1 : 0)
            .With("@input", tokens.Input).With("@output", tokens.Output)
            .With("@write5m", tokens.CacheWrite5m).With("@write1h", tokens.CacheWrite1h).With("@read", tokens.CacheRead)
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>Over all runs.</summary>
    public static async Task<Totals> TotalsAsync(Reading reading, CancellationToken cancellationToken) =>
        await reading.Sql(
            """
            SELECT input_tokens + cache_write_5m + cache_write_1h + cache_read, output_tokens, cost_nano, calls, unknown_calls
            FROM spending
            WHERE period = @all AND conversation_id = '' AND session_id = '' AND model = ''
            """)
            .With("@all", AllTime)
            .FirstAsync(row => new Totals(row.Number(), row.Number(), row.Number(), row.Number(), row.Number()), cancellationToken)
        ?? Totals.None;

    /// <summary>Sums of all calls, in one group or a group for each day, session or model, with those under way.</summary>
    public static async Task<List<CostSum>> SumsAsync(Reading reading, CostGroup by, CancellationToken cancellationToken)
    {
        var sums = await reading.Sql(
            """
            SELECT
                period, session_id, model, calls, input_tokens, output_tokens, cache_write_5m, cache_write_1h, cache_read,
                cost_nano, unknown_calls, lost_calls
            FROM spending
            WHERE conversation_id <> ''
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

    /// <summary>The rows of the days between two, both included.</summary>
    public static Task<List<DaySum>> DaysAsync(Reading reading, string first, string last, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT
                period, conversation_id, session_id, model, calls, input_tokens, output_tokens, cache_write_5m, cache_write_1h, cache_read,
                cost_nano, unknown_calls, unknown_nano
            FROM spending
            WHERE period >= @first AND period <= @last AND conversation_id <> ''
            ORDER BY period, conversation_id, session_id, model
            """)
            .With("@first", first).With("@last", last)
            .ListAsync(DaySum.From, cancellationToken);

    private static CostSum ToSum(CostKey key, CostGroup by, Row row) => new(
        key.Of(by),
        row.Number(),
        new TokenUsage(row.Number(), row.Number(), row.Number(), row.Number(), row.Number()),
        row.Number(),
        row.Number(),
        row.Number(),
        UnderWay: 0);
}
