using Relay.Conversations;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Conversations;

public sealed class SqliteBacklogTests() : BacklogTests(SqlDialect.Sqlite.Name);

public sealed class PostgresBacklogTests() : BacklogTests(SqlDialect.Postgres.Name);

/// <summary>What waits, for how long, and for whom.</summary>
public abstract class BacklogTests(string kind) : StoreTests(kind)
{
    [Fact]
    public async Task An_empty_backlog_has_no_age()
    {
        await ChangeAsync(await SayAsync(One), MessageState.Answered);

        var backlog = await ReadBacklogAsync();

        Assert.Equal((0, null, null, null), (backlog.Count, backlog.OldestAt, backlog.DeferredUntil, backlog.OldestMoving()));
        Assert.Empty(backlog.Held);
    }

    [Fact]
    public async Task It_counts_all_that_has_no_answer_and_knows_the_oldest_and_the_first_that_is_due()
    {
        var start = Now;
        foreach (var minutes in new[] { 5, 3, 4 })
        {
            var id = await SayAsync(minutes == 4 ? Two : One, conversation: minutes == 4 ? Other : Default);
            await ChangeAsync(
                id, new Change(MessageState.Deferred, Reason: "later", DueAt: start.AddMinutes(minutes)), minutes == 4 ? Other : Default);
            Clock.Advance(TimeSpan.FromSeconds(10));
        }
        await SayAsync(One);

        var backlog = await ReadBacklogAsync();

        Assert.Equal((4, start, start.AddMinutes(3)), (backlog.Count, backlog.OldestAt, backlog.DeferredUntil));
    }

    [Fact]
    public async Task What_waits_for_the_operator_does_not_count_as_stuck_but_his_own_words_do()
    {
        var asker = await SayAsync(One);
        await ChangeAsync(asker, MessageState.Waiting);
        await WriteAsync(writing => ConversationStore.WaitForAsync(writing, Default, 1, CancellationToken));
        await SayAsync(Two);
        Assert.Null((await ReadBacklogAsync()).OldestMoving());

        await RuleAsync();

        Assert.Equal(Speaker.Operator, (await ReadBacklogAsync()).OldestMoving()!.Speaker);
    }

    [Fact]
    public async Task What_stands_behind_a_held_message_is_not_stuck_but_another_conversations_is()
    {
        await ChangeAsync(await SayAsync(One), new Change(MessageState.Held, HoldCause.Model, "no"));
        await SayAsync(Two);
        Assert.Null((await ReadBacklogAsync()).OldestMoving());

        await SayAsync(Two, conversation: Other);

        Assert.Equal(Other, (await ReadBacklogAsync()).OldestMoving()!.Conversation);
    }

    [Fact]
    public async Task An_answered_question_starts_the_wait_of_its_conversation_anew()
    {
        await SayAsync(One);
        await SayAsync(Two, conversation: Other);
        var said = Now;
        await WriteAsync(writing => ConversationStore.WaitForAsync(writing, Default, 1, CancellationToken));
        Clock.Advance(TimeSpan.FromHours(1));
        await WriteAsync(writing => ConversationStore.GoOnAsync(writing, Default, 1, CancellationToken));

        var backlog = await ReadBacklogAsync();

        Assert.Equal(
            [Now, said],
            backlog.Groups.OrderBy(group => group.Conversation.Value, StringComparer.Ordinal).Select(backlog.Since));
        Assert.Equal(Other, backlog.OldestMoving()!.Conversation);
    }

    [Theory]
    [InlineData(nameof(MessageState.Accepted))]
    [InlineData(nameof(MessageState.Dead))]
    public async Task What_stood_behind_a_hold_waits_from_its_end_be_it_released_or_given_up(string end)
    {
        var held = await SayAsync(One);
        await ChangeAsync(held, new Change(MessageState.Held, HoldCause.Model, "no"));
        await SayAsync(Two);
        Clock.Advance(TimeSpan.FromHours(8));

        await ChangeAsync(held, new Change(Enum.Parse<MessageState>(end), DueAt: Now));

        var backlog = await ReadBacklogAsync();
        Assert.All(backlog.Groups, group => Assert.Equal(Now, backlog.Since(group)));
        Assert.NotNull(backlog.OldestMoving());
    }

    [Fact]
    public async Task What_stood_behind_a_hold_until_a_time_waits_from_when_that_came()
    {
        var held = await SayAsync(One);
        await ChangeAsync(held, new Change(MessageState.Held, HoldCause.Budget, "no", Now.AddHours(8)));
        await SayAsync(Two);
        Clock.Advance(TimeSpan.FromHours(8));

        var message = (await FindAsync(held))!;
        await WriteAsync(writing => MessageStore.AskAsync(writing, message, 1, CancellationToken));

        var backlog = await ReadBacklogAsync();
        Assert.All(backlog.Groups, group => Assert.Equal(Now, backlog.Since(group)));
    }

    private Task<Backlog> ReadBacklogAsync() => ReadAsync(reading => Backlog.ReadAsync(reading, CancellationToken));
}
