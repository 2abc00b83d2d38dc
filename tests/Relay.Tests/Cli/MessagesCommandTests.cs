using System.Text.Json;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>One id for a message, wherever it is shown.</summary>
public sealed class MessagesCommandTests : IAsyncDisposable
{
    private readonly CliHome _relay = new();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [InlineData(null)]
    [InlineData("k1")]
    public async Task The_id_that_send_prints_is_the_one_in_every_list(string? key)
    {
        await _relay.StartAsync();
        string[] sending = ["send", "--session", "s1", "Ask the operator which", .. key is null ? Array.Empty<string>() : ["--id", key]];
        var sent = await _relay.RunAsync(sending);
        var id = sent.Output.Trim().Split(' ')[^1];
        await Until.TrueAsync(async () => (await _relay.RunAsync("questions")).Output.Contains("s1"), "the question");

        Assert.Matches(@"\A1[0-9a-z]{14}\z", id);
        Assert.Equal(id, (await MessagesAsync())[0].GetProperty("id").GetString());
        Assert.Equal(id, (await _relay.RunAsync("explain", id[..9], "--json")).Json.GetProperty("id").GetString());
        Assert.Equal(id, (await _relay.RunAsync("questions", "--json")).Json[0].GetProperty("message").GetString());
        Assert.All((await _relay.RunAsync("log")).Output.Trim().Split('\n'), line => Assert.Contains(id, line));
        Assert.Contains(id, await File.ReadAllTextAsync(_relay.Home.LogFile, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_is_under_way_is_listed_with_what_it_waits_for()
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");
        await _relay.RunAsync("send", "--session", "s2", "Behind it");
        await Until.TrueAsync(
            async () => (await MessagesAsync()).Exists(each => each.GetProperty("state").GetString() == "accepted"), "both messages");

        var messages = await MessagesAsync();

        Assert.Equal(["waiting", "accepted"], messages.Select(each => each.GetProperty("state").GetString()));
        Assert.Equal(
            ["for the operator (#1)", "for the operator (#1 of s1)"],
            messages.Select(each => each.GetProperty("waits_for").GetString()));
    }

    [Fact]
    public async Task A_reply_that_nobody_has_taken_is_under_way_too()
    {
        await _relay.StartAsync();
        await _relay.RunAsync("send", "--session", "s1", "Hello");
        await Until.TrueAsync(
            async () => (await MessagesAsync()).Exists(each => each.GetProperty("state").GetString() == "placed"), "the reply");

        var waits = Assert.Single(await MessagesAsync()).GetProperty("waits_for").GetString();
        File.Delete(Path.Combine(_relay.Home.SessionFolder("s1"), "input.txt"));

        Assert.Contains("dispatch/s1/input.txt", waits);
        await Until.TrueAsync(async () => (await _relay.RunAsync("messages")).Output == "nothing is under way\n", "the receipt");
    }

    [Fact]
    public async Task Without_a_daemon_what_was_sent_waits_in_the_queue_under_its_id()
    {
        var id = (await _relay.RunAsync("send", "--session", "s1", "Hello", "--json")).Json.GetProperty("id").GetString();

        var queued = Assert.Single(await MessagesAsync());
        await _relay.StartAsync();

        Assert.Equal((id, "queued"), (queued.GetProperty("id").GetString(), queued.GetProperty("state").GetString()));
        await Until.TrueAsync(async () => (await _relay.RunAsync("explain", id!)).Exit == 0, "the message");
    }

    [Fact]
    public async Task An_envelope_that_this_user_may_not_read_keeps_none_of_the_others_from_the_list()
    {
        Assert.SkipUnless(Unix.IsRoot && File.Exists("/usr/bin/setpriv"), "needs root and setpriv");
        await _relay.RunAsync("send", "--session", "s1", "Hello");
        var closed = Path.Combine(_relay.Home.Queue, "closed.json");
        await File.WriteAllTextAsync(closed, """{"session_id":"s1","content":"x"}""", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(closed, UnixFileMode.None);
        var parent = Path.GetDirectoryName(_relay.Home.Root)!;
        foreach (var path in (string[])[parent, .. Directory.GetFileSystemEntries(parent, "*", SearchOption.AllDirectories)])
            if (path != closed)
                Unix.Give(path, 65_534);

        var ran = await Programs.RunAsync(
            "/usr/bin/setpriv",
            ["--reuid=65534", "--regid=65534", "--clear-groups", Programs.Relay, "messages", "--home", _relay.Home.Root],
            input: "", ("HOME", parent));

        Assert.Equal((0, ""), (ran.Exit, ran.Error));
        Assert.Contains("Hello", ran.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_says_to_whom_the_advisor_speaks()
    {
        await _relay.StartAsync();
        await _relay.RunAsync("ask", "--session", "s1", "Hello");
        await _relay.EscalateAsync("s2");

        var log = (await _relay.RunAsync("log")).Output;
        var last = (await _relay.RunAsync("log", "--json")).Json.EnumerateArray().Last();

        Assert.Contains("  advisor to s1: ", log);
        Assert.Contains("  advisor to operator: ", log);
        Assert.Equal("operator", Assert.Single(last.GetProperty("to").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task Sent_again_under_its_key_a_message_is_called_as_it_was()
    {
        await _relay.StartAsync();
        var first = (await _relay.RunAsync("send", "--session", "s1", "Hello", "--id", "k1", "--json")).Json.GetProperty("id").GetString();
        await Until.TrueAsync(async () => (await _relay.RunAsync("explain", "k1")).Exit == 0, "the message");

        var again = await _relay.RunAsync("send", "--session", "s1", "Hello", "--id", "k1");

        Assert.Equal($"sent as {first}\n", again.Output);
    }

    private async Task<List<JsonElement>> MessagesAsync() => [.. (await _relay.RunAsync("messages", "--json")).Json.EnumerateArray()];
}
