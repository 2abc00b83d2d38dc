using System.Data.Common;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Dispatch;

public sealed class SqliteOutboxTests() : OutboxTests(SqlDialect.Sqlite.Name);

public sealed class PostgresOutboxTests() : OutboxTests(SqlDialect.Postgres.Name);

/// <summary>One reply per entry and session, in the session's order, each delivered once.</summary>
public abstract class OutboxTests(string kind) : StoreTests(kind)
{
    private static readonly SessionId Three = SessionId.Stored("session-3");
    private long _position;

    [Fact]
    public async Task What_an_entry_says_to_a_session_is_sent_once()
    {
        await EnqueueAsync(Reply(One) with { Position = 7 });
        await EnqueueAsync(Reply(Two) with { Position = 7 });
        await EnqueueAsync(Reply(One) with { Position = 7, Conversation = Other });

        await Assert.ThrowsAnyAsync<DbException>(() => EnqueueAsync(Reply(One) with { Position = 7 }));

        Assert.Equal([("session-1", 2L), ("session-2", 1L)], (await UndeliveredAsync()).Order());
        await EnqueueAsync(Reply(One));
        Assert.Equal([1L, 2L, 3L], await NumbersAsync(One)); // What was refused took no number.
    }

    [Fact]
    public async Task A_sessions_open_replies_are_numbered_once_each_in_the_order_they_were_made_by_whatever_channel()
    {
        ReplyChannel[] channels = [ReplyChannel.Folder, ReplyChannel.Agent, ReplyChannel.Caller];
        await AtOnceAsync(30, async (writing, writer) =>
        {
            await Outbox.EnqueueAsync(writing, new NewReply(Default, writer + 1, One, channels[writer % 3], "Do it."), CancellationToken);
            return true;
        });
        Assert.Equal(Enumerable.Range(1, 30).Select(number => (long)number), await NumbersAsync(One));

        foreach (var reply in await ForCallersAsync())
            await WriteAsync(writing => Outbox.ToFolderAsync(writing, reply, CancellationToken));
        Assert.Equal(Enumerable.Range(1, 30).Select(number => (long)number), await NumbersAsync(One));
        await ConsumeAsync((await HeadsAsync())[0]);
        await EnqueueAsync(Reply(One));
        Assert.Equal(31, (await NumbersAsync(One))[^1]);
    }

    [Fact]
    public async Task A_text_of_any_kind_and_length_is_sent_as_it_is()
    {
        string[] texts = [Unusual, "", new string('x', 1 << 20)];
        foreach (var text in texts)
            await EnqueueAsync(Reply(One, ReplyChannel.Agent) with { Content = text });

        Assert.Equal(texts, (await ForAgentAsync(One)).Select(reply => reply.Content));
    }

    [Fact]
    public async Task Each_session_with_a_folder_has_its_first_open_reply_at_the_head()
    {
        await EnqueueAsync(Reply(Two) with { Content = "first of two" });
        await EnqueueAsync(Reply(One) with { Content = "first of one" });
        await EnqueueAsync(Reply(One) with { Content = "second of one" });
        await EnqueueAsync(Reply(Three, ReplyChannel.Agent));
        await EnqueueAsync(Reply(Three, ReplyChannel.Caller));
        Assert.Equal(["first of one", "first of two"], (await HeadsAsync()).Select(head => head.Content));

        await ConsumeAsync((await HeadsAsync())[0]);
        Assert.Equal(["second of one", "first of two"], (await HeadsAsync()).Select(head => head.Content));

        foreach (var head in await HeadsAsync())
            await ConsumeAsync(head);
        Assert.Empty(await HeadsAsync());
    }

    [Fact]
    public async Task The_heads_are_found_whatever_lies_between_them()
    {
        for (var number = 0; number < 300; number++)
        {
            var session = SessionId.Stored($"s-{number % 30:00}");
            await EnqueueAsync(Reply(session, number % 2 == 0 ? ReplyChannel.Folder : ReplyChannel.Agent) with { Content = $"{number}" });
        }

        var folder = await HeadsAsync();
        var agents = await ReadAsync(reading => Outbox.AgentHeadsAsync(reading, CancellationToken));

        Assert.Equal(Enumerable.Range(0, 15).Select(number => $"{number * 2}"), folder.Select(head => head.Content));
        Assert.Equal(Enumerable.Range(0, 15).Select(number => $"{(number * 2) + 1}"), agents.Select(head => head.Content));
    }

