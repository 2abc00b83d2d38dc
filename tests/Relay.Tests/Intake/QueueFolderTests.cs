using Relay.Conversations;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Intake;

/// <summary>Which files are taken from the queue folder, when, and in which order.</summary>
public sealed class QueueFolderTests : QueueTests
{
    [Fact]
    public async Task An_envelope_is_removed_once_its_message_is_there()
    {
        var path = _relay.Drop("session-1", "Shall I?");

        Assert.Equal(1, await ScanAsync());

        Assert.False(File.Exists(path));
        var message = Assert.Single(await MessagesAsync());
        Assert.Equal(("session-1", "Shall I?", MessageState.Accepted), (message.Session.Value, message.Content, message.State));
    }

    [Fact]
    public async Task The_oldest_modification_time_goes_first_whatever_the_names()
    {
        Touch(_relay.Drop("s", "third", name: "a.json"), 3);
        Touch(_relay.Drop("s", "first", name: "c.json"), 1);
        Touch(_relay.Drop("s", "second", name: "b.json"), 2);

        await ScanAsync();

        Assert.Equal(["first", "second", "third"], (await MessagesAsync()).Select(message => message.Content));
    }

    [Fact]
    public async Task Files_of_one_instant_go_by_name()
    {
        foreach (var name in (string[])["b", "a", "c"])
            Touch(_relay.Drop("s", name, name: $"{name}.json"), 1);

        await ScanAsync();

        Assert.Equal(["a", "b", "c"], (await MessagesAsync()).Select(message => message.Content));
    }

    [Fact]
    public async Task An_unfinished_file_is_left_alone_for_two_seconds_and_then_rejected()
    {
        var path = Write("slow.json", """{"session_id":"session-1","cont""");

        await ScanAsync();
        _relay.Clock.Advance(TimeSpan.FromSeconds(1.9));
        await ScanAsync();
        Assert.True(File.Exists(path));

        _relay.Clock.Advance(TimeSpan.FromSeconds(0.2));
        await ScanAsync();
        Assert.False(File.Exists(path));
        Assert.Contains("not JSON", Reason("slow"), StringComparison.Ordinal);
        Assert.Equal("""{"session_id":"session-1","cont""", await File.ReadAllTextAsync(Rejected("slow.json"), CancellationToken));
    }

    [Fact]
    public async Task An_unfinished_file_that_grows_gets_two_more_seconds_each_time()
    {
        var path = Write("slow.json", """{"session_id":""");
        for (var step = 1; step <= 5; step++)
        {
            await ScanAsync();
            _relay.Clock.Advance(TimeSpan.FromSeconds(1.5));
            await File.AppendAllTextAsync(path, " ", CancellationToken);
        }
        await ScanAsync();
        Assert.True(File.Exists(path));

        await File.AppendAllTextAsync(path, "\"session-1\",\"content\":\"done\"}", CancellationToken);
        await ScanAsync();

        Assert.Equal("done", Assert.Single(await MessagesAsync()).Content);
    }

    [Fact]
    public async Task An_empty_file_is_a_writer_who_has_just_begun()
    {
        var path = Write("new.json", "");
        await ScanAsync();
        Assert.True(File.Exists(path));

        Write("new.json", """{"session_id":"session-1","content":"now"}""");
        await ScanAsync();

        Assert.Equal("now", Assert.Single(await MessagesAsync()).Content);
    }

    [Fact]
    public async Task An_unfinished_file_does_not_hold_up_the_others()
    {
        Touch(Write("slow.json", "{"), 1);
        Touch(_relay.Drop("s", "quick"), 2);

        await ScanAsync();

        Assert.Equal("quick", Assert.Single(await MessagesAsync()).Content);
    }

    [Fact]
    public async Task Links_pipes_sockets_and_folders_are_left_where_they_are()
    {
        var outside = Path.Combine(_relay.Home.Root, "outside.json");
        await File.WriteAllTextAsync(outside, """{"session_id":"s","content":"not for the relay"}""", CancellationToken);
        var queue = _relay.Home.Queue;
        File.CreateSymbolicLink(Path.Combine(queue, "link.json"), outside);
        File.CreateSymbolicLink(Path.Combine(queue, "dangling.json"), Path.Combine(queue, "nowhere"));
        File.CreateSymbolicLink(Path.Combine(queue, "loop.json"), Path.Combine(queue, "loop.json"));
        Unix.Fifo(Path.Combine(queue, "pipe.json"));
        Unix.Socket(Path.Combine(queue, "socket.json"));
        Directory.CreateDirectory(Path.Combine(queue, "folder.json"));
        var before = Entries();

        await ScanSettledAsync();

        Assert.Equal(before, Entries());
        Assert.Empty(await MessagesAsync());
        var status = await _relay.StatusAsync();
        Assert.Equal((0, 6), (status.QueueDepth, status.EnvelopesIgnored));

        List<string> Entries() => [.. Directory.EnumerateFileSystemEntries(queue).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task Dot_files_and_other_extensions_are_not_envelopes()
    {
        const string json = """{"session_id":"s","content":"c"}""";
        string[] names = [".hidden.json", ".json", "note.txt", "envelope.json.tmp", "UPPER.JSON", "x.jsonl", "json"];
        foreach (var name in names)
            Write(name, json);

        await ScanSettledAsync();

        Assert.All(names, name => Assert.True(File.Exists(Path.Combine(_relay.Home.Queue, name)), name));
        Assert.Empty(await MessagesAsync());
    }

    [Theory]
    [InlineData("with space.json")]
    [InlineData("ünïcödé-🙂.json")]
    [InlineData("new\nline.json")]
    [InlineData("*?[x].json")]
    [InlineData("a.b.c.json")]
    [InlineData("-rf.json")]
    public async Task Any_name_will_do(string name)
    {
        Write(name, """{"session_id":"s","content":"c"}""");
        await ScanAsync();
        Assert.Single(await MessagesAsync());

        Write(name, "[]");
        await ScanAsync();
        Assert.True(File.Exists(Rejected(name)));
        Assert.Contains("an array", Reason(name[..^".json".Length]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_queue_folder_that_was_deleted_comes_back()
    {
        Directory.Delete(_relay.Home.Queue, recursive: true);
        Assert.Equal(0, (await _relay.StatusAsync()).QueueDepth);

        await ScanAsync();
        _relay.Drop("s", "after");
        Write("bad.json", "[]");
        await ScanAsync();

        Assert.Equal("after", Assert.Single(await MessagesAsync()).Content);
        Assert.Contains("an array", Reason("bad"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hundred_envelopes_are_a_hundred_messages_in_order()
    {
        for (var index = 0; index < 100; index++)
            Touch(_relay.Drop($"session-{index % 3}", $"{index}"), index);

        await ScanAsync();

        Assert.Equal(Enumerable.Range(0, 100).Select(index => $"{index}"), (await MessagesAsync()).Select(message => message.Content));
    }
}
