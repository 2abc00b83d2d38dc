using Relay.Conversations;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Conversations;

public sealed class SqliteSessionStoreTests() : SessionStoreTests(SqlDialect.Sqlite.Name);

public sealed class PostgresSessionStoreTests() : SessionStoreTests(SqlDialect.Postgres.Name);

/// <summary>Who the sessions are, where they belong and how they are reached.</summary>
public abstract class SessionStoreTests(string kind) : StoreTests(kind)
{
    [Fact]
    public async Task A_session_is_made_known_once_with_its_conversation_and_counted_once()
    {
        var conversation = new ConversationId("new");
        await IntroduceAsync(One, conversation);
        await IntroduceAsync(One, conversation);
        await SeenAsync(One, conversation);
        await SeenAsync(Two, conversation);

        Assert.Equal([One, Two], (await ListAsync()).Select(session => session.Id));
        Assert.Equal(2, await ReadAsync(reading => CounterStore.LastAsync(reading, CounterStore.Sessions, CancellationToken)));
        Assert.NotNull(await ReadAsync(reading => ConversationStore.FindAsync(reading, conversation, CancellationToken)));
    }

    [Fact]
    public async Task Many_messages_of_a_new_session_at_once_make_it_known_once()
    {
        await AtOnceAsync(20, async (writing, _) =>
        {
            await SessionStore.SeenAsync(writing, One, Default, ReplyChannel.Folder, CancellationToken);
            return true;
        });

        Assert.Equal(1, await ReadAsync(reading => CounterStore.LastAsync(reading, CounterStore.Sessions, CancellationToken)));
    }

    [Fact]
    public async Task One_that_was_introduced_is_not_heard_of_until_it_speaks()
    {
        await IntroduceAsync(One, Default);
        Assert.Null((await FindAsync(One))!.LastSeenAt);
        Assert.Empty(await HeardOfAsync());
        Assert.Empty(await NewestAsync(10));

        await SeenAsync(One, Default);

        Assert.Equal(Now, (await FindAsync(One))!.LastSeenAt);
        Assert.Equal([One], (await HeardOfAsync()).Select(session => session.Id));
        Assert.Equal([One], (await NewestAsync(10)).Select(session => session.Id));
    }

    [Fact]
    public async Task To_speak_again_within_a_second_is_not_written_down_but_any_change_is()
    {
        await SeenAsync(One, Default);
        var first = Now;

        Clock.Advance(TimeSpan.FromMilliseconds(999));
        await SeenAsync(One, Default);
        Assert.Equal(first, (await FindAsync(One))!.LastSeenAt);
        await SeenAsync(One, Other);
        Assert.Equal((Now, Other), ((await FindAsync(One))!.LastSeenAt, (await FindAsync(One))!.Conversation));
        await SeenAsync(One, Other, ReplyChannel.Agent);
        Assert.Equal(ReplyChannel.Agent, (await FindAsync(One))!.Channel);

        Clock.Advance(TimeSpan.FromSeconds(1));
        await SeenAsync(One, Other, ReplyChannel.Agent);
        Assert.Equal(Now, (await FindAsync(One))!.LastSeenAt);
    }

    [Fact]
    public async Task A_clock_that_was_set_back_is_followed()
    {
        await SeenAsync(One, Default);
        Clock.AdjustTime(Now.AddHours(-2));

        await SeenAsync(One, Default);

        Assert.Equal(Now, (await FindAsync(One))!.LastSeenAt);
    }

    [Fact]
    public async Task One_that_said_goodbye_is_back_when_it_speaks_even_in_the_same_instant()
    {
        await SeenAsync(One, Default);
        await WriteAsync(writing => SessionStore.EndedAsync(writing, One, CancellationToken));
        Assert.Equal(Now, (await FindAsync(One))!.EndedAt);

        await SeenAsync(One, Default);

        Assert.Null((await FindAsync(One))!.EndedAt);
    }

    [Theory]
    [InlineData(nameof(ReplyChannel.Agent), nameof(ReplyChannel.Agent))]
    [InlineData(nameof(ReplyChannel.Caller), nameof(ReplyChannel.Folder))]
    [InlineData(nameof(ReplyChannel.None), nameof(ReplyChannel.Agent))] // Only tools send notes.
    public async Task Words_nobody_asked_for_go_where_the_session_last_spoke_from(string spoke, string unasked)
    {
        await SeenAsync(One, Default, Enum.Parse<ReplyChannel>(spoke));

        Assert.Equal(Enum.Parse<ReplyChannel>(unasked), await ChannelAsync(One));
    }

