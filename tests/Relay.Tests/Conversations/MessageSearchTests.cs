using Relay.Conversations;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Conversations;

public sealed class SqliteMessageSearchTests() : MessageSearchTests(SqlDialect.Sqlite.Name);

public sealed class PostgresMessageSearchTests() : MessageSearchTests(SqlDialect.Postgres.Name);

/// <summary>A person finds a message by any part of its id that stands at an end, or by the id its envelope had.</summary>
public abstract class MessageSearchTests(string kind) : StoreTests(kind)
{
    [Fact]
    public async Task A_message_is_found_by_its_id_in_whatever_conversation()
    {
        var first = await SayAsync(One);
        var second = await SayAsync(One, conversation: Other);

        Assert.Equal([first], await FindAsync(first.Value));
        Assert.Equal([second], await FindAsync(second.Value));
    }

    [Fact]
    public async Task Two_messages_close_in_time_are_told_apart_by_the_end_of_their_ids()
    {
        var ids = new List<MessageId>();
        for (var count = 0; count < 5; count++)
            ids.Add(await SayAsync(One));

        foreach (var id in ids)
            Assert.Equal([id], await FindAsync(id.Value[^12..]));
    }

    [Fact]
    public async Task The_beginning_of_an_id_finds_all_that_begin_so_newest_first()
    {
        var older = await SayAsync(One);
        Clock.Advance(TimeSpan.FromHours(1));
        var newer = await SayAsync(Two, conversation: Other);
        Clock.Advance(TimeSpan.FromDays(10_000));
        await SayAsync(One);

        Assert.Equal([newer, older], await FindAsync(older.Value[..4]));
        Assert.Equal([older], await FindAsync(older.Value[..13]));
    }

    [Fact]
    public async Task The_id_of_the_envelope_finds_what_each_session_said_under_it()
    {
        await SayAsync(One);
        await SayAsync(Two);
        foreach (var id in new[] { "100%", "1000", "a_b", "acb", Unusual, "id:x" })
        {
            var first = await InsertAsync(One, id);
            Clock.Advance(TimeSpan.FromSeconds(1));
            var second = await InsertAsync(Two, id);

            Assert.Equal([second, first], await FindAsync(id));
        }
    }

    [Theory]
    [InlineData("%")]
    [InlineData("_")]
    [InlineData("________-____-____-____-____________")]
    [InlineData("%-%")]
    [InlineData("*")]
    [InlineData("'")]
    [InlineData("~")]
    [InlineData("👩")]
    [InlineData("nobody's")]
    [InlineData("")]
    public async Task A_sign_that_stands_for_others_elsewhere_stands_for_itself(string text)
    {
        await SayAsync(One);

        Assert.Empty(await FindAsync(text));
    }

    [Fact]
    public async Task No_more_are_found_than_a_person_reads()
    {
        for (var count = 0; count < 25; count++)
            await SayAsync(One);

        Assert.Equal(20, (await FindAsync("1")).Count);
    }

    /// <summary>One in a thousand ids ends with two given letters.</summary>
    [Fact]
    public async Task Nothing_is_done_to_a_message_by_so_few_letters_that_they_may_be_another_ones()
    {
        var id = (await SayAsync(One)).Value;

        foreach (var part in new[] { id[^2..], id[^3..], id[..3] })
        {
            Assert.NotEmpty(await FindAsync(part));
            Assert.Empty(await FindToActAsync(part));
        }
        Assert.Single(await FindToActAsync(id[^4..]));
        await InsertAsync(One, "k1");
        Assert.Single(await FindToActAsync("k1"));
    }

    private Task<List<Message>> FindToActAsync(string text) =>
        ReadAsync(reading => MessageSearch.FindToActAsync(reading, text, CancellationToken));

    private async Task<MessageId> InsertAsync(SessionId session, string envelope) => (await WriteAsync(
        writing => MessageStore.InsertAsync(
            writing,
            new NewMessage(Default, session, Speaker.Session, ReplyChannel.Folder, Origin: null, "id:" + envelope, "Shall I?"),
            CancellationToken)))!.Id;

    private async Task<List<MessageId>> FindAsync(string text) =>
        (await ReadAsync(reading => MessageSearch.FindAsync(reading, text, CancellationToken))).ConvertAll(message => message.Id);
}
