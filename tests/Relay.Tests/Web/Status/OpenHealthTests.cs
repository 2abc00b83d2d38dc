using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Relay.Running;
using Relay.Storage;
using Relay.Tests.Testing;
using Relay.Web.Status;
using Xunit;

namespace Relay.Tests.Web.Status;

/// <summary>What everybody may ask tells nobody's words, and costs nothing however often it is asked.</summary>
public sealed class OpenHealthTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_token_it_tells_the_stage_and_no_name_path_or_fault()
    {
        await using var relay = await RunningRelay.StartAsync(kind: SqlDialect.Sqlite.Name);
        relay.Daemon.Services.GetRequiredService<Faults>().Set("a secret part", "/home/ann/.relay cannot be read: exception of session-7");
        using var stranger = new HttpClient { BaseAddress = relay.Client.BaseAddress };
        await Until.TrueAsync(async () => (await relay.SendAsync(HttpMethod.Get, "/healthz")).Status != HttpStatusCode.OK, "unhealthy");

        using var response = await stranger.GetAsync("/healthz", CancellationToken);
        var open = JsonNode.Parse(await response.Content.ReadAsStringAsync(CancellationToken))!.AsObject();
        var (_, own) = await relay.SendAsync(HttpMethod.Get, "/healthz");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("""{"status":"unhealthy","stages":["parts"]}""", open.ToJsonString());
        Assert.Contains("session-7", own["reasons"]!.ToJsonString());
    }

    [Fact]
    public async Task However_often_it_is_asked_the_database_is_read_once_a_second()
    {
        await using var relay = await TempRelay.CreateAsync(kind: SqlDialect.Sqlite.Name);
        var value = relay.Get<HealthValue>();
        var first = await value.ReadAsync(CancellationToken);

        for (var i = 0; i < 10_000; i++)
            Assert.Same(first, await value.ReadAsync(CancellationToken));
        relay.Clock.Advance(TimeSpan.FromSeconds(1));
        var second = await value.ReadAsync(CancellationToken);

        Assert.NotSame(first, second);
    }

    [Fact]
    public async Task Those_who_ask_at_the_same_time_share_one_reading()
    {
        await using var relay = await TempRelay.CreateAsync(kind: SqlDialect.Sqlite.Name);
        var value = relay.Get<HealthValue>();

        var asked = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(() => value.ReadAsync(CancellationToken))));

        Assert.Single(asked.Distinct());
    }
}
