using System.Net;
using System.Net.Security;
using Microsoft.Extensions.DependencyInjection;
using Relay.Storage;
using Relay.Tests.Cli;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Http;

/// <summary>A relay that listens beyond this machine: its own commands reach it, and it says that it is open.</summary>
public sealed class OpenToTheNetworkTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("0.0.0.0:0")]
    [InlineData("'[::]:0'")]
    public async Task Its_own_commands_reach_it_and_connect_writes_an_address_that_can_be_reached(string listen)
    {
        await using var relay = new CliHome($"advisor: simulated\nlisten: {listen}\nbehind: proxy\n");
        var daemon = await relay.StartAsync();
        var asking = relay.RunAsync("ask", "--session", "s1", "Ask the operator", "--timeout", "30s");
        await Until.TrueAsync(async () => (await relay.RunAsync("questions", "--json")).Output.Contains("s1"), "the question");

        Assert.Equal(0, (await relay.RunAsync("answer", "Go on")).Exit);
        Assert.Equal(0, (await asking).Exit);
        Assert.StartsWith("http://127.0.0.1:", daemon.Url);
        using var http = new HttpClient();
        Assert.Contains("\"ok\"", await http.GetStringAsync($"{daemon.Url}/healthz", CancellationToken));
        Assert.Contains($"{daemon.Url}/mcp", (await relay.RunAsync("connect", "claude-code", "--print")).Output);
    }

    [Fact]
    public async Task With_a_certificate_it_speaks_TLS_and_nothing_else()
    {
        await using var relay = new CliHome("advisor: simulated\nlisten: 0.0.0.0:0\n", SqlDialect.Sqlite.Name);
        await File.AppendAllTextAsync(relay.Home.ConfigFile, SelfMade.Certificate(relay.Home.Root), CancellationToken);
        var daemon = await relay.StartAsync();
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, own, _, _) => own!.Subject == "CN=relay",
            },
        };
        using var http = new HttpClient(handler);

        Assert.StartsWith("https://127.0.0.1:", daemon.Url);
        Assert.Contains("\"ok\"", await http.GetStringAsync($"{daemon.Url}/healthz", CancellationToken));
        await Assert.ThrowsAnyAsync<HttpRequestException>(
            () => http.GetStringAsync($"{daemon.Url.Replace("https", "http", StringComparison.Ordinal)}/healthz", CancellationToken));
        Assert.Equal(0, (await relay.RunAsync("ask", "--session", "s1", "Hello", "--timeout", "30s")).Exit);
        using var status = await http.GetAsync($"{daemon.Url}/status", CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, status.StatusCode);
    }

    [Theory]
    [InlineData("0.0.0.0:0", "open to the network at 0.0.0.0:0, behind a proxy")]
    [InlineData("127.0.0.1:0", null)]
    public async Task The_log_the_page_and_doctor_say_what_is_open(string listen, string? words)
    {
        await using var relay = await RunningRelay.StartAsync("behind: proxy\n", listen: listen);
        var pages = await relay.Daemon.Services.GetRequiredService<Database>().ReadAsync(
            reading => reading.Sql("SELECT body FROM pages WHERE kind = 'online'").ListAsync(row => row.Text(), CancellationToken),
            CancellationToken);
        var logged = relay.Logs.GetSnapshot().Select(record => record.Message);

        Assert.EndsWith(words ?? "closed to the network", Assert.Single(logged, line => line.StartsWith("Listening at ")));
        Assert.Equal(words is not null, Assert.Single(pages).EndsWith($"; {words}", StringComparison.Ordinal));
    }
}
