using Relay.Agents.Connect;
using Relay.Cli;
using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>relay claude gives the client what is the client's, and nothing of the operator's.</summary>
public sealed class ClaudeCommandTests : IAsyncDisposable
{
    private readonly CliHome _relay = new("listen: 127.0.0.1:7477\n");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-claude-");

    private string Project => _folder.CreateSubdirectory("shop").FullName;

    private ConnectionBook Book => new(_relay.Home, TimeProvider.System);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ClaudeCommandTests()
    {
        var client = Path.Combine(_folder.CreateSubdirectory("bin").FullName, "claude");
        File.WriteAllText(client, "#!/bin/sh\n");
        File.SetUnixFileMode(client, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _relay.Environment["PATH"] = Path.GetDirectoryName(client)!;
        _relay.Environment["HOME"] = _folder.FullName;
    }

    public async ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        await _relay.DisposeAsync();
    }

    [Theory]
    [InlineData("claude|-p|hi", "claude", "-p|hi")]
    [InlineData("--home|H|claude|--resume", "--home|H|claude", "--resume")]
    [InlineData("--home=H|claude|-p|hi", "--home=H|claude", "-p|hi")]
    [InlineData("claude|-p|--home|H|hi", "claude|--home|H", "-p|hi")]
    [InlineData("claude|--home=H|x", "claude|--home=H", "x")]
    [InlineData("claude|--|--home|H", "claude", "--|--home|H")]
    [InlineData("claude|--help", "claude|--help", "")]
    [InlineData("claude|mcp|--help", "claude", "mcp|--help")]
    [InlineData("--home=H|claude|--help", "--home=H|claude|--help", "")]
    [InlineData("ask|claude", "ask|claude", "")]
    public void All_that_follows_the_name_is_the_clients_but_the_home(string line, string ours, string clients)
    {
        var split = ClaudeCommand.Split(line.Split('|'));

        Assert.Equal((ours, clients), (string.Join('|', split.Ours), string.Join('|', split.Clients)));
    }

    [Fact]
    public async Task The_client_has_its_own_token_and_nothing_with_which_the_operator_answers()
    {
        await _relay.RunAsync("connect", "claude-code");
        foreach (var secret in Secrets.Keys)
            _relay.Environment[secret] = "a-secret-of-the-operators";
        _relay.Environment["RELAY_SESSION"] = "shop-2";
        _relay.Environment["RELAY_HOME"] = _relay.Home.Root;

        var start = await FindAsync();

        Assert.Equal(
            ["RELAY_HOME", "RELAY_SESSION", "RELAY_SESSION_TOKEN"],
            start.Environment.Keys.Where(name => name.StartsWith("RELAY_") || name.StartsWith("NTFY_")).Order());
        Assert.StartsWith("shop.", start.Environment["RELAY_SESSION_TOKEN"], StringComparison.Ordinal);
        Assert.Equal("a-secret-of-the-operators", start.Environment["ANTHROPIC_API_KEY"]); // The client's own, perhaps.
    }

    [Fact]
    public async Task A_connection_that_was_revoked_stays_so_until_its_next_token_is_made()
    {
        await _relay.RunAsync("connect", "claude-code");
        await FindAsync();
        await Book.RevokeAsync("shop", Cancel);

        var fault = await Assert.ThrowsAsync<CommandFailure>(FindAsync);
        var mcp = await _relay.PipeAsync("", "mcp", "--session", "shop-2");

        Assert.Contains("relay token shop", fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, mcp.Exit);
        Assert.NotNull(Assert.Single(Book.List()).RevokedAt);
        await _relay.RunAsync("token", "shop");
        Assert.StartsWith("shop.", (await FindAsync()).Environment["RELAY_SESSION_TOKEN"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_name_relay_mcp_is_the_same_session_at_each_start()
    {
        await _relay.PipeAsync("", "mcp");
        var first = Assert.Single(Book.List());

        await _relay.PipeAsync("", "mcp");

        Assert.Equal(first, Assert.Single(Book.List()));
    }

    [Fact]
    public void A_name_made_of_a_folders_is_numbered_from_no_other()
    {
        for (var number = 0; number < 100; number++)
        {
            var name = ConnectionNames.OfProject($"/{number}/shop", [new ConnectionEntry("shop", 1, "s", default)], "JC");

            Assert.StartsWith("shop-", name, StringComparison.Ordinal);
            Assert.False(ConnectionEntry.Covers("shop", name), name);
        }
    }

    private Task<ClaudeLaunch.Start> FindAsync()
    {
        var context = new CommandContext(_relay.Environment, TextWriter.Null, TextWriter.Null) { CurrentFolder = Project };
        return new ClaudeLaunch(context, _relay.Home).FindAsync([], Cancel);
    }
}
