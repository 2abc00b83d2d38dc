using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Operator.Rulings;

public sealed class SqliteRulingStoreTests() : RulingStoreTests(SqlDialect.Sqlite.Name);

public sealed class PostgresRulingStoreTests() : RulingStoreTests(SqlDialect.Postgres.Name);

public abstract class RulingStoreTests(string kind) : StoreTests(kind)
{
    [Fact]
    public async Task What_is_added_is_found_as_it_was_said()
    {
        var message = await RuleAsync(Unusual);
        var added = await AddAsync(Unusual, RulingScope.Always, message);

        Assert.Equal(added, await FindAsync(added.Id));
        Assert.Equal(added, await ReadAsync(reading => RulingStore.OfMessageAsync(reading, Default, message, CancellationToken)));
        Assert.Equal([added], await ReadAsync(reading => RulingStore.NewestAsync(reading, 5, CancellationToken)));
        Assert.Equal((1L, added), Assert.Single(await ReadAsync(reading => RulingStore.ForAllSinceAsync(reading, 0, CancellationToken))));
        Assert.Empty(await ReadAsync(reading => RulingStore.ForAllSinceAsync(reading, 1, CancellationToken)));
    }

    [Fact]
    public async Task One_ends_once_and_then_counts_no_more()
    {
        var ruling = await AddAsync("Tabs.", RulingScope.Conversation);
        var ended = await AtOnceAsync(4, (writing, each) =>
            RulingStore.EndAsync(writing, ruling, $"by {each}", by: each == 0 ? 7 : null, CancellationToken));

        Assert.Single(ended, each => each);
        Assert.Empty(await ReadAsync(reading => RulingStore.StandingAsync(reading, CancellationToken)));
        Assert.Empty(await ReadAsync(reading => RulingStore.SizesAsync(reading, CancellationToken)));
        Assert.False(await WriteAsync(writing => RulingStore.SetScopeAsync(writing, ruling, RulingScope.Always, CancellationToken)));
        Assert.False((await FindAsync(ruling.Id))!.HoldsIn(Default));
    }

    [Fact]
    public async Task What_a_conversation_carries_is_its_own_and_what_holds_for_all()
    {
        await AddAsync("12345", RulingScope.Conversation);
        await AddAsync("123", RulingScope.Always, conversation: Other);
        await AddAsync("1234567", RulingScope.Once);

        var carried = RulingBudget.Carried(await ReadAsync(reading => RulingStore.SizesAsync(reading, CancellationToken)));

        Assert.Equal(
            [new RulingSize(Default, RulingScope.Conversation, 2, 8), new RulingSize(Other, RulingScope.Conversation, 1, 3)], carried);
    }

    [Fact]
    public async Task Uses_are_counted_by_the_message_they_settled()
    {
        var ruling = await AddAsync("Tabs.", RulingScope.Conversation);
        var (one, two) = ((await FindAsync(await SayAsync(One)))!, (await FindAsync(await SayAsync(Two)))!);
        await WriteAsync(async writing =>
        {
            await RulingUses.AddAsync(writing, ruling, one, 2, CancellationToken);
            var other = new NewRuling(Default, Message: null, "Spaces.", RulingScope.Conversation);
            await RulingUses.AddAsync(
                writing, await RulingStore.AddAsync(writing, other, CancellationToken), one, 2, CancellationToken);
            await RulingUses.AddAsync(writing, ruling, two, 4, CancellationToken);
            await RulingUses.OverturnAsync(writing, Default, one.Id, 9, CancellationToken);
        });

        Assert.Equal((2L, 1L), await ReadAsync(reading => RulingUses.CountSinceAsync(reading, Now, CancellationToken)));
        Assert.Equal([1L, 2L], (await ReadAsync(reading => RulingUses.BetweenAsync(reading, Default, 1, 2, CancellationToken)))
            .Select(use => use.Ruling));
        Assert.Equal([9L, 9L], (await ReadAsync(reading => RulingUses.OfMessageAsync(reading, Default, one.Id, CancellationToken)))
            .Select(use => use.OverturnedBy!.Value));
        Assert.Equal([3L, 1L], (await ReadAsync(reading => RulingUses.OfAsync(reading, ruling.Id, 5, CancellationToken)))
            .Select(use => use.Id));
    }

    [Fact]
    public async Task What_is_answered_is_counted_with_the_time_it_took()
    {
        var message = await SayAsync(One);
        await WriteAsync(async writing =>
        {
            var asked = new NewQuestion(Default, message, One, QuestionKind.Escalation, "Tabs?")
            {
                Escalation = new Escalation([new("a", "tabs", true)], TimeSpan.FromHours(1), "a"),
            };
            await QuestionStore.OpenAsync(writing, asked, CancellationToken);
        });
        Clock.Advance(TimeSpan.FromMinutes(10));
        var open = Assert.Single(await ReadAsync(reading => QuestionStore.OpenAsync(reading, CancellationToken)));
        Assert.Equal((new("a", "tabs", true), "a", Now + TimeSpan.FromMinutes(50)), (open.Options[0], open.DefaultOption, open.Deadline));
        await WriteAsync(writing => QuestionStore.CloseAsync(
            writing, open, new Answer("the test", "a", message) { Chosen = "a", ByDefault = true }, CancellationToken));

        Assert.Equal(
            new AnsweredQuestions(1, 1, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10)),
            await ReadAsync(reading => QuestionStore.AnsweredSinceAsync(reading, Now - TimeSpan.FromDays(1), CancellationToken)));
    }

    private Task<RulingRecord> AddAsync(
        string words, RulingScope scope, MessageId? message = null, ConversationId? conversation = null) =>
        WriteAsync(writing => RulingStore.AddAsync(
            writing, new NewRuling(conversation ?? Default, message, words, scope), CancellationToken));

    private Task<RulingRecord?> FindAsync(long number) =>
        ReadAsync(reading => RulingStore.FindAsync(reading, number, CancellationToken));
}
