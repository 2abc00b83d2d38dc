using System.Data.Common;
using System.Text.Json;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Costs;

internal enum CallPurpose
{
    Turn,
    Summary,
}

/// <summary>A call as it starts; the reservation is its worst cost, null where the model has no price.</summary>
internal sealed record StartedCall(
    string Id, ConversationId Conversation, MessageId? Message, SessionId Session, CallPurpose Purpose, string Model, long PromptBytes, long? ReservedNano);

/// <summary>A call as it ended. The usage is null where the API told none; perhaps paid: it may have charged although no reply came.</summary>
internal sealed record FinishedCall(bool Answered, bool PerhapsPaid, TokenUsage? Usage, string? StopReason, string? RequestId, string? Note);

/// <summary>Sums over calls. Cost is that of the calls whose cost is known; <see cref="UnknownCost"/> counts the others.</summary>
internal sealed record Totals(long InputTokens, long OutputTokens, long CostNano, long Calls, long UnknownCost)
{
    public static readonly Totals None = new(0, 0, 0, 0, 0);

    public static Totals operator +(Totals left, Totals right) => new(
        left.InputTokens + right.InputTokens,
        left.OutputTokens + right.OutputTokens,
        left.CostNano + right.CostNano,
        left.Calls + right.Calls,
        left.UnknownCost + right.UnknownCost);
}

/// <summary>Owns the calls: a row a call, written before the call and completed after it.</summary>
internal sealed class Ledger(Database database, PriceTable prices, TimeProvider clock)
{
    /// <summary>Far longer than a call or a transaction takes: a row this old, and not under way, does not change any more.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromHours(1);

    /// <summary>Sums once taken over old rows: with years of calls, every status would walk through all of them.</summary>
    private volatile Settled _settled = Settled.Nothing;

    private sealed record Settled(Totals Totals, long Before)
    {
        public static readonly Settled Nothing = new(Totals.None, long.MinValue);
    }

    public async Task StartAsync(DbTransaction transaction, StartedCall call, CancellationToken cancellationToken)
    {
        var now = clock.UnixNow();
        if (now < _settled.Before)
            _settled = Settled.Nothing; // The clock was set back: the row lands among those that were thought to be settled.
        await transaction.Command(
            """
            INSERT INTO calls (
                conversation_id, call_id, message_id, session_id, purpose, model, state, started_at, reserved_nano, prompt_bytes,
                input_tokens, output_tokens, cache_write_5m, cache_write_1h, cache_read)
            VALUES (
                @conversation, @id, @message, @session, @purpose, @model, 'started', @now, @reserved, @bytes,
                0, 0, 0, 0, 0)
            """)
            .With("@conversation", call.Conversation.Value).With("@id", call.Id).With("@message", call.Message?.Value)
            .With("@session", call.Session.Value).With("@purpose", call.Purpose.Word()).With("@model", call.Model)
            .With("@now", now).With("@reserved", call.ReservedNano).With("@bytes", call.PromptBytes)
            .ExecuteAsync(cancellationToken);
    }

