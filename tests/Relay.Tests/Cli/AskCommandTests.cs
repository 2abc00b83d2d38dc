using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Relay.Configuration;
using Relay.Intake;
using Relay.Tests.Testing;
using Relay.Web.Api;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class AskCommandTests : IAsyncDisposable
{
    private readonly CliHome _relay = new();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task The_reply_stands_alone_on_standard_output_and_is_taken()
    {
        await _relay.StartAsync();

        var ran = await _relay.RunAsync("ask", "--session", "s1", "Hello", "--id", "k1");

        Assert.Equal((0, ""), (ran.Exit, ran.Error));
        Assert.Equal("Simulated advisor, turn 1: I have read \"Hello\". Go ahead.\n", ran.Output);
        Assert.Equal("consumed", (await _relay.RunAsync("explain", "k1", "--json")).Json.GetProperty("state").GetString());
        Assert.False(File.Exists(Path.Combine(_relay.Home.SessionFolder("s1"), "input.txt")));
    }

    [Fact]
    public async Task Asked_again_under_the_same_id_it_is_the_same_message()
    {
        await _relay.StartAsync();

        var first = await _relay.RunAsync("ask", "--session", "s1", "Hello", "--id", "k1", "--json");
        var second = await _relay.RunAsync("ask", "--session", "s1", "Hello", "--id", "k1", "--json");

        Assert.Equal(first.Output, second.Output);
    }

    [Fact]
    public async Task Without_a_daemon_it_exits_69_and_leaves_nothing_in_the_queue()
    {
        _relay.Home.CreateFolders();

        var ran = await _relay.RunAsync("ask", "--session", "s1", "Hello");

        Assert.Equal((69, ""), (ran.Exit, ran.Output));
        Assert.Empty(QueueFolder.Waiting(_relay.Home.Queue));
    }

    [Fact]
    public async Task An_address_left_by_a_killed_daemon_is_no_daemon()
    {
        _relay.Home.CreateFolders();
        File.WriteAllText(_relay.Home.EndpointFile, """{"url":"http://127.0.0.1:9","pid":1}""");
        File.WriteAllText(_relay.Home.LockFile, "1\n");

        var ran = await _relay.RunAsync("ask", "--session", "s1", "Hello");

        Assert.Equal(69, ran.Exit);
    }

    [Fact]
    public async Task When_the_time_is_up_it_exits_75_and_says_where_the_reply_will_go()
    {
        await _relay.StartAsync();

        var ran = await _relay.RunAsync("ask", "--session", "s1", "Hello", "--timeout", "0s");

        Assert.Equal((75, ""), (ran.Exit, ran.Output));
        Assert.Contains("dispatch/s1/input.txt", ran.Error);
        Assert.Contains("waiting for its turn", ran.Error);
        Assert.Equal(1, (await _relay.RunAsync("status", "--json")).Json.GetProperty("queue_depth").GetInt32());
    }

    [Fact]
    public async Task A_restart_in_between_is_survived()
    {
        await _relay.StartAsync();
        var asking = _relay.RunAsync("ask", "--session", "s1", "Ask the operator", "--timeout", "30s");
        await Until.TrueAsync(async () => (await _relay.RunAsync("questions", "--json")).Output.Contains("s1"), "the question");

        await _relay.StopAsync();
        await _relay.StartAsync();
        await _relay.RunAsync("answer", "Go on");

        var ran = await asking;
        Assert.Equal(0, ran.Exit);
        Assert.Contains("JC has decided: Go on", ran.Output);
    }

    [Fact]
    public async Task A_message_that_is_given_up_ends_the_wait()
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s0");
        var asking = _relay.RunAsync("ask", "--session", "s1", "Hello", "--id", "k1", "--timeout", "60s");
        await Until.TrueAsync(async () => (await _relay.RunAsync("explain", "k1")).Exit == 0, "the message");
        Assert.Equal(0, (await _relay.RunAsync("drop", "k1")).Exit);

        var ran = await asking;

        Assert.True(ran.Exit == 1, ran.Output + ran.Error);
        Assert.Contains("given up", ran.Error);
    }

    [Fact]
    public async Task A_wait_for_the_operator_and_a_restart_are_said_without_a_terminal_too()
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s0");
        var asking = _relay.RunAsync("ask", "--session", "s1", "Ask the operator", "--id", "k1", "--timeout", "60s");
        await Until.TrueAsync(async () => (await _relay.RunAsync("explain", "k1")).Exit == 0, "the message");
        await _relay.RunAsync("answer", "1", "Go on");
        await Until.TrueAsync(async () => (await _relay.RunAsync("questions", "--json")).Output.Contains("\"s1\""), "the question");
        await Until.TrueAsync(async () => (await _relay.RunAsync("messages")).Output.Contains("for the operator (#2)"), "the wait");
        await _relay.StopAsync();
        await Until.TrueAsync(() => _relay.Said.Contains("the daemon is gone"), "the daemon's going");
        await _relay.StartAsync();
        await Until.TrueAsync(() => _relay.Said.Contains("the daemon is back"), "the daemon's coming");
        await _relay.RunAsync("answer", "2", "Go on");

        var ran = await asking;

        Assert.Equal(0, ran.Exit);
        Assert.Matches(
            "(?s)waiting for the operator \\(#1 of s0\\)\n.*waiting for the operator \\(#2\\)\n.*the daemon is gone.*the daemon is back",
            ran.Error);
    }

    [Fact]
    public async Task What_is_held_is_said_at_once_and_so_is_that_it_was_given_up()
    {
        await using var relay = new CliHome("listen: 127.0.0.1:0\n");
        await relay.StartAsync();
        var asking = relay.RunAsync("ask", "--session", "s1", "Hello", "--id", "k1", "--timeout", "60s");
        await Until.TrueAsync(() => relay.Said.Contains("held: ANTHROPIC_API_KEY is not set"), "the reason");
        await relay.RunAsync("drop", "k1");

        var ran = await asking;

        Assert.Equal((1, ""), (ran.Exit, ran.Output));
        Assert.Contains("was given up", ran.Error);
    }

    [Fact]
    public async Task Who_stands_behind_a_held_message_is_told_of_it()
    {
        await using var relay = new CliHome("listen: 127.0.0.1:0\n");
        await relay.StartAsync();
        await relay.RunAsync("send", "--session", "s1", "First");
        await Until.TrueAsync(async () => (await relay.RunAsync("messages")).Output.Contains("held"), "the hold");

        var ran = await relay.RunAsync("ask", "--session", "s2", "Second", "--timeout", "1s");

        Assert.Equal(75, ran.Exit);
        Assert.Matches(@"behind \w{15} of s1, held: ANTHROPIC_API_KEY is not set", ran.Error);
    }

    [Fact]
    public async Task The_session_may_come_from_the_environment_and_words_need_no_quotes()
    {
        await _relay.StartAsync();
        _relay.Environment["RELAY_SESSION"] = "s7";

        var ran = await _relay.RunAsync("ask", "Shall", "we", "go?", "--json");
        _relay.Environment["RELAY_SESSION"] = "not a name";
        var refused = await _relay.RunAsync("send", "Hello");
        _relay.Environment.Remove("RELAY_SESSION");
        var unnamed = await _relay.RunAsync("send", "Hello");

        Assert.Equal("s7", ran.Json.GetProperty("session_id").GetString());
        Assert.Contains("Shall we go?", ran.Json.GetProperty("reply").GetString());
        Assert.Equal((2, 2), (refused.Exit, unnamed.Exit));
        Assert.Contains("RELAY_SESSION", refused.Error);
        Assert.Contains("--session", unnamed.Error);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_reply_to_an_ask_that_has_gone_lies_in_the_folder_without_a_wait(bool saysSo)
    {
        var daemon = await _relay.StartAsync();
        await _relay.EscalateAsync("s0");
        if (saysSo)
            Assert.Equal(75, (await _relay.RunAsync("ask", "--session", "s1", "Hello", "--timeout", "1s")).Exit);
        else
            await BreakOffAsync(daemon.Url, "Hello");
        var answered = Stopwatch.GetTimestamp();
        await _relay.RunAsync("answer", "Go on");

        await Until.TrueAsync(() => File.Exists(Path.Combine(_relay.Home.SessionFolder("s1"), "input.txt")), "the reply");

        Assert.InRange(Stopwatch.GetElapsedTime(answered).TotalSeconds, 0, 6);
    }

    /// <summary>As an ask that is killed.</summary>
    private async Task BreakOffAsync(string url, string text)
    {
        using var client = new HttpClient { BaseAddress = new Uri(url) };
        var token = ((Loaded.Ok)SettingsSource.Load(_relay.Home, _relay.Environment, generate: false)).Source.Current.Secrets.Token;
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var body = new AskBody("s1", text, "k1", WaitSeconds: 50, Taken: null) { Seen = "waiting for the operator (#1 of s0)" };
        using var killed = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var asking = client.PostAsJsonAsync("/ask", body, Relay.Http.Json.Options, killed.Token);
        await Until.TrueAsync(async () => (await _relay.RunAsync("explain", "k1")).Exit == 0, "the message");
        await killed.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }
}
