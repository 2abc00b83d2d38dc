using System.Net;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Http;

/// <summary>One token for all projects of a user: its sessions are named by their folders, and by nobody else's names.</summary>
public sealed class AllProjectsTests : IAsyncLifetime
{
    private RunningRelay _relay = null!;
    private Connected _all = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _relay = await RunningRelay.StartAsync();
        await Connected.AsAsync(_relay, "bank");
        _all = new Connected(_relay, (await Connected.Book(_relay).OpenOfFoldersAsync("claude-code", Cancel)).Token);
    }

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [InlineData("/projects/shop", "^shop$")]
    [InlineData("/other/bank", "^bank-f[0-9a-f]{4}$")] // A connection's name, as are those numbered from it.
    [InlineData("/other/bank-2", "^bank-2-f[0-9a-f]{4}$")]
    [InlineData("/projects/session-1", "^session-1-f[0-9a-f]{4}$")] // The configuration's.
    [InlineData("/projects/relay", "^session-relay$")]
    public async Task A_session_is_named_by_its_folder(string folder, string expected)
    {
        await Session("claude-1", folder).HookAsync("SessionStart");

        Assert.Matches(expected, await NameOfAsync("claude-1"));
    }

    [Fact]
    public async Task Two_in_one_folder_are_told_apart()
    {
        await Session("claude-1", "/projects/shop").HookAsync("SessionStart");
        await Session("claude-2", "/projects/shop").HookAsync("SessionStart");

        Assert.Equal(("shop", "shop-2"), (await NameOfAsync("claude-1"), await NameOfAsync("claude-2")));
    }

    [Theory]
    [InlineData("anything", true)]
    [InlineData("bank", false)]
    [InlineData("bank-2", false)]
    [InlineData("session-1", false)]
    [InlineData("relay", false)]
    [InlineData("operator-JC", false)]
    public async Task A_name_that_is_anothers_is_refused(string name, bool isFree)
    {
        var status = await _all.StatusAsync(HttpMethod.Post, "/ask", new { content = "c", id = "i" }, name);

        Assert.Equal(isFree, status != HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task It_is_no_operators_token_and_any_other_connection_stays_bound_to_its_name()
    {
        var bank = await Connected.AsAsync(_relay, "bank");

        Assert.Equal(HttpStatusCode.Forbidden, await _all.StatusAsync(HttpMethod.Get, "/status"));
        Assert.Equal(HttpStatusCode.Forbidden, await bank.StatusAsync(HttpMethod.Post, "/ask", new { content = "c", id = "i" }, "shop"));
    }

    private ClaudeSession Session(string id, string folder) => new(_relay, id, folder) { Token = _all.Token };

    private async Task<string> NameOfAsync(string agent) =>
        Assert.Single(await _relay.TextsAsync($"SELECT session_id FROM agents WHERE agent_id = '{agent}'"));
}
