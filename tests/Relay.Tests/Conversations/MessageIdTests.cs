using Relay.Conversations;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Conversations;

public sealed class MessageIdTests
{
    private static readonly DateTimeOffset Now = new(2026, 8, 1, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Newer_ids_are_greater_than_older_ones_and_than_those_of_older_relays()
    {
        var ids = Enumerable.Range(0, 50).Select(index => MessageId.New(Now.AddMinutes(index)).Value)
            .Prepend($"{Guid.CreateVersion7(Now)}")
            .ToList();

        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
    }

    [Theory]
    [InlineData("k1")]
    [InlineData("1KKKKKKKKKKKKKK")]
    [InlineData("zzzzzzzzzzzzzzz")]
    [InlineData("")]
    [InlineData(null)]
    public void What_is_no_id_of_the_relay_s_form_is_not_taken_for_one(string? text) => Assert.Null(MessageId.TryParse(text, Now));

    [Fact]
    public void An_id_that_was_made_elsewhere_is_taken_unless_it_is_from_the_future()
    {
        var made = MessageId.New(Now);

        Assert.Equal(made, MessageId.TryParse(made.Value, Now));
        Assert.Null(MessageId.TryParse(MessageId.New(Now.AddDays(1)).Value, Now));
    }
}

public abstract class ProposedIdTests(string kind) : StoreTests(kind)
{
    [Fact]
    public async Task A_proposed_id_is_given_once_and_in_one_conversation_only()
    {
        var proposed = MessageId.New(Now);

        var first = await InsertAsync(Default, "k1", proposed);
        var again = await InsertAsync(Default, "k2", proposed);
        var elsewhere = await InsertAsync(Other, "k3", proposed);

        Assert.Equal(proposed, first);
        Assert.Equal(3, new[] { first, again, elsewhere }.Distinct().Count());
    }

    private Task<MessageId> InsertAsync(ConversationId conversation, string key, MessageId proposed) => WriteAsync(async writing =>
    {
        var message = new NewMessage(conversation, One, Speaker.Session, ReplyChannel.Folder, Origin: null, key, "text")
        {
            Proposed = proposed,
        };
        return (await MessageStore.InsertAsync(writing, message, CancellationToken))!.Id;
    });
}

public sealed class SqliteProposedIdTests() : ProposedIdTests("sqlite");

public sealed class PostgresProposedIdTests() : ProposedIdTests("postgres");
