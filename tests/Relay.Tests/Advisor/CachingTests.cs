using Relay.Configuration;
using Relay.Costs;
using Relay.Loopback;
using Relay.Tests.Advisor.Anthropic;
using Relay.Tests.Testing;
using Xunit;
using CacheLifetime = Relay.Costs.CacheLifetime;

namespace Relay.Tests.Advisor;

/// <summary>Caching saves money: by calculation, and with the stand-in's cache, which bills like the API.</summary>
public sealed class CachingTests
{
    private static readonly Rates Units = new(Input: 1, Output: 5, CacheWrite5m: 1.25m, CacheWrite1h: 2, CacheRead: 0.05m);

    [Theory]
    [InlineData(1, 25_000, "FiveMinutes")]
    [InlineData(1, 50_000, "FiveMinutes")]
    [InlineData(1, 100_000, "FiveMinutes")]
    [InlineData(10, 25_000, "OneHour")]
    [InlineData(10, 50_000, "OneHour")]
    [InlineData(10, 100_000, "OneHour")]
    [InlineData(120, 25_000, "Off")]
    [InlineData(120, 50_000, "Off")]
    [InlineData(120, 100_000, "Off")]
    public void The_cheapest_lifetime_for_steady_gaps_is_chosen(int minutes, long prefix, string best) =>
        Assert.Equal(
            best, CacheLifetime.Choose([.. Enumerable.Repeat(TimeSpan.FromMinutes(minutes), 20)], prefix, 1_500, Units).ToString());

    [Theory]
    [InlineData(90, 8, 2, "OneHour")]
    [InlineData(99, 1, 0, "FiveMinutes")]
    [InlineData(20, 10, 70, "Off")]
    public void Mixed_gaps_are_weighed(int short_, int middling, int long_, string best)
    {
        List<TimeSpan> gaps =
        [
            .. Enumerable.Repeat(TimeSpan.FromMinutes(1), short_),
            .. Enumerable.Repeat(TimeSpan.FromMinutes(20), middling),
            .. Enumerable.Repeat(TimeSpan.FromHours(5), long_),
        ];

        Assert.Equal(best, CacheLifetime.Choose(gaps, 50_000, 1_500, Units).ToString());
    }

    [Fact]
    public void A_gap_just_as_long_as_the_lifetime_is_a_miss() =>
        Assert.Equal(CacheTtl.OneHour, CacheLifetime.Choose([.. Enumerable.Repeat(TimeSpan.FromMinutes(5), 5)], 50_000, 1_500, Units));

    [Fact]
    public async Task Twenty_turns_up_to_sixty_thousand_tokens_cost_about_a_third_of_caching_the_system_alone()
    {
        var (requests, totals) = await TalkAsync(turns: 20, TimeSpan.FromMinutes(1), characters: 10_000);

        var paid = requests.Sum(request => request.Usage!.CostUsd(TokenRates.Opus55));
        var systemOnly = new CacheLedger();
        var otherwise = requests.Sum(request => systemOnly.Bill(request, MarkerPolicy.SystemOnly).CostUsd(TokenRates.Opus55));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{requests[^1].Usage!.PromptTokens} tokens at the end, {paid} USD against {otherwise}: {paid / otherwise:0.000}");
        Assert.InRange(requests[^1].Usage!.PromptTokens, 55_000, 65_000);
        Assert.True(paid / otherwise <= 0.35m, $"{paid / otherwise:0.000}");
        Assert.Equal(paid, totals.CostNano / 1_000_000_000m); // The ledger and the bill are equal to the nano-dollar.
    }

    [Fact]
    public async Task Gaps_of_ten_minutes_come_to_an_hour_of_caching()
    {
        var (requests, _) = await TalkAsync(turns: 8, TimeSpan.FromMinutes(10), characters: 4_000);

        Assert.All(
            requests.TakeLast(3).SelectMany(request => request.Markers),
            marker => Assert.Equal(Relay.Loopback.CacheLifetime.OneHour, marker.Lifetime));
        Assert.All(requests.TakeLast(3), request => Assert.True(request.Usage!.CacheReadTokens > request.Usage.PromptTokens / 2));
    }

    [Fact]
    public async Task Gaps_of_hours_come_to_no_caching()
    {
        var (requests, _) = await TalkAsync(turns: 10, TimeSpan.FromHours(3), characters: 4_000);

        Assert.All(requests.TakeLast(3), request => Assert.Empty(request.Markers));
    }

    [Fact]
    public async Task Gaps_of_a_minute_come_to_five_minutes_of_caching()
    {
        var (requests, _) = await TalkAsync(turns: 12, TimeSpan.FromMinutes(1), characters: 4_000);

        Assert.All(requests[^1].Markers, marker => Assert.Equal(Relay.Loopback.CacheLifetime.FiveMinutes, marker.Lifetime));
    }

    [Fact]
    public async Task A_summary_reads_what_the_turns_have_cached()
    {
        const string config = "history_char_cap: 50000\nkeep_recent_turns: 3\n";
        var (requests, _) = await TalkAsync(turns: 12, TimeSpan.FromMinutes(1), characters: 4_000, config);

        var summary = Assert.Single(
            requests, request => request.LastUserText.Contains("Your summary takes the place", StringComparison.Ordinal));
        Assert.True(summary.Usage!.CacheReadTokens > summary.Usage.PromptTokens * 9 / 10, $"{summary.Usage}");
    }

    [Fact]
    public async Task Turns_over_the_cap_read_the_cache_between_summaries()
    {
        const string config = "history_char_cap: 40000\nkeep_recent_turns: 10\n";
        var (requests, _) = await TalkAsync(turns: 24, TimeSpan.FromMinutes(1), characters: 4_000, config);

        var summaries = requests.Count(
            request => request.LastUserText.Contains("Your summary takes the place", StringComparison.Ordinal));
        Assert.InRange(summaries, 2, 6);
        Assert.True(
            requests.Count(request => request.Usage!.CacheReadTokens > request.Usage.PromptTokens / 2)
                >= requests.Count - 2 * summaries - 3,
            string.Join(", ", requests.Select(request => $"{request.Usage!.CacheReadTokens} of {request.Usage.PromptTokens}")));
    }

    /// <summary>Each turn adds a question of so many characters, and a reply of a fifth of them.</summary>
    private static async Task<(IReadOnlyList<AdvisorRequest> Requests, Totals Totals)> TalkAsync(
        int turns, TimeSpan gap, int characters, string config = "")
    {
        await using var relay = await TempRelay.CreateAsync("cache_ttl: auto\nmodel: claude-opus-5-5\n" + config);
        await using var api = await LoopbackMessagesApi.StartAsync(new()
        {
            Clock = relay.Clock,
            Answer = _ => ScriptedReply.Text(new string('a', characters / 5)),
        });
        using var rig = new AdvisorRig(api.Address);
        Forward();
        for (var turn = 0; turn < turns; turn++)
        {
            await relay.AcceptAsync("session-1", $"{turn} {new string('q', characters)}");
            await relay.TakeTurnsAsync();
            relay.Clock.Advance(gap);
        }
        return (api.Requests, await relay.ReadAsync(reading => Spending.TotalsAsync(reading, TestContext.Current.CancellationToken)));

        void Forward() => relay.Advisor.Enqueue((call, cancellationToken) =>
        {
            Forward();
            return rig.Advisor.AskAsync(call, cancellationToken);
        });
    }
}
