using Relay.Conversations;
using Relay.Costs;
using Relay.Dispatch;
using Relay.Storage;
using Relay.Tests.Costs;
using Relay.Texts;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>Row by row: what 0.1.0 wrote is there, where the program looks for it now.</summary>
public sealed class MigratedRowsTests : IAsyncLifetime
{
    /// <summary>0.1.0 read its clock for each row of a transaction.</summary>
    private static readonly TimeSpan ClocksRead = TimeSpan.FromMilliseconds(20);

    private readonly OldDatabase _old = new(), _new = new();
    private Database _before = null!, _after = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _before = _old.Open();
        _after = await _new.MigrateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _old.DisposeAsync();
        await _new.DisposeAsync();
    }

    [Fact]
    public async Task No_table_has_lost_a_row()
    {
        foreach (var table in OldDatabase.Tables.Except(["message_events", "facts"]))
            Assert.Equal(await BeforeAsync($"SELECT COUNT(*) FROM {table}"), await AfterAsync($"SELECT COUNT(*) FROM {table}"));
        Assert.Equal(await BeforeAsync("SELECT COUNT(*) + 1 FROM facts"), await AfterAsync("SELECT COUNT(*) FROM facts"));
        Assert.Equal(await BeforeAsync("SELECT COUNT(*) FROM messages"), await AfterAsync("SELECT COUNT(*) FROM message_keys"));
        Assert.Equal(await BeforeAsync("SELECT MAX(question_id) FROM questions"), await CounterAsync(CounterStore.Questions));
        Assert.Equal(await BeforeAsync("SELECT COUNT(*) FROM sessions"), await CounterAsync(CounterStore.Sessions));
    }

    /// <summary>Tables whose rows say the same as before, by the columns both have.</summary>
    [Theory]
    [InlineData("conversations", "claim_epoch, last_number, last_position, window_turns, window_characters, created_at, conversation_id")]
    [InlineData("sessions", "first_seen_at, conversation_id, channel, session_id")]
    [InlineData("entries", "position, ruling, characters, at, role, speaker, content, conversation_id")]
    [InlineData("questions", "question_id, asked_at, conversation_id, session_id, kind, text, state")]
    [InlineData("dispatches", "position, number, created_at, session_id, dispatch_id, channel, state, content, conversation_id")]
    [InlineData("pages", "priority, attempts, due_at, created_at, page_id, title, body, tags, state")]
    [InlineData("calls", "started_at, prompt_bytes, input_tokens, output_tokens, cache_read, call_id, session_id, purpose, model, state")]
    [InlineData("agents", "blocks, stops, first_seen_at, last_seen_at, agent_id, session_id, folder, state")]
    [InlineData("tool_uses", "at, tool_use_id, agent_id")]
    public async Task A_row_says_what_it_said(string table, string columns)
    {
        var sql = $"SELECT {string.Join(" || '|' || ", columns.Split(", ").Select(column => $"quote({column})"))} FROM {table} ORDER BY 1";

        Assert.Equal(await TextsAsync(_before, sql), await TextsAsync(_after, sql));
    }

    [Fact]
    public async Task Every_message_is_found_by_its_id_as_it_was_said_with_its_entry_and_its_reply()
    {
        foreach (var old in await OldMessage.AllAsync(_before, CancellationToken))
        {
            var message = (await ReadAsync(reading => MessageStore.FindAsync(reading, old.Conversation, old.Id, CancellationToken)))!;
            var dispatch = await ReadAsync(reading => Outbox.RecordOfAsync(reading, message, CancellationToken));
            var entry = message.AskedPosition is { } position ? await EntryAsync(old.Conversation, position) : null;

            Assert.Equal((old.Number, old.Session, old.Speaker), (message.Number, message.Session.Value, message.Speaker.Word()));
            Assert.Equal((old.Channel, old.Origin), (message.Channel.Word(), message.Origin?.Value));
            Assert.Equal((old.Cause, old.Reason, old.Attempts), (message.Cause?.Word(), message.Reason, message.Attempts));
            Assert.Equal((old.AcceptedAt, old.DueAt, old.Content), (message.AcceptedAt, message.DueAt, message.Content));
            Assert.Equal(old.State, MessageLife.StateOf(message, dispatch).Word());
            Assert.Equal(old.Entry, entry?.Content);
            Assert.Equal(old.Reply, dispatch?.Content);
        }
    }

    [Fact]
    public async Task The_story_of_every_message_is_told_as_before()
    {
        foreach (var old in (await OldMessage.AllAsync(_before, CancellationToken)).Where(message => message.Origin is null))
        {
            var told = await ReadAsync(async reading =>
            {
                var message = (await MessageStore.FindAsync(reading, old.Conversation, old.Id, CancellationToken))!;
                var family = await MessageStore.FamilyAsync(reading, message, CancellationToken);
                var calls = await Ledger.OfAsync(reading, old.Conversation, old.Id, CancellationToken);
                return await MessageLife.ReadAsync(
                    reading, family, calls, await Outbox.RecordOfAsync(reading, message, CancellationToken), CancellationToken);
            });

            var before = await OldMessage.StoryAsync(_before, old.Id, CancellationToken);
            Assert.Equal(before.Count, told.Count);
            foreach (var member in before.Select(each => each.Message).Distinct())
                foreach (var (was, now) in before.Where(each => each.Message == member).Zip(told.Where(each => each.Message == member)))
                {
                    Assert.Equal((was.State, was.Detail), (now.State, now.Detail));
                    Assert.InRange(now.At - was.At, -ClocksRead, ClocksRead);
                }
        }
    }

    [Fact]
    public async Task A_conversation_with_an_open_question_still_waits_for_it_and_knows_when_it_last_did()
    {
        var open = await ReadAsync(reading => ConversationStore.FindAsync(reading, new ConversationId("design"), CancellationToken));
        var refused = await ReadAsync(reading => ConversationStore.FindAsync(reading, new ConversationId("refused"), CancellationToken));
        var other = await ReadAsync(reading => ConversationStore.FindAsync(reading, new ConversationId("default"), CancellationToken));

        Assert.Equal((4, 5, null), (open!.OpenQuestion, refused!.OpenQuestion, other!.OpenQuestion));
        Assert.Equal(
            await BeforeAsync("SELECT answered_at FROM questions WHERE question_id = 1"),
            open.UnblockedAt.ToUnixTimeMilliseconds());
        Assert.Null(await ReadAsync(reading => TurnStart.NextAsync(reading, open.Id, CancellationToken)));
    }

    [Fact]
    public async Task A_ruling_carries_the_question_it_decided() =>
        Assert.Equal(
            await TextsAsync(_before, "SELECT text FROM questions WHERE question_id = 1"),
            await TextsAsync(_after, "SELECT question FROM entries WHERE ruling = 1 AND question IS NOT NULL"));

    [Fact]
    public async Task The_call_under_way_is_known_with_its_message()
    {
        var running = Assert.Single(await ReadAsync(reading => ConversationStore.RunningCallsAsync(reading, CancellationToken)));

        Assert.Equal(
            await TextsAsync(_before, "SELECT conversation_id || ' ' || message_id || ' ' || call_id FROM calls WHERE state = 'started'"),
            [$"{running.Conversation} {running.Message} {running.Call}"]);
        Assert.NotNull(await ReadAsync(reading => Ledger.KeyAsync(reading, running, CancellationToken)));
    }

    [Fact]
    public async Task The_sums_are_those_of_the_calls()
    {
        var calls = await RecountedCall.ReadAsync(_before, CancellationToken);
        Assert.Contains(calls, call => call.CostNano > 0);

        foreach (var by in Enum.GetValues<CostGroup>())
            Assert.Equal(RecountedCall.Sums(calls, by), await ReadAsync(reading => Spending.SumsAsync(reading, by, CancellationToken)));
        foreach (var period in calls.SelectMany(call => call.Periods).Distinct())
            Assert.Equal(
                calls.Where(call => call.Periods.Contains(period)).Sum(call => call.CommittedNano),
                await ReadAsync(reading => Spending.InAsync(reading, period, CancellationToken)) is var spent
                    ? spent.SpentNano + spent.ReservedNano
                    : 0);
        var ended = calls.Where(call => call.State != "started").ToList();
        Assert.Equal(
            (ended.Count, ended.Sum(call => call.CostNano ?? 0), ended.Sum(call => call.Tokens.TotalInput)),
            await ReadAsync(reading => Spending.TotalsAsync(reading, CancellationToken)) is var totals
                ? (totals.Calls, totals.CostNano, totals.InputTokens)
                : default);
    }

    [Fact]
    public async Task What_was_said_once_is_not_taken_again()
    {
        foreach (var old in await OldMessage.AllAsync(_before, CancellationToken))
        {
            var (session, speaker) = (SessionId.Stored(old.Session), Words.Parse<Speaker>(old.Speaker));
            var again = new NewMessage(old.Conversation, session, speaker, ReplyChannel.Folder, Origin: null, old.Key, "again");
            Assert.Null(await _after.WriteAsync(writing => MessageStore.InsertAsync(writing, again, CancellationToken), CancellationToken));
        }
    }

    [Fact]
    public async Task Where_a_reply_last_went_is_known()
    {
        var last = await TextsAsync(
            _before,
            """
            SELECT COALESCE(placed_at, consumed_at) || ' ' || session_id
            FROM dispatches
            WHERE placed_at IS NOT NULL OR consumed_at IS NOT NULL
            ORDER BY COALESCE(placed_at, consumed_at) DESC
            """);

        Assert.Equal(last[0], await ReadAsync(reading => FactStore.FindAsync(reading, FactStore.LastDispatch, CancellationToken)));
    }

    [Fact]
    public async Task A_page_is_about_what_it_was_about()
    {
        const string cause = "SELECT CASE subject WHEN '' THEN kind ELSE kind || ':' || subject END FROM pages ORDER BY page_id";

        Assert.Equal(await TextsAsync(_before, "SELECT cause FROM pages ORDER BY page_id"), await TextsAsync(_after, cause));
    }

    private async Task<Entry> EntryAsync(ConversationId conversation, long position) => Assert.Single(
        await ReadAsync(reading => Journal.BetweenAsync(reading, conversation, position - 1, position, CancellationToken)));

    private Task<T> ReadAsync<T>(Func<Reading, Task<T>> work) => _after.ReadAsync(work, CancellationToken);

    private Task<long> BeforeAsync(string sql) =>
        _before.ReadAsync(reading => reading.Sql(sql).NumberAsync(CancellationToken), CancellationToken);

    private Task<long> AfterAsync(string sql) => ReadAsync(reading => reading.Sql(sql).NumberAsync(CancellationToken));

    private Task<long> CounterAsync(string counter) => ReadAsync(reading => CounterStore.LastAsync(reading, counter, CancellationToken));

    private static Task<List<string>> TextsAsync(Database database, string sql) =>
        database.ReadAsync(reading => reading.Sql(sql).ListAsync(row => row.Text(), CancellationToken), CancellationToken);
}
