using Relay.Conversations;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Conversations;

public sealed class SqliteMessageStoreTests() : MessageStoreTests(SqlDialect.Sqlite.Name);

public sealed class PostgresMessageStoreTests() : MessageStoreTests(SqlDialect.Postgres.Name);

/// <summary>What is said once is kept once, as it was said, and its turn comes in order.</summary>
public abstract class MessageStoreTests(string kind) : StoreTests(kind)
{
    [Fact]
    public async Task Under_one_key_a_session_says_one_thing_in_whatever_conversation()
    {
        var first = await InsertAsync(Said("one", "id:1"));

        Assert.Null(await InsertAsync(Said("two", "id:1")));
        Assert.Null(await InsertAsync(Said("three", "id:1") with { Conversation = Other }));
        Assert.Equal("one", (await FindAsync(first!.Value))!.Content);
        Assert.Equal(1, await CountAsync("SELECT COUNT(*) FROM messages"));
        Assert.Equal(1, await CountAsync("SELECT last_number FROM conversations WHERE conversation_id = 'default'"));
    }

    [Fact]
    public async Task The_same_key_of_another_speaker_is_another_message()
    {
        var keys = new[] { "id:1", "id:2", "ID:1", " id:1", "id:%", "id:_", "id:" + Unusual };
        foreach (var key in keys)
        {
            Assert.NotNull(await InsertAsync(Said("of one", key)));
            Assert.NotNull(await InsertAsync(Said("of two", key) with { Session = Two }));
            Assert.NotNull(await InsertAsync(Said("of the operator", key) with { Session = SessionId.None, Speaker = Speaker.Operator }));
        }

        foreach (var key in keys)
            Assert.Equal("of two", (await FindByKeyAsync(Two, key))!.Content);
        Assert.Null(await FindByKeyAsync(SessionId.None, "id:1")); // The operator's words are not a session's.
        Assert.Null(await FindByKeyAsync(One, "id:3"));
    }

    [Fact]
    public async Task Of_many_who_bring_the_same_message_at_once_one_is_taken()
    {
        var ids = await AtOnceAsync(20, (writing, _) => MessageStore.InsertAsync(writing, Said("one", "id:1"), CancellationToken));

        var taken = Assert.Single(ids, id => id is not null);
        Assert.Equal(taken!.Id, (await FindByKeyAsync(One, "id:1"))!.Id);
    }

    [Fact]
    public async Task What_is_undone_leaves_its_key_free()
    {
        await Assert.ThrowsAsync<IOException>(() => WriteAsync(async writing =>
        {
            await MessageStore.InsertAsync(writing, Said("one", "id:1"), CancellationToken);
            throw new IOException("no");
        }));

        Assert.NotNull(await InsertAsync(Said("two", "id:1")));
    }

    [Fact]
    public async Task A_text_of_any_kind_and_length_is_kept_as_it_was_said()
    {
        foreach (var text in new[] { Unusual, "", " ", new string('x', 1 << 20), string.Concat(Enumerable.Repeat("🙂", 1 << 18)) })
        {
            var id = await InsertAsync(Said(text, $"id:{text.Length}"));
            Assert.Equal(text, (await FindAsync(id!.Value))!.Content);
        }
    }

    [Fact]
    public async Task A_key_of_any_length_is_told_from_another_that_differs_at_its_end()
    {
        var bytes = new byte[20_000];
        new Random(1).NextBytes(bytes); // Nothing that could be compressed to the size of a page.
        var key = "id:" + Convert.ToHexStringLower(bytes);

        var first = await InsertAsync(Said("one", key + "1"));
        var second = await InsertAsync(Said("two", key + "2"));

        Assert.Null(await InsertAsync(Said("one", key + "1")));
        Assert.Equal(first, (await FindByKeyAsync(One, key + "1"))!.Id);
        Assert.Equal(second, (await FindByKeyAsync(One, key + "2"))!.Id);
    }

    [Fact]
    public async Task A_nul_neither_cuts_nor_changes_a_text_or_a_key()
    {
        var first = await InsertAsync(Said("a\0b", "id:a\0b"));

        Assert.NotNull(await InsertAsync(Said("another", "id:a\0c")));
        Assert.Null(await InsertAsync(Said("the same", "id:a\0b")));
        Assert.NotNull(await InsertAsync(Said("with another character", "id:a\uFFFDb")));
        Assert.NotNull(await InsertAsync(Said("as the other would be stored", "id:a\u00100b")));
        Assert.Equal("a\0b", (await FindAsync(first!.Value))!.Content);
        Assert.Equal(first, (await FindByKeyAsync(One, "id:a\0b"))!.Id);
    }

