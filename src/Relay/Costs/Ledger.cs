using Relay.Conversations;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Costs;

internal enum CallPurpose
{
    Turn,
    Summary,
}

/// <summary>A call as it starts; the reservation is its worst cost, null where the model has no price.</summary>
internal sealed record StartedCall(string Id, ConversationId Conversation, MessageId? Message, CallPurpose Purpose)
{
    public required DateTimeOffset At { get; init; }

    public SessionId Session { get; init; } = SessionId.None;

    public required string Model { get; init; }

    public required long PromptBytes { get; init; }

    /// <summary>Of the longest reply.</summary>
    public int MaxTokens { get; init; }

    public long? ReservedNano { get; init; }
}

/// <summary>A call as it ended. The usage is null where the API told none; perhaps paid:
/// it may have charged although no reply came.</summary>
internal sealed record FinishedCall(bool Answered, bool PerhapsPaid, TokenUsage? Usage, string? StopReason, string? RequestId, string? Note)
{
    public const string EmptyReply = "empty reply";

    /// <summary>Nobody knows what came of it, or whether it was charged for.</summary>
    public static FinishedCall Unknown(string reason) =>
        new(Answered: false, PerhapsPaid: true, Usage: null, StopReason: null, RequestId: null, reason);

    /// <summary>Nothing was sent.</summary>
    public bool NeverMade { get; init; }

    /// <summary>A model has worked for it, or perhaps has: then it is paid for, whatever came of it.</summary>
    public bool IsBought => Answered || PerhapsPaid || Usage is { TotalInput: > 0 };

    /// <summary>Some of the usage was not told.</summary>
    public bool IsUsagePartial { get; init; }

    /// <summary>In nano-dollars; null is unknown. No model has answered from nothing: usage of zeros is usage that was not told.</summary>
    public long? CostNano(Rates? rates) => this switch
    {
        { PerhapsPaid: true } or { IsUsagePartial: true } => null,
        { Answered: true, Usage: null or { TotalInput: 0 } } => null,
        { Usage: null or { TotalInput: 0, Output: 0 } } => 0,
        _ => rates?.CostOf(Usage),
    };
}

/// <summary>A call that got an answer: what the cache and the estimates go by.</summary>
internal sealed record PastCall(DateTimeOffset StartedAt, long PromptBytes, long InputTokens, long OutputTokens)
{
    public static PastCall Of(StartedCall call, FinishedCall finished)
    {
        var usage = finished.Usage ?? TokenUsage.None;
        return new PastCall(call.At, call.PromptBytes, usage.TotalInput, usage.Output);
    }
}

