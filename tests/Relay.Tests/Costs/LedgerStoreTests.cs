using Relay.Conversations;
using Relay.Costs;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Costs;

public sealed class SqliteLedgerStoreTests() : LedgerStoreTests(SqlDialect.Sqlite.Name);

public sealed class PostgresLedgerStoreTests() : LedgerStoreTests(SqlDialect.Postgres.Name);

/// <summary>A row a call, written before it is made and completed once.</summary>
public abstract class LedgerStoreTests(string kind) : StoreTests(kind)
{
    private static readonly MessageId Message = new("message-1");
    private static readonly Rates Rates = new(4, 20, 5, 8, 0.2m);
    private static readonly FinishedCall Failed =
        new(Answered: false, PerhapsPaid: false, Usage: null, StopReason: null, RequestId: null, Note: null);

    [Fact]
    public async Task A_call_under_way_is_in_the_ledger_before_anything_is_known_of_it()
    {
        await StartAsync(Call("call-1") with { ReservedNano = 500 });

        var call = Assert.Single(await OfAsync(Message));
        Assert.Equal(("turn", "claude", "started", Now, null), (call.Purpose, call.Model, call.State, call.StartedAt, call.FinishedAt));
        Assert.Null(call.CostNano);
        Assert.Equal(new CostKey("2026-08-01", "session-1", "claude"), await KeyAsync("call-1"));
        Assert.Null(await KeyAsync("call-2"));
    }

    [Fact]
    public async Task A_call_that_ended_carries_what_it_used_and_cost_and_said()
    {
        var call = Call("call-1") with { ReservedNano = 500 };
        await StartAsync(call);
        Clock.Advance(TimeSpan.FromSeconds(3));
        var usage = new TokenUsage(1_234, 567, 8_901, 2_345, 67_890);

        await FinishAsync(call, new FinishedCall(Answered: true, PerhapsPaid: false, usage, "end_turn", "req_1", Unusual));

        // 1,234 × 4 + 567 × 20 + 8,901 × 5 + 2,345 × 8 + 67,890 × 0.2 micro-dollars.
        var expected = new CallRecord("turn", "claude", "done", call.At, Now, 93_119_000, usage, "end_turn", "req_1", Unusual);
        Assert.Equal(expected, Assert.Single(await OfAsync(Message)));
    }

    [Fact]
    public async Task A_summary_is_filed_under_no_message()
    {
        var call = new StartedCall("call-1", Default, Message: null, CallPurpose.Summary) { At = Now, Model = "claude", PromptBytes = 1 };
        await StartAsync(call);

        await FinishAsync(call, Answered(new TokenUsage(1, 1, 0, 0, 0)));

        Assert.Empty(await OfAsync(Message));
        Assert.Equal("summary", Assert.Single(await OfAsync(new MessageId(""))).Purpose);
    }

    [Fact]
    public async Task A_call_is_lost_once_and_not_when_its_end_is_recorded()
    {
        var (lost, ended) = (Call("call-1") with { ReservedNano = 500 }, Call("call-2") with { ReservedNano = 700 });
        await StartAsync(lost);
        await StartAsync(ended);
        await FinishAsync(ended, Answered(new TokenUsage(1, 1, 0, 0, 0)));

        var first = await AtOnceAsync(10, (writing, _) => Ledger.LoseAsync(writing, Running("call-1"), CancellationToken));
        Assert.Single(first, true);
        Assert.False(await LoseAsync("call-2"));
        Assert.False(await LoseAsync("call-3"));

        Assert.Equal(["done", "lost"], (await OfAsync(Message)).Select(call => call.State).Order());
        var totals = await ReadAsync(reading => Spending.TotalsAsync(reading, CancellationToken));
        Assert.Equal((2, 1), (totals.Calls, totals.UnknownCost));
    }

    [Fact]
    public async Task The_newest_answered_calls_of_a_conversation_come_newest_first_summaries_among_them()
    {
        for (var number = 1; number <= 6; number++)
        {
            var call = Call($"call-{number}") with { Message = new MessageId($"message-{number}"), PromptBytes = number };
            await StartAsync(call);
            await FinishAsync(call, number == 4 ? Failed : Answered(new TokenUsage(10, number, 1, 2, 3)));
            Clock.Advance(TimeSpan.FromSeconds(1));
        }
        await StartAsync(Call("call-7") with { Message = new MessageId("message-7") });
        await StartAsync(Call("call-8") with { Conversation = Other });

        var recent = await ReadAsync(reading => Ledger.RecentAsync(reading, Default, 4, CancellationToken));

        Assert.Equal([6L, 5L, 3L, 2L], recent.Select(call => call.PromptBytes));
        Assert.Equal((16, 6), (recent[0].InputTokens, recent[0].OutputTokens));
    }

    [Fact]
    public async Task What_brought_nothing_is_summed_for_each_message_and_the_unknown_at_its_worst()
    {
        var usage = new TokenUsage(10, 2, 0, 0, 0); // 80,000 nano-dollars.
        foreach (var end in new[]
        {
            Answered(usage), Answered(usage) with { Note = FinishedCall.EmptyReply }, Failed, Failed with { Usage = usage },
            FinishedCall.Unknown("cut"),
        })
        {
            var call = Call(Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString()) with { ReservedNano = 500 };
            await StartAsync(call);
            await FinishAsync(call, end);
        }
        await StartAsync(Call("lost") with { ReservedNano = 7 });
        await LoseAsync("lost");
        await StartAsync(Call("under way") with { ReservedNano = 1_000 });

        Assert.Equal(2 * 80_000 + 500 + 7, await WastedNanoAsync(Message));
        Assert.Equal(0, await WastedNanoAsync(new MessageId("message-2")));
    }

    private static FinishedCall Answered(TokenUsage usage) => Failed with { Answered = true, Usage = usage };

    private static RunningCall Running(string call) => new(Default, Message.Value, call);

    private StartedCall Call(string id) =>
        new(id, Default, Message, CallPurpose.Turn) { At = Now, Session = One, Model = "claude", PromptBytes = 100 };

    private Task StartAsync(StartedCall call) => WriteAsync(async writing =>
    {
        await Spending.ReserveAsync(writing, call.ReservedNano ?? 0, CancellationToken);
        await Ledger.StartAsync(writing, call, CancellationToken);
    });

    private Task FinishAsync(StartedCall call, FinishedCall finished) =>
        WriteAsync(writing => Ledger.FinishAsync(writing, call, finished, Rates, CancellationToken));

    private Task<bool> LoseAsync(string call) => WriteAsync(writing => Ledger.LoseAsync(writing, Running(call), CancellationToken));

    private Task<List<CallRecord>> OfAsync(MessageId message) =>
        ReadAsync(reading => Ledger.OfAsync(reading, Default, message, CancellationToken));

    private Task<long> WastedNanoAsync(MessageId message) =>
        ReadAsync(reading => Ledger.WastedNanoAsync(reading, Default, message, CancellationToken));

    private Task<CostKey?> KeyAsync(string call) => ReadAsync(reading => Ledger.KeyAsync(reading, Running(call), CancellationToken));
}
