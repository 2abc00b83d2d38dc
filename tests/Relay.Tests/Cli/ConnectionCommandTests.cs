using System.Text.Json;
using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class ConnectionCommandTests : IAsyncDisposable
{
    private readonly CliHome _relay = new();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task A_token_is_the_same_with_and_without_a_daemon_and_opens_it()
    {
        var before = await _relay.RunAsync("token", "shop");
        var daemon = await _relay.StartAsync();
        var running = await _relay.RunAsync("token", "shop", "--json");
        var env = await _relay.RunAsync("env", "shop");

        Assert.Equal((0, ""), (before.Exit, before.Error));
        Assert.Equal(before.Output.Trim(), running.Json.GetProperty("token").GetString());
        Assert.Equal($"export RELAY_SESSION_TOKEN={before.Output.Trim()}\n", env.Output);
        Assert.Equal(403, await StatusAsync(daemon, before.Output.Trim()));
    }

    [Fact]
    public async Task They_are_listed_with_their_last_use_and_refused_from_the_moment_they_are_revoked()
    {
        var daemon = await _relay.StartAsync();
        Assert.Contains("no connection yet", (await _relay.RunAsync("tokens")).Output, StringComparison.Ordinal);
        var token = (await _relay.RunAsync("token", "shop")).Output.Trim();
        await _relay.RunAsync("token", "bank");

        Assert.Equal(403, await StatusAsync(daemon, token)); // Known, and the status is not for it.
        await AskAsync(daemon, token);
        var listed = (await _relay.RunAsync("tokens", "--json")).Json;
        var revoked = await _relay.RunAsync("tokens", "--revoke", "shop");

        Assert.Equal(401, await StatusAsync(daemon, token));
        Assert.Equal(["bank", "shop"], listed.EnumerateArray().Select(each => each.GetProperty("name").GetString()));
        Assert.Equal("127.0.0.1", listed[1].GetProperty("last_used_from").GetString());
        Assert.Equal(JsonValueKind.Null, listed[0].GetProperty("last_used_at").ValueKind);
        Assert.Equal(0, revoked.Exit);
        Assert.Matches("shop .* 127.0.0.1 .*revoked", (await _relay.RunAsync("tokens")).Output);
        Assert.DoesNotContain(token, (await _relay.RunAsync("tokens", "--json")).Output, StringComparison.Ordinal);
        var next = (await _relay.RunAsync("token", "shop")).Output.Trim();
        Assert.NotEqual(token, next);
        Assert.Equal(403, await StatusAsync(daemon, next));
        Assert.Equal(401, await StatusAsync(daemon, token));
    }

    [Theory]
    [InlineData("relay")]
    [InlineData("operator-JC")]
    [InlineData("Advisor")]
    [InlineData("jc")]
    [InlineData("J-C")]
    [InlineData("a b")]
    [InlineData("a.b")]
    [InlineData("../a")]
    [InlineData("")]
    public async Task A_name_that_no_session_may_have_is_a_usage_error(string name)
    {
        Assert.Equal(2, (await _relay.RunAsync("token", name)).Exit);
        Assert.Equal(2, (await _relay.RunAsync("env", name)).Exit);
        Assert.False(File.Exists(_relay.Home.ConnectionsFile));
    }

    [Fact]
    public async Task What_there_is_not_is_not_revoked()
    {
        var ran = await _relay.RunAsync("tokens", "--revoke", "nobody");

        Assert.Equal((1, "there is no connection nobody; relay tokens lists them\n"), (ran.Exit, ran.Error));
    }

    [Fact]
    public async Task The_token_of_a_session_never_becomes_the_operators()
    {
        var token = (await _relay.RunAsync("token", "shop")).Output.Trim();
        _relay.Environment["RELAY_SESSION_TOKEN"] = token;

        var daemon = await _relay.StartAsync();
        var secrets = ((Loaded.Ok)SettingsSource.Load(_relay.Home, _relay.Environment, generate: false)).Source.Current.Secrets;
        Assert.NotEqual(token, secrets.Token);
        Assert.Equal(200, await StatusAsync(daemon, secrets.Token));
        Assert.Equal(403, await StatusAsync(daemon, token));
        await _relay.StopAsync();

        _relay.Environment["RELAY_TOKEN"] = token; // Even where somebody mistakes the one for the other.
        var ran = await _relay.RunAsync("run");
        Assert.Equal(78, ran.Exit);
        Assert.Contains("RELAY_TOKEN: the value cannot be used; allowed: the operator's own", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(token, ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_weak_token_of_the_operators_is_no_configuration()
    {
        _relay.Environment["RELAY_TOKEN"] = "sesame";

        var ran = await _relay.RunAsync("run");

        Assert.Equal(78, ran.Exit);
        Assert.Contains("at least 128 bits", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", ran.Error, StringComparison.Ordinal);
    }

    private static async Task<int> StatusAsync(Daemon daemon, string token)
    {
        using var http = Client(daemon, token);
        using var response = await http.GetAsync("/status", TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }

    private static async Task AskAsync(Daemon daemon, string token)
    {
        using var http = Client(daemon, token);
        using var body = new StringContent("""{"content":"c","id":"i"}""");
        using var response = await http.PostAsync("/ask", body, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode);
    }

    private static HttpClient Client(Daemon daemon, string token)
    {
        var http = new HttpClient { BaseAddress = new Uri(daemon.Url) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return http;
    }
}
