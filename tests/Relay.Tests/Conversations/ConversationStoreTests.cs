using Relay.Conversations;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Conversations;

public sealed class SqliteConversationStoreTests() : ConversationStoreTests(SqlDialect.Sqlite.Name);

public sealed class PostgresConversationStoreTests() : ConversationStoreTests(SqlDialect.Postgres.Name);

/// <summary>Who may commit, what a conversation waits for, and its numbers: each held by the database, whoever writes.</summary>
public abstract class ConversationStoreTests(string kind) : StoreTests(kind)
{
    [Fact]
    public async Task A_conversation_that_is_made_known_again_keeps_what_it_had()
    {
        await NextNumberAsync();
        await ClaimAsync("message-1", "call-1");

        await WriteAsync(writing => ConversationStore.KnowAsync(writing, Default, CancellationToken));

        Assert.Equal(2, await NextNumberAsync());
        Assert.Equal(1, (await FindAsync()).Epoch);
    }

    [Fact]
    public async Task One_that_nobody_made_known_is_not_found_and_gives_no_numbers()
    {
        var unknown = new ConversationId("nobody's");

        Assert.Null(await ReadAsync(reading => ConversationStore.FindAsync(reading, unknown, CancellationToken)));
        Assert.Null(await ReadAsync(reading => ConversationStore.SizeAsync(reading, unknown, CancellationToken)));
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => WriteAsync(writing => ConversationStore.NextNumberAsync(writing, unknown, CancellationToken)));
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => WriteAsync(writing => ConversationStore.ClaimAsync(writing, unknown, "message-1", "call-1", CancellationToken)));
    }

    [Fact]
    public async Task Any_text_can_name_a_conversation_and_the_list_is_in_the_order_of_the_bytes()
    {
        string[] names = ["%", "B", "_", "a", "a-b", "a_b", "ab", "ä", "👩"];
        foreach (var name in names.Reverse())
            await WriteAsync(writing => ConversationStore.KnowAsync(writing, new ConversationId(name), CancellationToken));

        var listed = await ReadAsync(reading => ConversationStore.ListAsync(reading, CancellationToken));

        Assert.Equal(
            names.Concat(["default", "other"]).Order(StringComparer.Ordinal),
            listed.Select(each => each.Conversation.Value));
    }

    [Fact]
    public async Task The_end_of_a_call_is_recorded_once()
    {
        var epoch = await ClaimAsync("message-1", "call-1");

        Assert.True(await EndAsync(epoch, "call-1"));
        Assert.False(await EndAsync(epoch, "call-1"));
    }

    [Fact]
    public async Task Who_claimed_before_another_can_commit_no_more()
    {
        var older = await ClaimAsync("message-1", "call-1");
        var newer = await ClaimAsync("message-1", "call-2");

        Assert.True(newer > older);
        Assert.False(await EndAsync(older, "call-1"));
        Assert.False(await EndAsync(newer, "call-1"));
        Assert.True(await EndAsync(newer, "call-2"));
    }

    [Fact]
    public async Task Of_many_who_claim_at_once_one_can_commit()
    {
        var claims = await AtOnceAsync(
            20, (writing, writer) => ConversationStore.ClaimAsync(writing, Default, "message-1", $"call-{writer}", CancellationToken));
        var ends = await AtOnceAsync(
            20, (writing, writer) => ConversationStore.EndCallAsync(writing, Default, claims[writer], $"call-{writer}", CancellationToken));

        Assert.Equal(20, claims.Distinct().Count());
        Assert.Equal([claims.Max()], claims.Where((_, writer) => ends[writer]));
    }

    [Fact]
    public async Task A_call_is_under_way_from_its_claim_to_its_end()
    {
        var epoch = await ClaimAsync("message-1", "call-1");
        await WriteAsync(writing => ConversationStore.ClaimAsync(writing, Other, "", "call-2", CancellationToken));

        Assert.Equal(
            [new RunningCall(Default, "message-1", "call-1"), new RunningCall(Other, "", "call-2")],
            (await RunningAsync()).OrderBy(call => call.Call));
        await EndAsync(epoch, "call-1");
        Assert.Equal(["call-2"], (await RunningAsync()).Select(call => call.Call));
    }

    [Fact]
    public async Task A_call_whose_maker_is_gone_is_forgotten_and_can_be_ended_by_nobody()
    {
        var gone = new RunningCall(Default, "message-1", "call-1");
        var epoch = await ClaimAsync(gone.Message, gone.Call);

        await WriteAsync(writing => ConversationStore.ForgetCallAsync(writing, gone, CancellationToken));

        Assert.Empty(await RunningAsync());
        Assert.False(await EndAsync(epoch, "call-1"));
        Assert.False(await EndAsync(epoch + 1, "call-1"));
    }

    [Fact]
    public async Task To_forget_a_call_leaves_the_one_that_came_after_it()
    {
        var gone = new RunningCall(Default, "message-1", "call-1");
        await ClaimAsync(gone.Message, gone.Call);
        var epoch = await ClaimAsync("message-1", "call-2");

        await WriteAsync(writing => ConversationStore.ForgetCallAsync(writing, gone, CancellationToken));

        Assert.True(await EndAsync(epoch, "call-2"));
    }

    [Fact]
    public async Task A_conversation_waits_for_one_question_and_goes_on_with_its_answer_alone()
    {
        await WaitForAsync(7);

        await Assert.ThrowsAsync<InvalidOperationException>(() => WaitForAsync(8));
        await GoOnAsync(8);
        Assert.Equal(7, (await FindAsync()).OpenQuestion);

        Clock.Advance(TimeSpan.FromMinutes(5));
        await GoOnAsync(7);
        Assert.Equal((null, Now), ((await FindAsync()).OpenQuestion, (await FindAsync()).UnblockedAt));
        await WaitForAsync(8);
    }

    [Fact]
    public async Task A_new_message_learns_whether_a_call_is_under_way_that_it_has_to_wait_for()
    {
        Assert.Equal((1, false), await NextAsync());
        var epoch = await ClaimAsync("message-1", "call-1");
        Assert.Equal((2, true), await NextAsync());
        await EndAsync(epoch, "call-1");
        Assert.Equal((3, false), await NextAsync());
    }

    [Fact]
    public async Task Numbers_and_positions_are_given_out_once_and_without_a_gap_to_all_who_ask_at_once()
    {
        var numbers = await AtOnceAsync(
            50, async (writing, _) => (await ConversationStore.NextNumberAsync(writing, Default, CancellationToken)).Number);
        var positions = await AtOnceAsync(50, (writing, _) => ConversationStore.NextPositionAsync(writing, Default, 10, CancellationToken));

        Assert.Equal(Enumerable.Range(1, 50).Select(number => (long)number), numbers.Order());
        Assert.Equal(Enumerable.Range(1, 50).Select(number => (long)number), positions.Order());
        Assert.Equal(new HistorySize(50, 500), await SizeAsync());
    }

    [Fact]
    public async Task What_is_undone_takes_no_number()
    {
        await Assert.ThrowsAsync<IOException>(() => WriteAsync(async writing =>
        {
            await ConversationStore.NextNumberAsync(writing, Default, CancellationToken);
            await ConversationStore.NextPositionAsync(writing, Default, 10, CancellationToken);
            throw new IOException("no");
        }));

        Assert.Equal(1, await NextNumberAsync());
        Assert.Equal(new HistorySize(0, 0), await SizeAsync());
    }

    [Fact]
    public async Task The_size_is_what_it_was_set_to_and_grows_from_there()
    {
        await WriteAsync(writing => ConversationStore.NextPositionAsync(writing, Default, 10_000, CancellationToken));
        await WriteAsync(writing => ConversationStore.SetSizeAsync(writing, Default, new HistorySize(2, 30), CancellationToken));
        await WriteAsync(writing => ConversationStore.NextPositionAsync(writing, Default, 4, CancellationToken));
        await WriteAsync(writing => ConversationStore.NextPositionAsync(writing, Other, int.MaxValue, CancellationToken));

        Assert.Equal(new HistorySize(3, 34), await SizeAsync());
        Assert.Equal(
            new HistorySize(4, 34L + int.MaxValue),
            await ReadAsync(reading => ConversationStore.TotalSizeAsync(reading, CancellationToken)));
    }

    private async Task<Conversation> FindAsync() =>
        (await ReadAsync(reading => ConversationStore.FindAsync(reading, Default, CancellationToken)))!;

    private Task<HistorySize?> SizeAsync() => ReadAsync(reading => ConversationStore.SizeAsync(reading, Default, CancellationToken));

    private Task<List<RunningCall>> RunningAsync() => ReadAsync(reading => ConversationStore.RunningCallsAsync(reading, CancellationToken));

    private async Task<long> NextNumberAsync() => (await NextAsync()).Number;

    private Task<(long Number, bool IsBusy)> NextAsync() =>
        WriteAsync(writing => ConversationStore.NextNumberAsync(writing, Default, CancellationToken));

    private Task<long> ClaimAsync(string message, string call) =>
        WriteAsync(writing => ConversationStore.ClaimAsync(writing, Default, message, call, CancellationToken));

    private Task<bool> EndAsync(long epoch, string call) =>
        WriteAsync(writing => ConversationStore.EndCallAsync(writing, Default, epoch, call, CancellationToken));

    private Task WaitForAsync(long question) =>
        WriteAsync(writing => ConversationStore.WaitForAsync(writing, Default, question, CancellationToken));

    private Task GoOnAsync(long question) =>
        WriteAsync(writing => ConversationStore.GoOnAsync(writing, Default, question, CancellationToken));
}