    [Fact]
    public async Task A_reply_goes_from_ready_over_staged_and_placed_to_consumed_with_its_times()
    {
        var message = await SayAsync(One);
        await EnqueueAsync(Reply(One) with { Message = message });
        var reply = Assert.Single(await HeadsAsync());
        Assert.Equal((DispatchState.Ready, message, 1), (reply.State, reply.Message, reply.Number));
        Assert.True(await HasUnplacedAsync(One));

        await WriteAsync(writing => Outbox.StagedAsync(writing, reply, CancellationToken));
        Assert.Equal(DispatchState.Staged, (await HeadsAsync())[0].State);
        Assert.Equal([reply.Id], await StagedNamesAsync());
        Clock.Advance(TimeSpan.FromSeconds(1));
        await PlaceAsync(reply);
        Assert.Equal((DispatchState.Placed, ""), ((await HeadsAsync())[0].State, (await HeadsAsync())[0].Content)); // It is in the folder.
        Assert.False(await HasUnplacedAsync(One));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await ConsumeAsync((await HeadsAsync())[0]);

        Assert.Empty(await StagedNamesAsync());
        var record = await RecordOfAsync(message, reply.Position);
        Assert.Equal("consumed", record.State);
        Assert.Equal((Now.AddSeconds(-2), Now.AddSeconds(-1), Now), (record.CreatedAt, record.PlacedAt, record.ConsumedAt));
    }

    [Fact]
    public async Task A_reply_is_consumed_once_and_stays_so()
    {
        var message = await SayAsync(One);
        await EnqueueAsync(Reply(One) with { Message = message });
        var reply = Assert.Single(await HeadsAsync());

        var first = await AtOnceAsync(10, (writing, _) => Outbox.ConsumedAsync(writing, reply, CancellationToken));
        var consumedAt = Now;
        Clock.Advance(TimeSpan.FromSeconds(1));
        await PlaceAsync(reply);
        await WriteAsync(writing => Outbox.StagedAsync(writing, reply, CancellationToken));

        Assert.Single(first, true);
        Assert.Empty(await HeadsAsync());
        var record = await RecordOfAsync(message, reply.Position);
        Assert.Equal(("consumed", null, consumedAt), (record.State, record.PlacedAt, record.ConsumedAt));
    }

    [Fact]
    public async Task Where_a_reply_last_went_is_told_by_whatever_way_it_did()
    {
        await EnqueueAsync(Reply(One));
        await EnqueueAsync(Reply(Two, ReplyChannel.Agent));
        Assert.Null(await LastDispatchAsync());

        await PlaceAsync((await HeadsAsync())[0]);
        await WriteAsync(writing => Outbox.NoteLastAsync(writing, One, Now, CancellationToken)); // The dispatcher does, for many at once.
        var placed = $"{Now.ToUnixTimeMilliseconds()} session-1";
        Assert.Equal(placed, await LastDispatchAsync());
        Clock.Advance(TimeSpan.FromSeconds(1));
        await ConsumeAsync((await HeadsAsync())[0]);
        Assert.Equal(placed, await LastDispatchAsync()); // That it was taken is no further dispatch.
        await ConsumeAsync((await ForAgentAsync(Two))[0]);
        Assert.Equal($"{Now.ToUnixTimeMilliseconds()} session-2", await LastDispatchAsync());
    }

    [Fact]
    public async Task After_a_reply_comes_the_next_of_its_session_for_the_folder()
    {
        await EnqueueAsync(Reply(One) with { Content = "1" });
        await EnqueueAsync(Reply(One, ReplyChannel.Caller) with { Content = "2" });
        await EnqueueAsync(Reply(Two) with { Content = "of two" });
        await EnqueueAsync(Reply(One) with { Content = "3" });
        var head = (await HeadsAsync())[0];

        var next = await ReadAsync(reading => Outbox.NextForFolderAsync(reading, head, CancellationToken));

        Assert.Equal(("3", 3), (next!.Content, next.Number));
        Assert.Null(await ReadAsync(reading => Outbox.NextForFolderAsync(reading, next, CancellationToken)));
    }

    [Fact]
    public async Task A_reply_written_ahead_has_the_name_of_its_file_from_the_start()
    {
        await EnqueueAsync(Reply(One) with { StagedAs = "written-ahead" });
        await EnqueueAsync(Reply(Two));

        Assert.Equal(["written-ahead"], await StagedNamesAsync());
        Assert.Equal(("written-ahead", DispatchState.Staged), ((await HeadsAsync())[0].Id, (await HeadsAsync())[0].State));
    }

