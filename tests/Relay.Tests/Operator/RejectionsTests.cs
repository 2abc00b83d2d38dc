using System.Globalization;
using Relay.Dispatch;
using Relay.Intake;
using Relay.Operator;
using Xunit;

namespace Relay.Tests.Operator;

/// <summary>A rejected envelope is said: its session waits for a reply that will not come.</summary>
public sealed class RejectionsTests : OperatorTests
{
    [Theory]
    [InlineData("""{"session_id": "s1", "content": ""}""", "\"content\" is empty")]
    [InlineData("""{"session_id": "s1", "text": "hello"}""", "\"content\" is missing")]
    [InlineData("""{"content": 5, "session_id": "s1"}""", "must be a string")]
    [InlineData("""{"session_id": "s1", "content": "cut of""", "not JSON")]
    public async Task The_session_is_told_why_where_its_name_can_be_read(string envelope, string reason)
    {
        await RejectAsync("bad.json", envelope);

        await _relay.RunAsync<Dispatcher>();

        var told = _relay.Consume("s1")!;
        Assert.StartsWith("[relay] ", told);
        Assert.DoesNotContain('\n', told);
        Assert.Contains(reason, told);
        Assert.Contains("queue/.rejected/bad.json", told);
        Assert.Empty(await _relay.MessagesAsync()); // The advisor has nothing to do with it.
        Assert.Empty((await _relay.WindowAsync()).Turns);
    }

    [Fact]
    public async Task One_over_the_limit_is_said_too()
    {
        await _relay.ConfigureAsync("max_envelope_bytes: 100");

        await RejectAsync("big.json", $$"""{"session_id": "s1", "content": "{{new string('x', 200)}}"}""");
        await _relay.RunAsync<Dispatcher>();

        Assert.Contains("over the limit of 100", _relay.Consume("s1"));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"session_id": "a/b", "content": "x"}""")]
    [InlineData("""{"other": {"session_id": "s1"}, "content": "x"}""")]
    [InlineData("""nothing "session_id": "s1" """)]
    public async Task Where_it_cannot_be_read_nobody_but_the_operator_is_told(string envelope)
    {
        await RejectAsync("bad.json", envelope);

        Assert.Equal(0, await _relay.CountAsync("SELECT COUNT(*) FROM dispatches"));
        Assert.Single(await _relay.PagesAsync());
    }

    [Fact]
    public async Task The_operator_gets_one_page_until_the_folder_is_empty()
    {
        await RejectAsync("one.json", """{"session_id": "s1"}""");
        await RejectAsync("two.json", """{"session_id": "s1"}""");
        var before = await _relay.PagesAsync();
        foreach (var file in Directory.GetFiles(_relay.Home.Rejected))
            File.Delete(file);
        await _relay.RunAsync<Rejections>();

        await RejectAsync("three.json", """{"session_id": "s1"}""");

        var page = Assert.Single(before);
        Assert.Contains("s1", page.Body);
        Assert.Contains("\"content\" is missing", page.Body);
        Assert.Equal(2, (await _relay.PagesAsync()).Count);
    }

    [Fact]
    public async Task Nothing_is_said_twice_over_restarts_and_each_of_several_is_said()
    {
        await RejectAsync("bad.json", """{"session_id": "s1"}""");
        await _relay.RestartAsync();
        await _relay.RunAsync<Rejections>();
        await RejectAsync("bad.json", """{"session_id": "s1", "content": 1}""");

        await _relay.RunAsync<Dispatcher>();
        var first = _relay.Consume("s1");
        await _relay.RunAsync<Dispatcher>();
        var second = _relay.Consume("s1");
        await _relay.RunAsync<Dispatcher>();

        Assert.Contains("is missing", first);
        Assert.Contains("must be a string", second);
        Assert.Null(_relay.Consume("s1"));
    }

    [Fact]
    public async Task A_session_that_goes_on_and_on_is_not_buried()
    {
        for (var count = 0; count < 25; count++)
            await RejectAsync($"bad-{count}.json", """{"session_id": "s1"}""");

        Assert.Equal(20, await _relay.CountAsync("SELECT COUNT(*) FROM dispatches"));
    }

    [Fact]
    public async Task They_are_counted_in_the_status()
    {
        await RejectAsync("bad.json", "[]");

        Assert.Equal(1, (await _relay.StatusAsync()).EnvelopesRejected);
    }

    [Fact]
    public async Task Of_very_many_the_oldest_go_and_are_counted_until_the_folder_is_empty()
    {
        await PutRejectedAsync(1_003, size: 10);
        await _relay.RunAsync<Rejections>();

        var status = await _relay.StatusAsync();
        Assert.Equal((1_000, 3), (status.EnvelopesRejected, status.EnvelopesRemoved));
        Assert.Equal(2_000, Directory.GetFiles(_relay.Home.Rejected).Length);
        Assert.False(File.Exists(Path.Combine(_relay.Home.Rejected, "bad-0002.json")));
        Assert.True(File.Exists(Path.Combine(_relay.Home.Rejected, "bad-0003.json")));
        Assert.Single(await _relay.PagesAsync());
        Assert.Contains(_relay.Logs.GetSnapshot(), line => line.Message.StartsWith("Removed the 3 oldest", StringComparison.Ordinal));
        Assert.Equal(1_000, await ToldAsync()); // What is gone needs no memory of it.

        foreach (var file in Directory.GetFiles(_relay.Home.Rejected))
            File.Delete(file);
        await _relay.RunAsync<Rejections>();
        Assert.Equal(0, (await _relay.StatusAsync()).EnvelopesRemoved);
        Assert.Equal(0, await ToldAsync());
    }

    [Fact]
    public async Task Of_very_large_ones_too_but_the_newest_stays()
    {
        await PutRejectedAsync(3, size: 60 * 1024 * 1024);
        await _relay.RunAsync<Rejections>();
        Assert.Equal(["bad-0002.json"], Kept());

        await PutRejectedAsync(1, size: 200 * 1024 * 1024);
        await _relay.RunAsync<Rejections>();
        Assert.Single(Kept());

        IEnumerable<string> Kept() => Directory.GetFiles(_relay.Home.Rejected, "*.json").Select(path => Path.GetFileName(path));
    }

    private Task<long> ToldAsync() => _relay.CountAsync("SELECT COUNT(*) FROM facts WHERE name LIKE 'rejected:%'");

    /// <summary>As the queue puts them there, each a second after the one before. They are as long as said, and hold nothing.</summary>
    private async Task PutRejectedAsync(int count, long size)
    {
        for (var number = 0; number < count; number++)
        {
            var name = Path.Combine(_relay.Home.Rejected, string.Create(CultureInfo.InvariantCulture, $"bad-{number:D4}"));
            await using (var file = File.Create(name + ".json"))
                file.SetLength(size);
            await File.WriteAllTextAsync(name + ".reason.txt", "too long\n", TestContext.Current.CancellationToken);
            File.SetLastWriteTimeUtc(name + ".reason.txt", DateTime.UnixEpoch.AddSeconds(number));
        }
    }

    private async Task RejectAsync(string name, string envelope)
    {
        await File.WriteAllTextAsync(Path.Combine(_relay.Home.Queue, name), envelope, TestContext.Current.CancellationToken);
        await _relay.RunAsync<QueueFolder>();
        _relay.Clock.Advance(TimeSpan.FromSeconds(2.1));
        await _relay.RunAsync<QueueFolder>();
        await _relay.RunAsync<Rejections>();
    }
}
