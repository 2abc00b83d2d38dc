using System.Text.Json;
using Relay.Files;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class StatusCommandTests : IAsyncDisposable
{
    private readonly CliHome _relay = new();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task A_running_daemon_tells_it()
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");

        var status = (await _relay.RunAsync("status", "--json")).Json;

        Assert.True(status.GetProperty("running").GetBoolean());
        Assert.Equal("needs_jc", status.GetProperty("state").GetString());
        Assert.Equal(1, status.GetProperty("queue_depth").GetInt32());
    }

    [Fact]
    public async Task For_people_the_state_comes_first_and_the_open_questions_are_there()
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");

        var ran = await _relay.RunAsync("status");

        Assert.StartsWith("state      needs_jc: question #1 of s1\n", ran.Output);
        Assert.Contains("Ask the operator about s1", ran.Output);
        Assert.DoesNotContain('\u001b', ran.Output);
    }

    [Fact]
    public async Task Of_a_question_it_shows_the_beginning_in_one_line()
    {
        await _relay.StartAsync();
        var name = "s1\n" + new string('L', 5_000);
        await _relay.RunAsync("send", "--session", "s1", $"Ask the operator about {name}");
        await Until.TrueAsync(async () => (await _relay.RunAsync("questions", "--json")).Output.Contains("LLL"), "the question");

        var ran = await _relay.RunAsync("status");

        Assert.InRange(ran.Output.Length, 200, 3_000);
        Assert.Contains("LLL…\n    all of it: relay questions 1\n", ran.Output);
        Assert.Contains("Ask the operator about s1 (simulated question; one line will do) LLL", ran.Output);
    }

    [Fact]
    public async Task Without_a_daemon_it_is_read_from_disk_and_that_is_said()
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");
        await _relay.StopAsync();

        var json = await _relay.RunAsync("status", "--json");
        var text = await _relay.RunAsync("status");

        Assert.Equal((0, ""), (json.Exit, json.Error));
        Assert.False(json.Json.GetProperty("running").GetBoolean());
        Assert.Equal("needs_jc", json.Json.GetProperty("state").GetString());
        Assert.StartsWith("the daemon is not running", text.Output);
    }

    [Fact]
    public async Task How_much_the_operator_is_needed_is_told_once_something_was_decided()
    {
        await _relay.StartAsync();
        Assert.DoesNotContain("decided", (await _relay.RunAsync("status")).Output);
        await _relay.EscalateAsync("s1");
        await _relay.RunAsync("answer", "1", "Yes");

        var json = (await _relay.RunAsync("status", "--json")).Json.GetProperty("decided");
        var text = (await _relay.RunAsync("status")).Output;

        Assert.InRange(json.GetProperty("minutes_blocked").GetDouble(), 0, 5);
        Assert.Equal(0, json.GetProperty("settled_share").GetDouble());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("overturned_share").ValueKind);
        Assert.Contains("minutes blocked per question", text);
        Assert.Contains("0 % settled by precedent", text);
    }

    [Theory]
    [InlineData("status --json")]
    [InlineData("messages")]
    [InlineData("costs")]
    [InlineData("topic")]
    [InlineData("send --session s1 Hello")]
    [InlineData("ask --session s1 Hello")]
    public async Task A_home_that_is_not_there_is_said_and_not_made(string words)
    {
        await using var nowhere = new CliHome(config: "");

        var ran = await nowhere.RunAsync(words.Split(' '));

        Assert.Equal((1, ""), (ran.Exit, ran.Output));
        Assert.Contains("no home: relay init", ran.Error);
        Assert.False(Directory.Exists(nowhere.Home.Root));
    }

    [Theory]
    [InlineData("status")]
    [InlineData("run")]
    [InlineData("init")]
    [InlineData("doctor")]
    public async Task A_home_that_is_a_file_is_an_error(string command)
    {
        await using var file = new CliHome(config: "");
        await File.WriteAllTextAsync(file.Home.Root, "", TestContext.Current.CancellationToken);

        var ran = await file.RunAsync(command);

        Assert.Equal((1, ""), (ran.Exit, ran.Output));
        Assert.Contains("is a file", ran.Error);
    }

    [Fact]
    public async Task After_a_clean_stop_it_is_stopped_in_the_file_and_for_people()
    {
        await _relay.StartAsync();
        await _relay.RunAsync("ask", "--session", "s1", "Hello");
        await _relay.StopAsync();

        using var file = JsonDocument.Parse(await File.ReadAllBytesAsync(_relay.Home.StatusFile, TestContext.Current.CancellationToken));
        Assert.Equal("stopped", file.RootElement.GetProperty("state").GetString());
        Assert.Equal("stopped", (await _relay.RunAsync("status", "--json")).Json.GetProperty("state").GetString());
        Assert.Contains("state      stopped\n", (await _relay.RunAsync("status")).Output);
    }

    [Fact]
    public async Task A_daemon_that_runs_but_does_not_answer_is_said()
    {
        _relay.Home.CreateFolders();
        var taken = await InstanceLock.TakeAsync(_relay.Home.LockFile, TimeProvider.System, CancellationToken.None);
        using var mine = ((InstanceLock.Taken.Mine)taken).Lock;
        File.WriteAllText(_relay.Home.EndpointFile, """{"url":"http://127.0.0.1:9","pid":1}""");

        var ran = await _relay.RunAsync("status", "--json");

        Assert.Equal(1, ran.Exit);
        Assert.Contains("runs but does not answer", ran.Error);
        Assert.True(ran.Json.GetProperty("running").GetBoolean());
    }
}