/// <summary>Owns the calls: a row a call, written before the call and completed after it.
/// What they cost together is in <see cref="Spending"/>.</summary>
internal static class Ledger
{
    public static Task StartAsync(Writing writing, StartedCall call, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            INSERT INTO calls (
                conversation_id, message_id, call_id, session_id, purpose, model, state, started_at, reserved_nano, prompt_bytes,
                input_tokens, output_tokens, cache_write_5m, cache_write_1h, cache_read)
            VALUES (
                @conversation, @message, @id, @session, @purpose, @model, 'started', @at, @reserved, @bytes,
                0, 0, 0, 0, 0)
            """)
            .With("@conversation", call.Conversation.Value).With("@message", call.Message?.Value ?? "").With("@id", call.Id)
            .With("@session", call.Session.Value).With("@purpose", call.Purpose.Word()).With("@model", call.Model)
            .With("@at", call.At.ToUnixTimeMilliseconds()).With("@reserved", call.ReservedNano).With("@bytes", call.PromptBytes)
            .ExecuteAsync(cancellationToken);

    public static async Task FinishAsync(
        Writing writing, StartedCall call, FinishedCall finished, Rates? rates, CancellationToken cancellationToken)
    {
        var usage = finished.Usage ?? TokenUsage.None;
        var cost = finished.CostNano(rates);
        await writing.Sql(
            """
            UPDATE calls
            SET state = @state, finished_at = @now, cost_nano = @cost, rates = @rates, stop_reason = @stop, request_id = @request,
                note = @note,
                input_tokens = @input, output_tokens = @output,
                cache_write_5m = @write5m, cache_write_1h = @write1h, cache_read = @read
            WHERE conversation_id = @conversation AND message_id = @message AND call_id = @id
            """)
            .With("@conversation", call.Conversation.Value).With("@message", call.Message?.Value ?? "").With("@id", call.Id)
            .With("@state", finished.Answered ? "done" : "failed").With("@now", writing.UnixNow)
            .With("@cost", cost).With("@rates", rates?.ToJson())
            .With("@stop", finished.StopReason).With("@request", finished.RequestId).With("@note", finished.Note)
            .With("@input", usage.Input).With("@output", usage.Output)
            .With("@write5m", usage.CacheWrite5m).With("@write1h", usage.CacheWrite1h).With("@read", usage.CacheRead)
            .ExecuteAsync(cancellationToken);
        await Spending.SettleAsync(writing, call, new Settlement(usage, cost, IsLost: false), cancellationToken);
    }

    /// <summary>The call was never made: nothing of it remains, and its reservation is free.</summary>
    public static async Task ForgetAsync(Writing writing, StartedCall call, CancellationToken cancellationToken)
    {
        await writing.Sql(
            """
            DELETE FROM calls
            WHERE conversation_id = @conversation AND message_id = @message AND call_id = @id
            """)
            .With("@conversation", call.Conversation.Value).With("@message", call.Message?.Value ?? "").With("@id", call.Id)
            .ExecuteAsync(cancellationToken);
        await Spending.SetFreeAsync(writing, call, cancellationToken);
    }

    /// <summary>The one who made the call ended before it. It is repeated, so it is perhaps paid twice, and counts at its worst cost.
    /// False when its end is recorded.</summary>
    public static async Task<bool> LoseAsync(Writing writing, RunningCall running, CancellationToken cancellationToken)
    {
        var lost = await writing.Sql(
            """
            UPDATE calls
            SET state = 'lost', note = 'the relay stopped before the reply was recorded: perhaps paid twice'
            WHERE conversation_id = @conversation AND message_id = @message AND call_id = @id AND state = 'started'
            RETURNING session_id, purpose, started_at, model, prompt_bytes, reserved_nano
            """)
            .With("@conversation", running.Conversation.Value).With("@message", running.Message).With("@id", running.Call)
            .FirstAsync(
                row => new StartedCall(running.Call, running.Conversation, new MessageId(running.Message), CallPurpose.Turn)
                {
                    Session = SessionId.Stored(row.Text()),
                    Purpose = row.Word<CallPurpose>(),
                    At = row.Time(),
                    Model = row.Text(),
                    PromptBytes = row.Number(),
                    ReservedNano = row.NumberOrNull(),
                },
                cancellationToken);
        if (lost is null)
            return false;
        await Spending.SettleAsync(writing, lost, new Settlement(TokenUsage.None, CostNano: null, IsLost: true), cancellationToken);
        return true;
    }

    /// <summary>The newest calls of a conversation that got an answer, newest first.</summary>
    public static async Task<List<PastCall>> RecentAsync(
        Reading reading, ConversationId conversation, int limit, CancellationToken cancellationToken)
    {
        var recent = await reading.Sql(
            """
            SELECT started_at, prompt_bytes, input_tokens + cache_write_5m + cache_write_1h + cache_read, output_tokens
            FROM calls
            WHERE conversation_id = @conversation AND state = 'done'
            ORDER BY message_id DESC, call_id DESC
            LIMIT @limit
            """)
            .With("@conversation", conversation.Value).With("@limit", limit)
            .ListAsync(row => new PastCall(row.Time(), row.Number(), row.Number(), row.Number()), cancellationToken);
        return recent.OrderByDescending(call => call.StartedAt).ToList();
    }

    /// <summary>What the calls for a message that brought nothing have cost, in nano-dollars; the unknown counts at its worst.</summary>
    public static Task<long> WastedNanoAsync(
        Reading reading, ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT CAST(COALESCE(SUM(COALESCE(cost_nano, reserved_nano)), 0) AS BIGINT)
            FROM calls
            WHERE conversation_id = @conversation AND message_id = @message AND (state IN ('failed', 'lost') OR note = @empty)
            """)
            .With("@conversation", conversation.Value).With("@message", message.Value).With("@empty", FinishedCall.EmptyReply)
            .NumberAsync(cancellationToken);

    /// <summary>The calls made for a message, in order.</summary>
    public static Task<List<CallRecord>> OfAsync(
        Reading reading, ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {CallRecord.Columns}
            FROM calls
            WHERE conversation_id = @conversation AND message_id = @message
            ORDER BY started_at
            """)
            .With("@conversation", conversation.Value).With("@message", message.Value)
            .ListAsync(CallRecord.From, cancellationToken);

    /// <summary>What groups a running call would belong to, for the costs.</summary>
    public static Task<CostKey?> KeyAsync(Reading reading, RunningCall running, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT started_at, session_id, model
            FROM calls
            WHERE conversation_id = @conversation AND message_id = @message AND call_id = @id
            """)
            .With("@conversation", running.Conversation.Value).With("@message", running.Message).With("@id", running.Call)
            .FirstAsync(row => new CostKey(Spending.Day(row.Time()), row.Text(), row.Text()), cancellationToken);
}
