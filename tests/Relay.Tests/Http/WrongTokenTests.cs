using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Relay.Http;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Http;

/// <summary>Who tries tokens waits longer each time and is told of; who has the right one does not, though it be from the same
/// address.</summary>
public sealed class WrongTokenTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly FakeLogCollector _logs = new();
    private readonly PeerCounts _counts = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_try_waits_longer_and_of_many_at_once_the_rest_is_refused()
    {
        var wrong = Wrong();
        for (var i = 0; i < 3; i++)
            Assert.False(await wrong.IsRefusedAsync(Context("192.0.2.1")));

        var fourth = wrong.IsRefusedAsync(Context("192.0.2.1"));
        Assert.False(fourth.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.False(await fourth);
        var waiting = Enumerable.Range(0, 16).Select(_ => wrong.IsRefusedAsync(Context("192.0.2.1"))).ToList();
        var refused = Context("192.0.2.1");
        Assert.True(await wrong.IsRefusedAsync(refused));
        Assert.All(waiting, task => Assert.False(task.IsCompleted));
        Assert.False(await wrong.IsRefusedAsync(Context("192.0.2.2"))); // Another address is not made to pay for it.
        _clock.Advance(TimeSpan.FromSeconds(2));
        await Task.WhenAll(waiting);

        Assert.Equal((429, "2"), (refused.Response.StatusCode, (string?)refused.Response.Headers.RetryAfter));
        Assert.Equal(22, _counts.WrongTokens);
    }

    [Fact]
    public async Task There_is_one_line_a_source_and_minute_with_the_count()
    {
        var wrong = Wrong();
        var tries = Enumerable.Range(0, 500).Select(_ => wrong.IsRefusedAsync(Context("192.0.2.1"))).ToList();
        await wrong.IsRefusedAsync(Context("192.0.2.2"));
        Assert.Equal([Line(1, "192.0.2.1"), Line(1, "192.0.2.2")], Lines());

        _clock.Advance(TimeSpan.FromMinutes(1));
        await Task.WhenAll(tries);
        Assert.Equal(Line(499, "192.0.2.1"), Assert.Single(Lines()[2..]));
        _clock.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal(3, Lines().Count);
    }

    [Fact]
    public async Task The_right_token_from_the_same_address_is_answered_at_once()
    {
        await using var relay = await RunningRelay.StartAsync(kind: SqlDialect.Sqlite.Name);
        using var guesser = new HttpClient { BaseAddress = relay.Client.BaseAddress };
        guesser.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "guess");
        var guesses = Enumerable.Range(0, 200).Select(_ => guesser.GetAsync("/status", CancellationToken)).ToList();
        await Until.TrueAsync(() => relay.Daemon.Services.GetRequiredService<PeerCounts>().TooMany > 0, "429");

        var honest = System.Diagnostics.Stopwatch.StartNew();
        await relay.StatusAsync();

        Assert.True(honest.Elapsed < WrongTokens.LongestPause, $"{honest.Elapsed}");
        foreach (var response in await Task.WhenAll(guesses))
            using (response)
                Assert.Contains(response.StatusCode, (HttpStatusCode[])[HttpStatusCode.Unauthorized, HttpStatusCode.TooManyRequests]);
    }

    private static string Line(int count, string source) => $"{count} requests with a wrong token from {source}; told once a minute";

    private List<string> Lines() => [.. _logs.GetSnapshot().Select(record => record.Message)];

    private WrongTokens Wrong() => new(_counts, _clock, new FakeLogger<WrongTokens>(_logs));

    private static DefaultHttpContext Context(string address)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        context.Request.Headers.Authorization = "Bearer wrong";
        return context;
    }
}
