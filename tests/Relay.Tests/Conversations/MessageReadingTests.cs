using CsCheck;
using Relay.Conversations;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Conversations;

public sealed class SqliteMessageReadingTests() : MessageReadingTests(SqlDialect.Sqlite.Name);

public sealed class PostgresMessageReadingTests() : MessageReadingTests(SqlDialect.Postgres.Name);

/// <summary>What people and the status are told about messages.</summary>
public abstract class MessageReadingTests(string kind) : StoreTests(kind)
{
    /// <summary>That a reply is placed is told of a message and never stored with it.</summary>
    private static readonly MessageState[] States = Enum.GetValues<MessageState>().Except([MessageState.Placed]).ToArray();

    [Fact]
    public async Task The_groups_are_what_counting_the_messages_one_by_one_gives()
    {
        var said = Gen.Select(Gen.Int[0, 3], Gen.Bool, Gen.Bool, Gen.Int[0, States.Length - 1], Gen.Int[0, 3]);

        await said.List[0, 30].SampleAsync(
            async messages =>
            {
                await WriteAsync(async writing =>
                {
                    await writing.Sql("DELETE FROM messages").ExecuteAsync(CancellationToken);
                    await writing.Sql("DELETE FROM message_events").ExecuteAsync(CancellationToken);
                });
                foreach (var (session, isOther, isOperators, state, minutes) in messages)
                    await SayAsync(session, isOther ? Other : Default, isOperators, States[state], minutes);

                var groups = await ReadAsync(reading => MessageStore.UnansweredGroupsAsync(reading, CancellationToken));

                Assert.Equal(
                    (await AllAsync()).Where(message => message.IsUnanswered).GroupBy(Key).Select(GroupOf).OrderBy(group => $"{group}"),
                    groups.OrderBy(group => $"{group}"));
            },
            iter: 30, threads: 1);
    }

    [Fact]
    public async Task Without_a_message_there_is_no_group_and_nothing_held()
    {
        await ChangeAsync(await SayAsync(One), MessageState.Consumed);

        Assert.Empty(await ReadAsync(reading => MessageStore.UnansweredGroupsAsync(reading, CancellationToken)));
        Assert.Empty(await ReadAsync(reading => MessageStore.HeldAsync(reading, CancellationToken)));
        Assert.Empty(await ReadAsync(reading => MessageStore.AskingAsync(reading, CancellationToken)));
    }

    [Fact]
    public async Task What_is_held_and_what_is_asked_come_oldest_first_over_all_conversations()
    {
        var messages = new List<MessageId>();
        foreach (var session in new[] { Two, One, Two, One })
        {
            messages.Add(await SayAsync(session));
            Clock.Advance(TimeSpan.FromSeconds(1));
        }
        await ChangeAsync(messages[2], new Change(MessageState.Held, HoldCause.Model, "no"));
        await ChangeAsync(messages[0], new Change(MessageState.Held, HoldCause.Refusal, "no"));
        await ChangeAsync(messages[3], MessageState.Asking);
        await ChangeAsync(messages[1], MessageState.Asking);

        var held = await ReadAsync(reading => MessageStore.HeldAsync(reading, CancellationToken));
        var asking = await ReadAsync(reading => MessageStore.AskingAsync(reading, CancellationToken));

        Assert.Equal([messages[0], messages[2]], held.Select(message => message.Id));
        Assert.Equal([messages[1], messages[3]], asking.Select(message => message.Id));
    }

    [Fact]
    public async Task The_oldest_of_a_group_is_its_own()
    {
        var older = await SayAsync(Two);
        Clock.Advance(TimeSpan.FromSeconds(1));
        var first = await SayAsync(One);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await SayAsync(One);
        var groups = await ReadAsync(reading => MessageStore.UnansweredGroupsAsync(reading, CancellationToken));

        foreach (var (session, oldest) in new[] { (One, first), (Two, older) })
        {
            var group = groups.Single(group => group.Session == session);
            Assert.Equal(oldest, (await ReadAsync(reading => MessageStore.OldestAsync(reading, group, CancellationToken)))!.Id);
        }
    }

    [Fact]
    public async Task A_session_waits_for_what_it_said_itself_and_in_the_conversation_where_it_said_it()
    {
        var first = await SayAsync(One);
        var second = await SayAsync(One, conversation: Other);
        await RuleAsync();
        await ChangeAsync(await SayAsync(One), MessageState.Answered);

        var waits = await ReadAsync(reading => MessageStore.UnansweredAsync(reading, One, CancellationToken));

        Assert.Equal([first, second], waits.Select(message => message.Id));
        Assert.True(await IsWaitingAsync(One, Other));
        Assert.False(await IsWaitingAsync(Two, Default));
        await ChangeAsync(second, MessageState.Dead, Other);
        Assert.False(await IsWaitingAsync(One, Other));
    }

    [Fact]
    public async Task A_message_and_the_answers_to_what_it_raised_are_a_family_from_whichever_it_is_asked()
    {
        var root = await SayAsync(One);
        await SayAsync(Two);
        var answer = await RuleAsync("left", root);
        await RuleAsync("unasked");
        var second = await RuleAsync("and hurry", root);

        foreach (var member in new[] { root, answer, second })
        {
            var message = (await FindAsync(member))!;
            var family = await ReadAsync(reading => MessageStore.FamilyAsync(reading, message, CancellationToken));
            Assert.Equal([root, answer, second], family.Select(each => each.Id));
        }
    }

    private static (SessionId Session, ConversationId Conversation, MessageState State, Speaker Speaker) Key(Message message) =>
        (message.Session, message.Conversation, message.State, message.Speaker);

    private static UnansweredGroup GroupOf(
        IGrouping<(SessionId Session, ConversationId Conversation, MessageState State, Speaker Speaker), Message> group) =>
        new(
            group.Key.Session, group.Key.Conversation, group.Key.State, group.Key.Speaker, group.Count(),
            group.Min(message => message.AcceptedAt), group.Min(message => message.DueAt), group.Min(message => message.ChangedAt));

    private Task<List<Message>> AllAsync() => ReadAsync(
        reading => reading.Sql($"SELECT {Message.Columns} FROM messages").ListAsync(Message.From, CancellationToken));

    private async Task SayAsync(int session, ConversationId conversation, bool isOperators, MessageState state, int minutes)
    {
        Clock.Advance(TimeSpan.FromMinutes(minutes));
        var id = isOperators
            ? await RuleAsync(conversation: conversation)
            : await SayAsync(SessionId.Stored($"session-{session}"), conversation: conversation);
        Clock.Advance(TimeSpan.FromMinutes(minutes));
        if (state != MessageState.Accepted)
            await ChangeAsync(id, new Change(state, DueAt: minutes == 0 ? null : Now.AddMinutes(minutes)), conversation);
    }

    private Task<bool> IsWaitingAsync(SessionId session, ConversationId conversation) =>
        ReadAsync(reading => MessageStore.IsWaitingAsync(reading, session, conversation, CancellationToken));
}