    [Theory]
    [InlineData(nameof(ReplyChannel.Agent), nameof(ReplyChannel.None))]
    [InlineData(nameof(ReplyChannel.Agent), nameof(ReplyChannel.Caller))]
    [InlineData(nameof(ReplyChannel.Folder), nameof(ReplyChannel.None))]
    [InlineData(nameof(ReplyChannel.Folder), nameof(ReplyChannel.Caller))]
    public async Task A_note_and_a_call_leave_the_way_as_it_was(string known, string spoke)
    {
        await SeenAsync(One, Default, Enum.Parse<ReplyChannel>(known));
        Clock.Advance(TimeSpan.FromMinutes(1));

        await SeenAsync(One, Default, Enum.Parse<ReplyChannel>(spoke));

        Assert.Equal(Enum.Parse<ReplyChannel>(known), await ChannelAsync(One));
    }

    [Fact]
    public async Task To_speak_to_a_session_nobody_heard_of_makes_it_known_with_the_folder()
    {
        Assert.Equal(ReplyChannel.Folder, await ChannelAsync(One));

        Assert.Equal((Default, null), ((await FindAsync(One))!.Conversation, (await FindAsync(One))!.LastSeenAt));
    }

    [Fact]
    public async Task Those_heard_of_last_come_first_and_no_more_than_asked_for()
    {
        foreach (var number in Enumerable.Range(1, 5))
        {
            await SeenAsync(SessionId.Stored($"s{number}"), number == 4 ? Other : Default);
            Clock.Advance(TimeSpan.FromSeconds(2));
        }
        await SeenAsync(SessionId.Stored("s1"), Default);

        Assert.Equal(["s1", "s5", "s4"], (await NewestAsync(3)).Select(session => session.Id.Value));
        Assert.Equal(["s1", "s5", "s3", "s2"], (await HeardOfAsync()).Select(session => session.Id.Value));
    }

    [Fact]
    public async Task A_conversation_has_an_agent_while_one_of_its_sessions_is_reached_through_hooks()
    {
        await SeenAsync(One, Default);
        Assert.False(await HasAgentAsync(Default));
        await SeenAsync(Two, Default, ReplyChannel.Agent);
        Assert.True(await HasAgentAsync(Default));
        Assert.False(await HasAgentAsync(Other));

        await SeenAsync(Two, Default);

        Assert.False(await HasAgentAsync(Default));
    }

    [Fact]
    public async Task Names_of_a_conversation_are_known_letter_by_letter()
    {
        await SeenAsync(One, Default);
        await SeenAsync(SessionId.Stored("a_b"), Default);
        await SeenAsync(Two, Other);

        var known = await ReadAsync(reading => SessionStore.KnownAsync(
            reading, Default, ["session-1", "session-2", "SESSION-1", "session_1", "a_b", "a-b", "%", Unusual], CancellationToken));

        Assert.Equal(["a_b", "session-1"], known.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task All_sessions_are_listed_in_the_order_of_the_bytes_of_their_names()
    {
        string[] names = ["-", "9", "A", "B", "_", "a", "a-1", "aB", "a_1", "ab"];
        foreach (var name in names.Reverse())
            await SeenAsync(SessionId.Stored(name), Default);

        Assert.Equal(names, (await ListAsync()).Select(session => session.Id.Value));
        Assert.Equal(names, await ReadAsync(reading => SessionStore.NamesAsync(reading, CancellationToken)));
    }

    private Task SeenAsync(SessionId session, ConversationId conversation, ReplyChannel channel = ReplyChannel.Folder) =>
        WriteAsync(writing => SessionStore.SeenAsync(writing, session, conversation, channel, CancellationToken));

    private Task IntroduceAsync(SessionId session, ConversationId conversation) =>
        WriteAsync(writing => SessionStore.IntroduceAsync(writing, session, conversation, CancellationToken));

    private Task<Session?> FindAsync(SessionId session) =>
        ReadAsync(reading => SessionStore.FindAsync(reading, session, CancellationToken));

    private Task<List<Session>> ListAsync() => ReadAsync(reading => SessionStore.ListAsync(reading, CancellationToken));

    private Task<List<Session>> HeardOfAsync() => ReadAsync(reading => SessionStore.HeardOfAsync(reading, Default, 10, CancellationToken));

    private Task<List<Session>> NewestAsync(int limit) => ReadAsync(reading => SessionStore.NewestAsync(reading, limit, CancellationToken));

    private Task<ReplyChannel> ChannelAsync(SessionId session) =>
        WriteAsync(writing => SessionStore.ChannelAsync(writing, session, Default, CancellationToken));

    private Task<bool> HasAgentAsync(ConversationId conversation) =>
        ReadAsync(reading => SessionStore.HasAgentAsync(reading, conversation, CancellationToken));
}
