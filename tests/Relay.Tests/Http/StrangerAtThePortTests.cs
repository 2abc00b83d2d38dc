using Relay.Tests.Cli;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Http;

/// <summary>With the relay down, or up, another user's program may listen where the relay is expected. It gets nothing, and what it answers
/// is not taken for the relay's.</summary>
public sealed class StrangerAtThePortTests : IAsyncDisposable
{
    private readonly CliHome _relay = new("advisor: simulated\nlisten: 127.0.0.1:0\n");
    private readonly Spy _spy = new();

    public async ValueTask DisposeAsync()
    {
        await _spy.DisposeAsync();
        await _relay.DisposeAsync();
    }

    [Theory]
    [InlineData("session-start")]
    [InlineData("post")]
    [InlineData("wait")]
    public async Task A_hook_of_the_same_user_tells_it_nothing_and_shows_nothing_of_it(string kind)
    {
        _relay.Home.CreateFolders();

        var ran = await Programs.HookAsync(
            kind, _relay.Home, _spy.Url, ("RELAY_TOKEN", "operators"), ("RELAY_SESSION_TOKEN", "sessions"), ("CLAUDE_PID", "999999999"));

        Assert.Equal("", _spy.Heard);
        Assert.DoesNotContain(Spy.Words, ran.Output + ran.Error);
        Assert.Equal(0, ran.Exit);
        if (kind == "session-start")
            Assert.Contains("nothing answers", ran.Output);
    }

    [Fact]
    public async Task A_hook_that_cannot_read_the_home_sends_a_connections_token_and_never_the_operators()
    {
        var absent = new Relay.Configuration.RelayHome("/nonexistent/of another user");

        await Programs.HookAsync("session-start", absent, _spy.Url, ("RELAY_TOKEN", "operators"));
        Assert.Equal("", _spy.Heard);

        await Programs.HookAsync("session-start", absent, _spy.Url, ("RELAY_TOKEN", "operators"), ("RELAY_SESSION_TOKEN", "sessions"));
        Assert.Contains("Authorization: Bearer sessions", _spy.Heard);
        Assert.DoesNotContain("operators", _spy.Heard);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_command_speaks_to_it(bool running)
    {
        await _relay.StartAsync();
        var endpoint = await File.ReadAllTextAsync(_relay.Home.EndpointFile, TestContext.Current.CancellationToken);
        var url = _relay.Url;
        if (!running)
            await _relay.StopAsync();
        await File.WriteAllTextAsync(
            _relay.Home.EndpointFile, endpoint.Replace(url, _spy.Url, StringComparison.Ordinal), TestContext.Current.CancellationToken);
        string[][] commands =
        [
            ["status"], ["questions"], ["sessions"], ["messages"], ["retry"], ["answer", "x"], ["drop", "x"], ["explain", "x"], ["costs"],
            ["ask", "--session", "s1", "--timeout", "0s", "x"], ["send", "--session", "s1", "x"], ["doctor"], ["log"], ["topic"],
        ];

        foreach (var command in commands)
            await _relay.RunAsync(command);

        Assert.Equal("", _spy.Heard);
    }
}
