using Relay.Conversations;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Conversations;

public sealed class JournalTests : IAsyncLifetime
{
    private static readonly ConversationId Conversation = new("default");
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task A_summary_replaces_what_it_covers_in_the_window_and_nothing_in_the_journal()
    {
        for (var turn = 1; turn <= 3; turn++)
        {
            var message = await _relay.AcceptAsync("s", $"question {turn}");
            await AppendAsync(message, EntryRole.User, $"question {turn}");
            await AppendAsync(message, EntryRole.Assistant, $"reply {turn}");
        }

        await SummariseAsync("what was said", coversThrough: 4);

        var window = await _relay.WindowAsync();
        Assert.Equal("what was said", window.Summary!.Content);
        Assert.Equal(["question 3", "reply 3"], window.Turns.Select(entry => entry.Content));
        Assert.Equal(7, await _relay.CountAsync("SELECT COUNT(*) FROM entries"));
        var size = await _relay.ReadAsync(reading => ConversationStore.TotalSizeAsync(reading, CancellationToken));
        Assert.Equal(new HistorySize(2, "what was said".Length + "question 3".Length + "reply 3".Length), size);
    }

    [Fact]
    public async Task The_newest_summary_counts()
    {
        for (var turn = 1; turn <= 3; turn++)
            await AppendAsync(await _relay.AcceptAsync("s", "q"), EntryRole.User, $"question {turn}");
        await SummariseAsync("older", coversThrough: 1);
        await SummariseAsync("newer", coversThrough: 2);

        var window = await _relay.WindowAsync();

        Assert.Equal("newer", window.Summary!.Content);
        Assert.Equal(["question 3"], window.Turns.Select(entry => entry.Content));
    }

    [Fact]
    public async Task The_operators_rulings_are_carried_word_for_word_after_a_summary_with_their_questions()
    {
        _relay.Advisor.Reply("[NEEDS-JC] Left or right?", "Left it is.", "Understood.");
        await _relay.AcceptAsync("s", "which way?");
        await _relay.TakeTurnsAsync();
        const string ruling = "Left.\n  And never ask me about « right » again — ünless 🙂";
        await _relay.AnswerAsync(ruling);
        await _relay.TakeTurnsAsync();
        await _relay.AcceptAsync("s", "next");
        await _relay.TakeTurnsAsync();

        await SummariseAsync("they went somewhere", coversThrough: 4);
        await _relay.RestartAsync();
        await _relay.AcceptAsync("s", "and now?");
        await _relay.TakeTurnsAsync();

        var first = _relay.Advisor.Calls[^1].Messages[0];
        Assert.Equal(EntryRole.User, first.Role);
        Assert.Contains(ruling, first.Blocks[0], StringComparison.Ordinal);
        Assert.Contains("Left or right?", first.Blocks[0], StringComparison.Ordinal);
        Assert.Contains("they went somewhere", first.Blocks[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("the second one")]
    [InlineData("@s: the second one")]
    public async Task A_ruling_keeps_its_question_when_only_that_is_summed_up(string ruling)
    {
        _relay.Advisor.Reply("[NEEDS-JC] The first or the second?");
        await _relay.AcceptAsync("s", "which way?");
        await _relay.TakeTurnsAsync();
        await _relay.AnswerAsync(ruling);
        await _relay.TakeTurnsAsync();

        await SummariseAsync("they were asked", coversThrough: 2); // The cut is before what the operator said.
        await _relay.RestartAsync();
        await _relay.AcceptAsync("s", "and now?");
        await _relay.TakeTurnsAsync();

        Assert.Contains("The first or the second?", _relay.Advisor.Calls[^1].Messages[0].Blocks[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_said_is_never_changed_or_removed()
    {
        _relay.Advisor.Reply("one", "two");
        await _relay.AcceptAsync("s", "first");
        await _relay.TakeTurnsAsync();
        var before = await EntriesAsync();

        await _relay.AcceptAsync("s", "second");
        await _relay.TakeTurnsAsync();
        await SummariseAsync("all of it", coversThrough: 4);
        await _relay.RestartAsync();

        Assert.Equal(before, (await EntriesAsync()).Take(before.Count));
    }

    [Fact]
    public async Task A_window_read_on_from_where_it_was_is_the_window_read_whole()
    {
        for (var turn = 1; turn <= 12; turn++)
        {
            await AppendAsync(await _relay.AcceptAsync("s", "q"), EntryRole.User, $"question {turn}");
            await AppendAsync(await _relay.AcceptAsync("s", "q"), EntryRole.Assistant, $"reply {turn}");
            if (turn % 5 == 0)
                await SummariseAsync($"up to {turn}", coversThrough: turn);

            var readOn = await _relay.WindowAsync();
            var whole = await _relay.ReadAsync(reading => Journal.WindowAsync(reading, Conversation, CancellationToken));
            Assert.Equal((whole.Summary, whole.Through), (readOn.Summary, readOn.Through));
            Assert.Equal(whole.Turns, readOn.Turns);
        }
    }

    [Fact]
    public async Task What_a_transaction_took_back_is_in_no_later_window()
    {
        var message = await _relay.AcceptAsync("s", "q");
        var windows = _relay.Get<ContextWindows>();
        await _relay.WindowAsync();

        await Assert.ThrowsAsync<IOException>(() => _relay.Database.WriteAsync(
            async writing =>
            {
                await Journal.AppendAsync(writing, Entry(message, EntryRole.User, "never said"), CancellationToken);
                Assert.Single((await windows.ReadAsync(writing, Conversation, CancellationToken)).Turns);
                throw new IOException("in the middle");
            },
            CancellationToken));
        await AppendAsync(message, EntryRole.User, "said");

        Assert.Equal(["said"], (await _relay.WindowAsync()).Turns.Select(entry => entry.Content));
    }

    private Task<List<string>> EntriesAsync() => _relay.ReadAsync(
        """
        SELECT conversation_id || '|' || position || '|' || role || '|' || COALESCE(message_id, '') || '|' || at || '|' || content
        FROM entries
        ORDER BY position
        """,
        row => row.Text());

    private Task<long> AppendAsync(MessageId message, EntryRole role, string content) => _relay.Database.WriteAsync(
        writing => Journal.AppendAsync(writing, Entry(message, role, content), CancellationToken), CancellationToken);

    private static NewEntry Entry(MessageId message, EntryRole role, string content) =>
        new(Conversation, role, "s", content) { Message = message };

    private Task SummariseAsync(string content, long coversThrough) => _relay.Database.WriteAsync(
        writing => Journal.AppendSummaryAsync(writing, Conversation, content, coversThrough, CancellationToken), CancellationToken);
}
