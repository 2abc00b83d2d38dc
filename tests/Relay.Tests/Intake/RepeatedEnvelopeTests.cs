using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Intake;

/// <summary>When two envelopes are the same message.</summary>
public sealed class RepeatedEnvelopeTests : QueueTests
{
    [Fact]
    public async Task The_same_id_of_the_same_session_is_one_message()
    {
        _relay.Drop("a", "once", id: "k1");
        await ScanAsync();
        var again = _relay.Drop("a", "other words, same id", id: "k1");
        _relay.Drop("b", "another session's", id: "k1");
        _relay.Drop("a", "another id", id: "k2");

        await ScanAsync();

        Assert.False(File.Exists(again));
        Assert.Equal(["once", "another session's", "another id"], (await MessagesAsync()).Select(message => message.Content));
    }

    [Fact]
    public async Task The_same_id_is_one_message_even_when_the_session_has_moved_to_another_conversation()
    {
        _relay.Drop("a", "once", id: "k1");
        await ScanAsync();
        await _relay.ConfigureAsync("sessions: [{session_id: a, conversation: elsewhere}]");

        _relay.Drop("a", "once", id: "k1");
        await ScanAsync();

        Assert.Single(await MessagesAsync());
    }

    [Fact]
    public async Task Without_an_id_the_same_words_again_are_another_message()
    {
        _relay.Drop("a", "continue", name: "m.json");
        await ScanAsync();
        _relay.Drop("a", "continue", name: "m.json");
        _relay.Drop("a", "continue", name: "n.json");

        await ScanAsync();

        Assert.Equal(3, (await MessagesAsync()).Count);
    }

    [Fact]
    public async Task A_file_seen_again_after_a_crash_between_commit_and_removal_is_the_same_message()
    {
        var path = _relay.Drop("a", "once");
        var spare = Path.Combine(_relay.Home.Root, "spare");
        Unix.HardLink(path, spare);
        await ScanAsync();
        File.Move(spare, path);
        await _relay.RestartAsync();

        await ScanAsync();

        Assert.False(File.Exists(path));
        Assert.Single(await MessagesAsync());
    }

    [Fact]
    public async Task An_envelope_that_took_the_name_while_the_one_before_was_made_durable_is_not_lost()
    {
        var path = _relay.Drop("a", "first", name: "m.json");
        var scan = await _relay.Database.WriteAsync(
            async _ =>
            {
                var running = ScanAsync(); // It has read the file and waits until it may write to the database.
                _relay.Drop("a", "second", name: "m.json");
                return running;
            },
            CancellationToken);
        await scan;
        await ScanAsync();

        Assert.Equal(["first", "second"], (await MessagesAsync()).Select(message => message.Content));
        Assert.False(File.Exists(path));
    }
}