    public Task FinishAsync(DbTransaction transaction, StartedCall call, FinishedCall finished, CancellationToken cancellationToken)
    {
        var usage = finished.Usage ?? TokenUsage.None;
        var rates = prices.Find(call.Model, clock.GetUtcNow())?.RatesFor(usage.TotalInput);
        return transaction.Command(
            """
            UPDATE calls
            SET state = @state, finished_at = @now, cost_nano = @cost, rates = @rates, stop_reason = @stop, request_id = @request, note = @note,
                input_tokens = @input, output_tokens = @output,
                cache_write_5m = @write5m, cache_write_1h = @write1h, cache_read = @read
            WHERE conversation_id = @conversation AND call_id = @id
            """)
            .With("@conversation", call.Conversation.Value).With("@id", call.Id)
            .With("@state", finished.Answered ? "done" : "failed").With("@now", clock.UnixNow())
            .With("@cost", finished.PerhapsPaid ? null : rates?.CostOf(usage) ?? (usage == TokenUsage.None ? 0 : null))
            .With("@rates", rates is null ? null : JsonSerializer.Serialize(rates))
            .With("@stop", finished.StopReason).With("@request", finished.RequestId).With("@note", finished.Note)
            .With("@input", usage.Input).With("@output", usage.Output)
            .With("@write5m", usage.CacheWrite5m).With("@write1h", usage.CacheWrite1h).With("@read", usage.CacheRead)
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>After a crash: calls whose end nobody saw. They are repeated, so they are perhaps paid twice, and count at their worst cost against the caps.</summary>
    public static Task<int> NoteLostAsync(DbTransaction transaction, CancellationToken cancellationToken) =>
        transaction.Command("UPDATE calls SET state = 'lost', note = 'the relay stopped before the reply was recorded: perhaps paid twice' WHERE state = 'started'")
            .ExecuteAsync(cancellationToken);

    /// <summary>Spent or reserved since a time, in nano-dollars; what is unknown counts at its worst.</summary>
    public static Task<long> CommittedSinceAsync(DbTransaction transaction, DateTimeOffset since, CancellationToken cancellationToken) =>
        transaction.Command(
            """
            SELECT COALESCE(SUM(COALESCE(cost_nano, reserved_nano, 0)), 0)
            FROM calls
            WHERE started_at >= @since
            """)
            .With("@since", since.ToUnixTimeMilliseconds())
            .NumberAsync(cancellationToken);

    /// <summary>The newest calls of a conversation that got an answer, newest first: what the cache and the estimates go by.</summary>
    public static Task<List<PastCall>> RecentAsync(DbConnection connection, ConversationId conversation, int limit, CancellationToken cancellationToken) =>
        connection.Command(
            """
            SELECT started_at, prompt_bytes, input_tokens + cache_write_5m + cache_write_1h + cache_read AS input_tokens, output_tokens
            FROM calls
            WHERE conversation_id = @conversation AND state = 'done'
            ORDER BY started_at DESC
            LIMIT @limit
            """)
            .With("@conversation", conversation.Value).With("@limit", limit)
            .ListAsync(
                reader => new PastCall(reader.Time("started_at"), reader.Number("prompt_bytes"), reader.Number("input_tokens"), reader.Number("output_tokens")),
                cancellationToken);

    public static Task<long> EmptyRepliesAsync(DbTransaction transaction, ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        transaction.Command("SELECT COUNT(*) FROM calls WHERE conversation_id = @conversation AND message_id = @message AND note = 'empty reply'")
            .With("@conversation", conversation.Value).With("@message", message.Value)
            .NumberAsync(cancellationToken);

    /// <summary>Over all runs: (1) how far everything is settled by now, (2) what settled since the last time, (3) the rest.</summary>
    public Task<Totals> TotalsAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            async connection =>
            {
                var settled = _settled;
                var before = await SettledBeforeAsync(connection, settled.Before, cancellationToken); // (1)
                var next = before > settled.Before
                    ? new Settled(settled.Totals + await SumAsync(connection, settled.Before, before, cancellationToken), before) // (2)
                    : settled;
                var totals = next.Totals + await SumAsync(connection, next.Before, long.MaxValue, cancellationToken); // (3)
                Interlocked.CompareExchange(ref _settled, next, settled);
                return totals;
            },
            cancellationToken);

    /// <summary>The calls made for a message, in order.</summary>
    public Task<List<CallRecord>> OfAsync(ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                """
                SELECT purpose, model, state, started_at, finished_at, cost_nano, input_tokens, output_tokens, cache_write_5m, cache_write_1h, cache_read,
                    stop_reason, request_id, note
                FROM calls
                WHERE conversation_id = @conversation AND message_id = @message
                ORDER BY started_at
                """)
                .With("@conversation", conversation.Value).With("@message", message.Value)
                .ListAsync(CallRecord.From, cancellationToken),
            cancellationToken);

    /// <summary>Sums of all calls, in one group or a group for each day (UTC), session or model.</summary>
    public Task<List<CostSum>> SumsAsync(CostGroup by, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                """
                SELECT
                    CASE @by WHEN 'day' THEN CAST(started_at / 86400000 AS TEXT) WHEN 'session' THEN session_id WHEN 'model' THEN model ELSE 'all' END AS bucket,
                    COUNT(*) AS calls,
                    SUM(input_tokens) AS input, SUM(output_tokens) AS output,
                    SUM(cache_write_5m) AS write5m, SUM(cache_write_1h) AS write1h, SUM(cache_read) AS cache_read,
                    COALESCE(SUM(cost_nano), 0) AS cost,
                    COUNT(CASE WHEN cost_nano IS NULL AND state <> 'started' THEN 1 END) AS unknown,
                    COUNT(CASE WHEN state = 'lost' THEN 1 END) AS lost,
                    COUNT(CASE WHEN state = 'started' THEN 1 END) AS under_way
                FROM calls
                GROUP BY bucket
                ORDER BY bucket
                """)
                .With("@by", by.Word())
                .ListAsync(CostSum.From, cancellationToken),
            cancellationToken);

    private async Task<long> SettledBeforeAsync(DbConnection connection, long since, CancellationToken cancellationToken)
    {
        var old = (clock.GetUtcNow() - Settling).ToUnixTimeMilliseconds();
        var underWay = await connection.Command(
            """
            SELECT COALESCE(MIN(started_at), @old)
            FROM calls
            WHERE started_at >= @since AND started_at < @old AND state = 'started'
            """)
            .With("@old", old).With("@since", since)
            .NumberAsync(cancellationToken);
        return Math.Min(old, underWay);
    }

    private static async Task<Totals> SumAsync(DbConnection connection, long since, long before, CancellationToken cancellationToken) =>
        (await connection.Command(
            """
            SELECT
                COALESCE(SUM(input_tokens + cache_write_5m + cache_write_1h + cache_read), 0) AS input,
                COALESCE(SUM(output_tokens), 0) AS output,
                COALESCE(SUM(cost_nano), 0) AS cost,
                COUNT(*) AS calls,
                COUNT(CASE WHEN cost_nano IS NULL THEN 1 END) AS unknown
            FROM calls
            WHERE started_at >= @since AND started_at < @before AND state <> 'started'
            """)
            .With("@since", since).With("@before", before)
            .ListAsync(
                reader => new Totals(reader.Number("input"), reader.Number("output"), reader.Number("cost"), reader.Number("calls"), reader.Number("unknown")),
                cancellationToken))[0];
}

internal sealed record PastCall(DateTimeOffset StartedAt, long PromptBytes, long InputTokens, long OutputTokens);
