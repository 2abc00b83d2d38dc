using System.Text.Json;
using Relay.Intake;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class SendCommandTests : IAsyncDisposable
{
    private readonly CliHome _relay = new("advisor: simulated\nlisten: 127.0.0.1:0\nmax_envelope_bytes: 2000\n");

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task Without_a_daemon_the_envelope_waits_and_that_is_said()
    {
        var ran = await _relay.RunAsync("send", "--session", "s1", "Grüße", "--id", "k1");

        Assert.Equal(0, ran.Exit);
        Assert.Contains("next start", ran.Output);
        var file = Assert.Single(QueueFolder.Waiting(_relay.Home.Queue)).Path;
        var envelope = ((Envelope.Read.Valid)Envelope.Parse(File.ReadAllBytes(file))).Envelope;
        Assert.Equal(("s1", "Grüße", "k1"), (envelope.Session.Value, envelope.Content, envelope.Id));
        Assert.Empty(Directory.GetFiles(_relay.Home.Queue, ".*"));
    }

    [Fact]
    public async Task A_running_daemon_takes_it_and_it_is_found_under_its_id()
    {
        await _relay.StartAsync();

        var sent = (await _relay.RunAsync("send", "--session", "s1", "Hello", "--json")).Json;

        await Until.TrueAsync(
            async () => (await _relay.RunAsync("explain", sent.GetProperty("id").GetString()!)).Exit == 0, "the message");
        Assert.True(sent.GetProperty("running").GetBoolean());
    }

    [Fact]
    public async Task A_dash_or_nothing_reads_standard_input_without_its_last_line_end()
    {
        await _relay.PipeAsync("one\ntwo\n", "send", "--session", "s1", "-");
        await _relay.PipeAsync("\uFEFFthree", "send", "--session", "s1");

        var texts = QueueFolder.Waiting(_relay.Home.Queue)
            .Select(file => JsonDocument.Parse(File.ReadAllBytes(file.Path)).RootElement.GetProperty("content").GetString());
        Assert.Equal(["one\ntwo", "three"], texts);
    }

    [Fact]
    public async Task A_blank_text_is_refused()
    {
        var ran = await _relay.PipeAsync(" \n", "send", "--session", "s1");

        Assert.Equal((2, ""), (ran.Exit, ran.Output));
    }

    [Fact]
    public async Task What_the_relay_would_reject_for_its_size_does_not_get_into_the_queue()
    {
        var text = await _relay.RunAsync("send", "--session", "s1", new string('x', 2001));
        var envelope = await _relay.RunAsync("send", "--session", "s1", new string('x', 1990));
        var input = await _relay.PipeAsync(new string('x', 100_000), "send", "--session", "s1");

        Assert.All([text, envelope, input], ran => Assert.Equal((1, ""), (ran.Exit, ran.Output)));
        Assert.Contains("2000", text.Error);
        Assert.Empty(Directory.GetFiles(_relay.Home.Queue));
    }

    [Theory]
    [InlineData("user", 2)]
    [InlineData("jc", 1)]
    public async Task Nobody_speaks_under_a_reserved_name(string name, int exit)
    {
        var sent = await _relay.RunAsync("send", "--session", name, "Hello");

        Assert.Equal(exit, sent.Exit);
        Assert.Empty(Directory.Exists(_relay.Home.Queue) ? Directory.GetFiles(_relay.Home.Queue) : []);
    }

    [Fact]
    public async Task Another_text_under_an_id_that_was_used_is_refused_and_the_same_again_is_the_same_message()
    {
        await _relay.StartAsync();
        Assert.Equal(0, (await _relay.RunAsync("ask", "--session", "s1", "--id", "k", "Hello")).Exit);

        var other = await _relay.RunAsync("send", "--session", "s1", "--id", "k", "Another");
        var same = await _relay.RunAsync("send", "--session", "s1", "--id", "k", "Hello");

        Assert.Equal((1, 0), (other.Exit, same.Exit));
        Assert.Contains("used by s1 before for another text", other.Error);
        Assert.Equal(1, (await _relay.RunAsync("ask", "--session", "s1", "--id", "k", "Another")).Exit);
    }

    [Fact]
    public async Task An_id_that_waits_in_the_queue_is_used_already()
    {
        var first = (await _relay.RunAsync("send", "--session", "s1", "--id", "k", "Hello", "--json")).Json.GetProperty("id").GetString();

        var same = await _relay.RunAsync("send", "--session", "s1", "--id", "k", "Hello", "--json");
        var another = await _relay.RunAsync("send", "--session", "s1", "--id", "k", "Another");
        var others = await _relay.RunAsync("send", "--session", "s2", "--id", "k", "Another");

        Assert.Equal(first, same.Json.GetProperty("id").GetString());
        Assert.Equal((1, "", 0), (another.Exit, another.Output, others.Exit));
        Assert.Contains($"waits in queue/ as {first}", another.Error);
        await _relay.StartAsync();
        await Until.TrueAsync(async () => (await _relay.RunAsync("explain", first!)).Exit == 0, "the message");
    }

    [Fact]
    public async Task So_is_that_of_an_envelope_which_a_program_has_put_there()
    {
        _relay.Home.CreateFolders();
        File.WriteAllText(Path.Combine(_relay.Home.Queue, "a.json"), """{"session_id":"s1","content":"Hello","id":"k"}""");

        var same = await _relay.RunAsync("send", "--session", "s1", "--id", "k", "Hello");
        var another = await _relay.RunAsync("send", "--session", "s1", "--id", "k", "Another");

        Assert.StartsWith("sent as k;", same.Output);
        Assert.Equal(1, another.Exit);
    }

    [Fact]
    public async Task A_session_that_is_not_listed_is_refused_where_unknown_ones_are()
    {
        File.AppendAllText(_relay.Home.ConfigFile, "accept_unknown_sessions: false\n");

        var ran = await _relay.RunAsync("send", "--session", "stranger", "Hello");

        Assert.Equal(1, ran.Exit);
        Assert.Contains("accept_unknown_sessions", ran.Error);
    }
}
