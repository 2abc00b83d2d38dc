using Microsoft.Extensions.Time.Testing;
using Relay.Loopback;
using Relay.Operator.Phone;
using Relay.Storage;
using Xunit;

namespace Relay.Tests.Operator.Phone;

/// <summary>From where the answer topic is read: nothing that the operator says is missed, and nothing old is taken for new. The server's
/// clock is an hour behind the relay's.</summary>
public sealed class SinceTests : PhoneTests
{
    private readonly FakeTimeProvider _server = new(new DateTimeOffset(2026, 8, 1, 8, 0, 0, TimeSpan.Zero));

    private protected override LoopbackNtfyOptions Server => new() { Token = Token, Clock = _server };

    [Fact]
    public async Task What_is_said_before_the_first_message_was_heard_counts_whatever_the_clocks_are()
    {
        await EscalateAsync();
        Ntfy.Say(AnswerTopicName, "merge");

        Assert.Equal(1, await ListenAsync());
        Assert.Empty(await Relay.OpenQuestionsAsync());
    }

    [Fact]
    public async Task What_is_said_before_the_first_connection_counts_and_what_was_said_before_the_relay_was_there_does_not()
    {
        await Relay.WriteAsync(async writing =>
        {
            await PhoneInbox.SetSinceAsync(writing, "", CancellationToken);
            await writing.Sql("DELETE FROM facts WHERE name LIKE 'answer_topic%'").ExecuteAsync(CancellationToken);
        });
        Ntfy.Say(AnswerTopicName, "of an earlier relay");
        Advance(TimeSpan.FromMinutes(1));
        await Relay.RestartAsync();
        Ntfy.Say(AnswerTopicName, "of this one");
        Advance(TimeSpan.FromMinutes(5)); // Its server was away.

        Assert.Equal(1, await ListenAsync());
        await Relay.TakeTurnsAsync();
        Assert.Contains("of this one", Assert.Single(Relay.Advisor.Calls).Messages[^1].Blocks[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Old_words_on_a_topic_that_is_new_to_the_relay_are_not_taken()
    {
        Ntfy.Say(AnswerTopicName, "heard");
        await ListenAsync();
        Advance(TimeSpan.FromMinutes(1));
        await ListenAsync();
        Ntfy.Say("another-topic", "old words");
        Advance(TimeSpan.FromMinutes(1));
        await File.AppendAllTextAsync(Relay.Home.EnvFile, "NTFY_ANSWER_TOPIC=another-topic\n", CancellationToken);
        Relay.Settings.Reload();
        Ntfy.Say("another-topic", "new words");

        Assert.Equal(1, await ListenAsync());
        Assert.Equal(0, await ListenAsync());
    }

    [Fact]
    public async Task How_far_it_was_read_is_remembered_when_no_earlier_message_can_come_any_more()
    {
        var before = await SinceAsync();
        var first = Ntfy.Say(AnswerTopicName, "one");
        await ListenAsync();
        Assert.Equal(before, await SinceAsync()); // A server may send two of one moment the other way round.

        Relay.Clock.Advance(TimeSpan.FromSeconds(11));
        Ntfy.Say(AnswerTopicName, "two");
        await ListenAsync();

        Assert.Equal(first.Id, await SinceAsync());
        Assert.Equal(0, await ListenAsync());
        await Relay.RestartAsync();
        Assert.Equal(0, await ListenAsync());
    }

    private Task<string?> SinceAsync() => Relay.ReadAsync(reading => PhoneInbox.SinceAsync(reading, CancellationToken));

    private void Advance(TimeSpan time)
    {
        Relay.Clock.Advance(time);
        _server.Advance(time);
    }
}