    [Fact]
    public async Task A_new_message_has_waited_for_nothing_yet()
    {
        var origin = await SayAsync(Two);
        var id = (await InsertAsync(Said("one", "id:1") with { Origin = origin, Channel = ReplyChannel.Caller }))!.Value;

        var expected = new Message(
            Default, id, Number: 2, One, Speaker.Session, ReplyChannel.Caller, origin, MessageState.Accepted, Cause: null, Reason: null,
            Attempts: 0, AcceptedAt: Now, ChangedAt: Now, DueAt: Now, AskedPosition: null, ReplyPosition: null, Content: "one");
        Assert.Equal(expected, await FindAsync(id));
        Assert.Null(await FindAsync(id, Other));
    }

    [Fact]
    public async Task The_sessions_come_in_the_order_they_spoke_and_the_operator_beside_them()
    {
        var first = await SayAsync(One);
        var second = await SayAsync(Two);
        var own = await RuleAsync();

        Assert.Equal((first, 2L), await NextAsync(Speaker.Session));
        Assert.Equal((own, 1L), await NextAsync(Speaker.Operator));
        await ChangeAsync(first, MessageState.Answered);
        await ChangeAsync(own, MessageState.Dead);
        Assert.Equal((second, 2L), await NextAsync(Speaker.Session));
        Assert.Null(await NextAsync(Speaker.Operator));
    }

    [Fact]
    public async Task What_stands_in_the_journal_already_goes_before_all_that_does_not()
    {
        await RuleAsync("first");
        var asked = await RuleAsync("second");

        await AskAsync(asked, position: 1);

        Assert.Equal((asked, 0L), await NextAsync(Speaker.Operator));
    }

    [Theory]
    [InlineData(nameof(MessageState.Accepted), true)]
    [InlineData(nameof(MessageState.Asking), true)]
    [InlineData(nameof(MessageState.Deferred), true)]
    [InlineData(nameof(MessageState.Held), true)]
    [InlineData(nameof(MessageState.Waiting), false)]
    [InlineData(nameof(MessageState.Answered), false)]
    [InlineData(nameof(MessageState.Consumed), false)]
    [InlineData(nameof(MessageState.Dead), false)]
    public async Task A_turn_comes_only_for_what_is_not_at_its_end_and_not_with_the_operator(string state, bool comes)
    {
        await ChangeAsync(await SayAsync(One), Enum.Parse<MessageState>(state));

        Assert.Equal(comes, await NextAsync(Speaker.Session) is not null);
        Assert.Equal(comes ? [Default] : [], await PendingAsync());
    }

    [Fact]
    public async Task One_that_the_model_refused_holds_up_no_other()
    {
        var refused = await SayAsync(One);
        var second = await SayAsync(One);

        await ChangeAsync(refused, new Change(MessageState.Held, HoldCause.Refusal, "no"));
        Assert.Equal((second, 2L), await NextAsync(Speaker.Session));
        await ChangeAsync(refused, new Change(MessageState.Held, HoldCause.Model, "no such model"));
        Assert.Equal((refused, 2L), await NextAsync(Speaker.Session));
    }

    [Fact]
    public async Task Each_conversation_in_which_a_turn_may_come_is_found_once()
    {
        string[] names = ["%", "_", "a", "b", "c"];
        foreach (var name in names)
        {
            var conversation = new ConversationId(name);
            await WriteAsync(writing => ConversationStore.KnowAsync(writing, conversation, CancellationToken));
            for (var count = 0; count < 3; count++)
                await SayAsync(SessionId.Stored("of-" + name), conversation: conversation);
            if (name == "b")
                foreach (var message in await UnansweredAsync(SessionId.Stored("of-b")))
                    await ChangeAsync(message.Id, MessageState.Consumed, conversation);
        }

        Assert.Equal(["%", "_", "a", "c"], (await PendingAsync()).Select(each => each.Value));
    }

