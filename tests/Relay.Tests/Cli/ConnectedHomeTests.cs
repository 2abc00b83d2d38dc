using Xunit;

namespace Relay.Tests.Cli;

/// <summary>A home is no project, unless it is that as well.</summary>
public sealed class ConnectedHomeTests : IAsyncDisposable
{
    private readonly CliHome _relay = new("listen: 127.0.0.1:7477\n");

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [InlineData("")]
    [InlineData("state")]
    [InlineData("dispatch/session-1")]
    public async Task The_home_and_what_the_relay_keeps_in_it_are_no_project(string folder)
    {
        var home = Path.Combine(_relay.Home.Root, folder);
        Directory.CreateDirectory(home);

        var ran = await _relay.RunAsync("connect", "claude-code", "--project", home);

        Assert.Equal((1, ""), (ran.Exit, ran.Output));
        Assert.Contains("and no project, so nothing was changed", ran.Error, StringComparison.Ordinal);
        Assert.False(Path.Exists(Path.Combine(home, ".claude")));
        Assert.DoesNotContain("home", (await _relay.RunAsync("tokens")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_project_whose_folder_is_the_home_is_one()
    {
        Directory.CreateDirectory(Path.Combine(_relay.Home.Root, ".git"));

        Assert.Equal(0, (await _relay.RunAsync("connect", "claude-code", "--project", _relay.Home.Root)).Exit);
    }
}