    [Fact]
    public async Task What_a_caller_gave_up_goes_to_the_folder_but_not_what_he_took()
    {
        await EnqueueAsync(Reply(One, ReplyChannel.Caller) with { Content = "given up" });
        await EnqueueAsync(Reply(Two, ReplyChannel.Caller) with { Content = "taken" });
        var waiting = await ForCallersAsync();
        Assert.Equal(["given up", "taken"], waiting.Select(reply => reply.Content).Order());
        await ConsumeAsync(waiting.Single(reply => reply.Session == Two));

        foreach (var reply in waiting)
            await WriteAsync(writing => Outbox.ToFolderAsync(writing, reply, CancellationToken));

        Assert.Equal(["given up"], (await HeadsAsync()).Select(head => head.Content));
        Assert.Empty(await ForCallersAsync());
    }

    [Fact]
    public async Task The_reply_to_a_message_is_the_one_that_answers_it_at_its_position()
    {
        var message = await SayAsync(One);
        Assert.Null(await ReplyToAsync(message));
        await EnqueueAsync(Reply(One) with { Content = "of another turn" });
        await EnqueueAsync(Reply(One) with { Position = 9, Message = message, Content = "the answer" });
        await EnqueueAsync(Reply(Two) with { Position = 9, Content = "the part for another" });

        await WriteAsync(writing => MessageStore.AnswerAsync(writing, Default, message, 9, reason: null, CancellationToken));

        Assert.Equal("the answer", (await ReplyToAsync(message))!.Content);
        Assert.Null(await ReadAsync(reading => Outbox.ReplyToAsync(reading, message: null, CancellationToken)));
    }

    private NewReply Reply(SessionId session, ReplyChannel channel = ReplyChannel.Folder) =>
        new(Default, ++_position + 100, session, channel, "Do it.");

    private Task EnqueueAsync(NewReply reply) => WriteAsync(writing => Outbox.EnqueueAsync(writing, reply, CancellationToken));

    private Task PlaceAsync(OutboundReply reply) => WriteAsync(writing => Outbox.PlacedAsync(writing, reply, CancellationToken));

    private async Task ConsumeAsync(OutboundReply reply) =>
        Assert.True(await WriteAsync(writing => Outbox.ConsumedAsync(writing, reply, CancellationToken)));

    /// <summary>In the order of their sessions.</summary>
    private async Task<List<OutboundReply>> HeadsAsync()
    {
        var heads = await ReadAsync(reading => Outbox.FolderHeadsAsync(reading, CancellationToken));
        return heads.OrderBy(head => head.Session.Value, StringComparer.Ordinal).ToList();
    }

    private Task<List<OutboundReply>> ForAgentAsync(SessionId session) =>
        ReadAsync(reading => Outbox.ForAgentAsync(reading, session, CancellationToken));

    private Task<List<OutboundReply>> ForCallersAsync() => ReadAsync(reading => Outbox.ForCallersAsync(reading, CancellationToken));

    private Task<bool> HasUnplacedAsync(SessionId session) =>
        ReadAsync(reading => Outbox.HasUnplacedAsync(reading, session, CancellationToken));

    private Task<List<string>> StagedNamesAsync() => ReadAsync(reading => Outbox.StagedNamesAsync(reading, CancellationToken));

    private async Task<List<(string Session, long Count)>> UndeliveredAsync() =>
        await ReadAsync(reading => Outbox.UndeliveredAsync(reading, CancellationToken));

    private Task<string?> LastDispatchAsync() =>
        ReadAsync(reading => FactStore.FindAsync(reading, FactStore.LastDispatch, CancellationToken));

    private Task<List<long>> NumbersAsync(SessionId session) => ReadAsync(
        reading => reading.Sql("SELECT number FROM dispatches WHERE session_id = @session ORDER BY number").With("@session", session.Value)
            .ListAsync(row => row.Number(), CancellationToken));

    private async Task<OutboundReply?> ReplyToAsync(MessageId id)
    {
        var message = await FindAsync(id);
        return await ReadAsync(reading => Outbox.ReplyToAsync(reading, message, CancellationToken));
    }

    private async Task<DispatchRecord> RecordOfAsync(MessageId id, long position)
    {
        var message = (await FindAsync(id))! with { ReplyPosition = position };
        return (await ReadAsync(reading => Outbox.RecordOfAsync(reading, message, CancellationToken)))!;
    }
}
