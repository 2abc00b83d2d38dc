using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>What the operator had said to 0.1.0 is a ruling, as what he says now.</summary>
public sealed class MigratedRulingsTests : IAsyncLifetime
{
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _relay = await TempRelay.CreateAsync("accept_unknown_sessions: true", kind: SqlDialect.Sqlite.Name);
        _relay.Clock.SetUtcNow(OldDatabase.KilledAt);
        await _relay.RestartOnAsync(OldDatabase.Original);
    }

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task Each_has_a_number_in_the_order_of_time_its_words_and_its_question()
    {
        var rulings = await _relay.ReadAsync(
            $"SELECT {RulingRecord.Columns} FROM rulings WHERE message_id IS NULL OR message_id IN "
            + "(SELECT message_id FROM entries WHERE ruling = 1) ORDER BY ruling_id",
            RulingRecord.From);
        var said = await _relay.ReadAsync(
            "SELECT content, question FROM entries WHERE ruling = 1 ORDER BY at, conversation_id, position",
            row => (row.Text(), row.TextOrNull()));

        Assert.NotEmpty(said);
        Assert.Equal(said, rulings.Select(each => (each.Content, each.Asked)));
        Assert.Equal(Enumerable.Range(1, said.Count).Select(number => (long)number), rulings.Select(each => each.Id));
        Assert.All(rulings, each => Assert.Equal(RulingScope.Conversation, each.Scope));
        Assert.All(rulings, each => Assert.Equal(each.Asked is null, each.Question is null));
        Assert.Equal(0, await _relay.CountAsync("SELECT COUNT(*) FROM entries WHERE ruling = 1 AND (ruling_id IS NULL OR note IS NULL)"));
    }

    [Fact]
    public async Task The_next_one_has_the_next_number()
    {
        var newest = await _relay.CountAsync("SELECT MAX(ruling_id) FROM rulings");

        Assert.IsType<Answers.Outcome.Accepted>(await _relay.AnswerAsync("red", question: 4));

        Assert.Equal(newest + 1, await _relay.CountAsync("SELECT MAX(ruling_id) FROM rulings"));
    }

    [Fact]
    public async Task The_advisor_sees_the_numbers_and_may_cite_them()
    {
        var ruling = (await _relay.ReadAsync(reading => RulingStore.StandingAsync(reading, CancellationToken)))
            .Find(each => each.Conversation == new ConversationId("default"))!;
        await _relay.TakeTurnsAsync();
        _relay.Advisor.Reply($"As [ruling {ruling.Id}] says.");
        await _relay.AcceptAsync("session-1", "and?");
        await _relay.TakeTurnsAsync();

        Assert.Contains(
            _relay.Advisor.Calls.SelectMany(call => call.Messages).SelectMany(message => message.Blocks),
            block => block.Contains($"ruling {ruling.Id}", StringComparison.Ordinal));
        Assert.Equal(1, (await _relay.ReadAsync(reading => RulingStore.FindAsync(reading, ruling.Id, CancellationToken)))!.Uses);
    }
}
