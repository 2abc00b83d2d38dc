using Relay.Conversations;
using Relay.Files.Platform;
using Relay.Intake;
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
        var again = _relay.Drop("a", "once", id: "k1");
        _relay.Drop("b", "another session's", id: "k1");
        _relay.Drop("a", "another id", id: "k2");

        await ScanAsync();

        Assert.False(File.Exists(again));
        Assert.Equal(["once", "another session's", "another id"], (await MessagesAsync()).Select(message => message.Content));
    }

    [Fact]
    public async Task The_same_id_with_another_text_is_refused_and_kept()
    {
        _relay.Drop("a", "once", id: "k1");
        await ScanAsync();
        _relay.Drop("a", "other words", id: "k1", name: "again.json");
        _relay.Drop("a", "two", id: "k2");
        _relay.Drop("a", "three", id: "k2"); // In one go.

        await ScanAsync();

        Assert.Equal(["once", "two"], (await MessagesAsync()).Select(message => message.Content));
        var reason = await File.ReadAllTextAsync(Path.Combine(_relay.Home.Rejected, "again.reason.txt"), CancellationToken);
        Assert.Contains("used before for another text", reason, StringComparison.Ordinal);
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
        var key = QueueFolder.KeyOf(path, Posix.Lstat(path)!.Value, await File.ReadAllBytesAsync(path, CancellationToken));
        await _relay.Get<Inbox>().AcceptAsync(SessionId.Stored("a"), "once", key, ReplyChannel.Folder, CancellationToken);
        await _relay.RestartAsync();

        await ScanAsync();

        Assert.False(File.Exists(path));
        Assert.Single(await MessagesAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_prepared_envelope_that_is_put_there_once_more_is_another_message(bool linked)
    {
        var prepared = Path.Combine(_relay.Home.Root, "prepared");
        await File.WriteAllTextAsync(prepared, """{"session_id": "a", "content": "continue"}""", CancellationToken);
        var path = Path.Combine(_relay.Home.Queue, "m.json");
        for (var time = 0; time < 3; time++)
        {
            if (linked)
                Unix.HardLink(prepared, path);
            else
                File.Copy(prepared, path);
            File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddYears(56)); // The same name, time, size and text.
            await ScanAsync();
            Assert.False(File.Exists(path));
        }

        Assert.Equal(3, (await MessagesAsync()).Count);
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