    [Fact]
    public async Task A_message_is_asked_at_one_position_however_often()
    {
        var id = await SayAsync(One);

        await AskAsync(id, position: 1);
        await ChangeAsync(id, new Change(MessageState.Deferred, Reason: "later", DueAt: Now + TimeSpan.FromMinutes(1)));
        await AskAsync(id, position: 1);

        var message = (await FindAsync(id))!;
        Assert.Equal((MessageState.Asking, 2, 1), (message.State, message.Attempts, message.AskedPosition));
        Assert.Null(message.Reason);
        Assert.Null(message.DueAt);
        await Assert.ThrowsAsync<LostRaceException>(() => AskAsync(id, position: 2));
    }

    [Fact]
    public async Task A_message_is_answered_once()
    {
        var id = await SayAsync(One);

        await AnswerAsync(id, position: 2, "by the operator, directly");
        await Assert.ThrowsAsync<LostRaceException>(() => AnswerAsync(id, position: 3, reason: null));

        var message = (await FindAsync(id))!;
        Assert.Equal((MessageState.Answered, 2, "by the operator, directly"), (message.State, message.ReplyPosition, message.Reason));
        Assert.Equal(["answered"], (await EventsAsync(message)).Select(each => each.State));
    }

    [Fact]
    public async Task What_departs_from_the_straight_line_leaves_a_row_that_says_when_and_why()
    {
        var id = await SayAsync(One);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await ChangeAsync(id, new Change(MessageState.Held, HoldCause.Budget, Unusual, Now + TimeSpan.FromHours(1)));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await WriteAsync(writing => MessageStore.NoteAsync(writing, Default, id, new MessageNote("woken", "exit 0"), CancellationToken));

        var message = (await FindAsync(id))!;
        Assert.Equal((MessageState.Held, HoldCause.Budget, Unusual), (message.State, message.Cause, message.Reason));
        Assert.Equal(
            [
                (1, Now.AddSeconds(-1), "held", "until 2026-08-01T10:00:01Z: " + Unusual),
                (2, Now, "woken", "exit 0"),
            ],
            (await EventsAsync(message)).Select(each => (each.Number, each.At, each.State, each.Detail)));
    }

    [Fact]
    public async Task Rows_of_one_story_that_many_add_at_once_are_all_there()
    {
        var id = await SayAsync(One);

        await AtOnceAsync(20, async (writing, writer) =>
        {
            await MessageStore.NoteAsync(writing, Default, id, new MessageNote("woken", $"{writer}"), CancellationToken);
            return true;
        });

        var events = await EventsAsync((await FindAsync(id))!);
        Assert.Equal(Enumerable.Range(1, 20).Select(number => (long)number), events.Select(each => each.Number));
        Assert.Equal(20, events.Select(each => each.Detail).Distinct().Count());
    }

    private static NewMessage Said(string content, string key) =>
        new(Default, One, Speaker.Session, ReplyChannel.Folder, Origin: null, key, content);

    private async Task<MessageId?> InsertAsync(NewMessage message) =>
        (await WriteAsync(writing => MessageStore.InsertAsync(writing, message, CancellationToken)))?.Id;

    private Task<Message?> FindByKeyAsync(SessionId session, string key) =>
        ReadAsync(reading => MessageStore.FindByKeyAsync(reading, session, key, CancellationToken));

    private async Task<(MessageId Message, long Priority)?> NextAsync(Speaker speaker) =>
        await ReadAsync(reading => MessageStore.NextAsync(reading, Default, speaker, CancellationToken)) is { } next
            ? (next.Message.Id, next.Priority)
            : null;

    private Task<List<ConversationId>> PendingAsync() => ReadAsync(reading => MessageStore.PendingAsync(reading, CancellationToken));

    private Task<List<Message>> UnansweredAsync(SessionId session) =>
        ReadAsync(reading => MessageStore.UnansweredAsync(reading, session, CancellationToken));

    private Task<List<MessageEvent>> EventsAsync(Message message) =>
        ReadAsync(reading => MessageStore.EventsAsync(reading, message, CancellationToken));

    private async Task AskAsync(MessageId id, long position)
    {
        var message = (await FindAsync(id))!;
        await WriteAsync(writing => MessageStore.AskAsync(writing, message, position, CancellationToken));
    }

    private Task AnswerAsync(MessageId id, long position, string? reason) =>
        WriteAsync(writing => MessageStore.AnswerAsync(writing, Default, id, position, reason, CancellationToken));
}
