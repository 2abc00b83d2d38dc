using System.Text;
using Xunit;
using Relay.Conversations;
using Relay.Intake;
using Relay.Storage;
using Relay.Tests.Testing;

namespace Relay.Tests.Intake;

public sealed class QueueFolderTests : IAsyncLifetime
{
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

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
    public async Task A_byte_order_mark_is_tolerated()
    {
        Write("bom.json", [0xEF, 0xBB, 0xBF, .. """{"session_id":"session-1","content":"with a mark"}"""u8]);

        await ScanAsync();

        Assert.Equal("with a mark", Assert.Single(await MessagesAsync()).Content);
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

    [Theory]
    [InlineData("[1,2]", "an array")]
    [InlineData("\"text\"", "a string")]
    [InlineData("17", "a number")]
    [InlineData("null", "null")]
    [InlineData("true", "a boolean")]
    [InlineData("{}", "\"session_id\" is missing")]
    [InlineData("""{"session_id":"s"}""", "\"content\" is missing")]
    [InlineData("""{"content":"c"}""", "\"session_id\" is missing")]
    [InlineData("""{"session_id":"","content":"c"}""", "\"session_id\" is empty")]
    [InlineData("""{"session_id":"s","content":""}""", "\"content\" is empty")]
    [InlineData("""{"session_id":"s","content":" \t\r\n "}""", "\"content\" is empty")]
    [InlineData("""{"session_id":"s","content":null}""", "\"content\" must be a string, it is null")]
    [InlineData("""{"session_id":"s","content":5}""", "\"content\" must be a string, it is a number")]
    [InlineData("""{"session_id":"s","content":["c"]}""", "\"content\" must be a string, it is an array")]
    [InlineData("""{"session_id":{"a":1},"content":"c"}""", "\"session_id\" must be a string, it is an object")]
    [InlineData("""{"session_id":1e99999,"content":"c"}""", "\"session_id\" must be a string, it is a number")]
    [InlineData("""{"session_id":"s","content":"c","id":7}""", "\"id\" must be a string, it is a number")]
    [InlineData("""{"session_id":"s","content":"c","id":""}""", "\"id\" is empty")]
    [InlineData("""{"SESSION_ID":"s","content":"c"}""", "\"session_id\" is missing")]
    [InlineData("""{"session_id":"../../etc","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":"..","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":".staged","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":"a/b","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":"a\u0000","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":"session-1\n","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":" session-1","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":"session-\u0661","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":"sessi\u00f6n","content":"c"}""", "\"session_id\" must be 1 to 64")]
    [InlineData("""{"session_id":"s","content":"\ud800"}""", "\"content\" holds a lone surrogate")]
    [InlineData("""{"session_id":"s","content":"a\udc00b"}""", "\"content\" holds a lone surrogate")]
    [InlineData("""{"session_id":"\ud800","content":"c"}""", "\"session_id\" holds a lone surrogate")]
    [InlineData("""{"session_id":"s","content":"c","id":"\ud800"}""", "\"id\" holds a lone surrogate")]
    [InlineData("""{"\ud800":1,"session_id":"s","content":"c"}""", "a field's name holds a lone surrogate")]
    public async Task What_can_never_become_an_envelope_is_rejected_at_once_with_the_reason(string json, string reason)
    {
        var path = Write("bad.json", json);

        Assert.Equal(1, await ScanAsync());

        Assert.False(File.Exists(path));
        Assert.Contains(reason, Reason("bad"), StringComparison.Ordinal);
        Assert.Equal(json, await File.ReadAllTextAsync(Rejected("bad.json"), CancellationToken));
        Assert.Empty(await MessagesAsync());
    }

    [Theory]
    [InlineData("""{"session_id":"s","content":"c" """)]
    [InlineData("""{"session_id":"s","content":"c"} x""")]
    [InlineData("""{"session_id":"s","content":"c"}{"session_id":"s","content":"d"}""")]
    [InlineData("""{"session_id":"s","content":"c",}""")]
    [InlineData("""{"session_id":"s","content":"c","x":NaN}""")]
    [InlineData("""{'session_id':'s','content':'c'}""")]
    [InlineData("hello")]
    public async Task What_is_no_JSON_is_rejected_once_it_has_settled(string text)
    {
        Write("bad.json", text);

        await ScanSettledAsync();

        Assert.Contains("not JSON", Reason("bad"), StringComparison.Ordinal);
        Assert.Empty(await MessagesAsync());
    }

    [Fact]
    public async Task Invalid_UTF8_is_rejected_once_it_has_settled()
    {
        Write("bad.json", [.. """{"session_id":"s","content":"a"""u8, 0xC3, 0x28, .. "\"}"u8]);
        Write("utf16.json", Encoding.Unicode.GetBytes("\uFEFF{\"session_id\":\"s\",\"content\":\"c\"}"));
        Write("surrogate.json", [.. """{"session_id":"s","content":"a"""u8, 0xED, 0xA0, 0x80, .. "\"}"u8]);

        await ScanSettledAsync();

        Assert.Contains("UTF-8", Reason("bad"), StringComparison.Ordinal);
        Assert.Contains("UTF-8", Reason("utf16"), StringComparison.Ordinal);
        Assert.Contains("UTF-8", Reason("surrogate"), StringComparison.Ordinal);
        Assert.Empty(await MessagesAsync());
    }

    [Theory]
    [InlineData("""{"session_id":"s","content":"c","id":null}""")]
    [InlineData("""{"session_id":"s","content":"c","x":1e999999,"y":123456789012345678901234567890}""")]
    [InlineData("""{"session_id":"s","content":"c","x":"\ud800"}""")]
    [InlineData("""{"session_id":"other","session_id":"s","content":"c"}""")]
    [InlineData("""  {"session_id" : "s" , "content" : "c" }  """)]
    [InlineData("""{"session\u005fid":"s","content":"c"}""")]
    public async Task Fields_of_others_and_odd_spellings_do_no_harm(string json)
    {
        Write("odd.json", json);

        await ScanAsync();

        var message = Assert.Single(await MessagesAsync());
        Assert.Equal(("s", "c"), (message.Session.Value, message.Content));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(200)]
    [InlineData(200_000)]
    public async Task However_deep_a_foreign_field_goes_the_message_is_accepted(int depth)
    {
        Write("deep.json", $$"""{"session_id":"s","content":"c","x":{{new string('[', depth)}}{{new string(']', depth)}}}""");

        await ScanAsync();

        Assert.Equal("c", Assert.Single(await MessagesAsync()).Content);
    }

    [Fact]
    public async Task Endless_nesting_is_no_crash()
    {
        Write("deep.json", new string('[', 900_000));
        Write("deeper.json", string.Concat(Enumerable.Repeat("{\"a\":", 150_000)));

        await ScanSettledAsync();

        Assert.Contains("not JSON", Reason("deep"), StringComparison.Ordinal);
        Assert.Contains("not JSON", Reason("deeper"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_NUL_is_replaced_since_long_text_would_end_there()
    {
        _relay.Drop("s", new string('a', 5_000) + "\0" + new string('b', 5_000));

        await ScanAsync();

        Assert.Equal(
            new string('a', 5_000) + "\uFFFD" + new string('b', 5_000),
            (await _relay.ReadAsync("SELECT content FROM messages", row => row.Text())).Single());
    }

    [Theory]
    [InlineData("a\u0001\u001f\u007f\u0085\u2028b")]
    [InlineData("🙂 é ﷽ \uFFFF")]
    [InlineData("line one\r\nline two\r\n")]
    [InlineData("'; DROP TABLE messages; --")]
    public async Task Whatever_text_came_in_is_the_text_the_advisor_reads(string content)
    {
        _relay.Drop("s", content);

        await ScanAsync();
        await _relay.TakeTurnsAsync();

        Assert.Equal(content, (await _relay.ReadAsync("SELECT content FROM messages", row => row.Text())).Single());
        Assert.Equal($"[s] {content}", _relay.Advisor.Calls.Single().Messages[^1].Blocks[^1]);
    }

    [Fact]
    public async Task A_session_id_of_64_characters_is_one_and_of_65_is_none()
    {
        _relay.Drop(new string('x', 64), "long enough");
        _relay.Drop(new string('x', 65), "too long", name: "long.json");

        await ScanAsync();

        Assert.Equal("long enough", Assert.Single(await MessagesAsync()).Content);
        Assert.Contains("session_id", Reason("long"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_over_the_limit_is_moved_without_being_read()
    {
        var path = Path.Combine(_relay.Home.Queue, "huge.json");
        await using (var file = File.Create(path))
            file.SetLength(64L * 1024 * 1024 * 1024); // Sparse: reading it would end the test.

        await ScanAsync();

        Assert.Contains("over the limit of 1048576", Reason("huge"), StringComparison.Ordinal);
        Assert.Equal(64L * 1024 * 1024 * 1024, new FileInfo(Rejected("huge.json")).Length);
    }

    [Fact]
    public async Task Exactly_the_limit_is_accepted_and_one_byte_more_is_not()
    {
        await _relay.ConfigureAsync("max_envelope_bytes: 2000");
        const string frame = """{"session_id":"s","content":""}""";
        Write("fits.json", frame.Insert(frame.Length - 2, new string('x', 2000 - frame.Length)));
        Write("over.json", frame.Insert(frame.Length - 2, new string('x', 2001 - frame.Length)));

        await ScanAsync();

        Assert.Single(await MessagesAsync());
        Assert.Contains("2001 bytes", Reason("over"), StringComparison.Ordinal);
    }

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
                var running = ScanAsync(); // It has read the file and waits for the one writer.
                _relay.Drop("a", "second", name: "m.json");
                return running;
            },
            CancellationToken);
        await scan;
        await ScanAsync();

        Assert.Equal(["first", "second"], (await MessagesAsync()).Select(message => message.Content));
        Assert.False(File.Exists(path));
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
        Assert.Equal(0, (await _relay.StatusAsync()).QueueDepth);

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
    public async Task A_rejected_file_with_the_longest_name_there_is_does_not_hold_up_the_others()
    {
        var longest = new string('x', 250) + ".json";
        Touch(Write(longest, "[]"), 1);
        Touch(_relay.Drop("s", "next"), 2);

        await ScanAsync();

        Assert.Equal("next", Assert.Single(await MessagesAsync()).Content);
        Assert.False(File.Exists(Path.Combine(_relay.Home.Queue, longest)));
        var kept = Directory.GetFiles(_relay.Home.Rejected);
        Assert.Contains(kept, file => file.EndsWith(".json", StringComparison.Ordinal));
        Assert.Contains("an array", await File.ReadAllTextAsync(kept.Single(file => file.EndsWith(".reason.txt", StringComparison.Ordinal)), CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rejected_files_of_one_name_are_all_kept_each_with_its_reason()
    {
        Write("bad.json", "[]");
        await ScanAsync();
        Write("bad.json", "{}");
        await ScanAsync();
        Write("bad.json", "5");
        await ScanAsync();

        Assert.Equal("[]", await File.ReadAllTextAsync(Rejected("bad.json"), CancellationToken));
        Assert.Contains("an array", Reason("bad"), StringComparison.Ordinal);
        Assert.Equal("{}", await File.ReadAllTextAsync(Rejected("bad.2.json"), CancellationToken));
        Assert.Contains("missing", Reason("bad.2"), StringComparison.Ordinal);
        Assert.Equal("5", await File.ReadAllTextAsync(Rejected("bad.3.json"), CancellationToken));
        Assert.Contains("a number", Reason("bad.3"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_file_that_cannot_be_moved_away_does_not_hold_up_the_others()
    {
        Directory.Delete(_relay.Home.Rejected);
        await File.WriteAllTextAsync(_relay.Home.Rejected, "in the way", CancellationToken);
        var bad = Touch(Write("bad.json", "[]"), 1);
        Touch(_relay.Drop("s", "next"), 2);

        await Assert.ThrowsAnyAsync<IOException>(ScanAsync); // Which the loop shows as a fault.

        Assert.Equal("next", Assert.Single(await MessagesAsync()).Content);
        File.Delete(_relay.Home.Rejected);
        await ScanAsync();
        Assert.False(File.Exists(bad));
    }

    [Fact]
    public async Task A_file_that_may_not_be_read_is_rejected_with_the_reason()
    {
        Assert.SkipWhen(Unix.IsRoot, "root may read everything");
        Unix.Forbid(_relay.Drop("s", "secret", name: "closed.json"));

        await ScanSettledAsync();

        Assert.Contains("cannot be read", Reason("closed"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_nobody_listed_is_rejected_when_unknown_ones_are_not_accepted()
    {
        await _relay.ConfigureAsync("accept_unknown_sessions: false\nsessions: [{session_id: known}]");
        _relay.Drop("known", "hello");
        _relay.Drop("stranger", "hello", name: "stranger.json");

        await ScanAsync();

        Assert.Equal("known", Assert.Single(await MessagesAsync()).Session.Value);
        Assert.Contains("accept_unknown_sessions", Reason("stranger"), StringComparison.Ordinal);
        Assert.Equal(["known"], (await _relay.StatusAsync()).Sessions.Select(session => session.SessionId));
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

    private Task<int> ScanAsync() => _relay.RunAsync<QueueFolder>();

    private async Task ScanSettledAsync()
    {
        await ScanAsync();
        _relay.Clock.Advance(TimeSpan.FromSeconds(2.1));
        await ScanAsync();
    }

    private Task<List<Message>> MessagesAsync() => _relay.MessagesAsync();

    private string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_relay.Home.Queue, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static string Touch(string path, int second)
    {
        File.SetLastWriteTimeUtc(path, new DateTime(2026, 7, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(second));
        return path;
    }

    private string Rejected(string name) => Path.Combine(_relay.Home.Rejected, name);

    private string Reason(string name) => File.ReadAllText(Rejected(name + ".reason.txt"));
}
