using Relay.Conversations;
using Relay.Costs;
using Relay.Storage;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Web.Dashboard;

/// <summary>What was spent, by day, session, conversation and model, and what it would have been without a cache.</summary>
public sealed class CostsPageTests
{
    private const string Opus = "claude-opus-5-5"; // 4 dollars a million tokens of input, 20 of output, 0.20 read from the cache.

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    /// <summary>A million tokens of input, half of them from the cache.</summary>
    private static readonly TokenUsage Half = new(Input: 500_000, Output: 100_000, 0, 0, CacheRead: 500_000);

    private static Task SpendAsync(
        RunningRelay relay, int daysAgo, string session, long nano, string conversation = "default", string model = Opus) =>
        relay.Get<Database>().WriteAsync(
            writing =>
            {
                var call = new StartedCall("call", new ConversationId(conversation), Message: null, CallPurpose.Turn)
                {
                    At = writing.Now.AddDays(-daysAgo),
                    Session = SessionId.Stored(session),
                    Model = model,
                    PromptBytes = 1,
                };
                return Spending.SettleAsync(writing, call, new Settlement(Half, nano, IsLost: false), CancellationToken);
            },
            CancellationToken);

    private static string Row(string page, string name)
    {
        var rows = page.Split("<tr>").Where(row => row.Contains($"<td>{name}</td>", StringComparison.Ordinal)).ToList();
        return Assert.Single(rows);
    }

    [Fact]
    public async Task Each_session_conversation_and_model_has_its_days_plotted_to_one_scale()
    {
        await using var relay = await RunningRelay.StartAsync();
        await SpendAsync(relay, daysAgo: 0, "session-1", 4_000_000_000);
        await SpendAsync(relay, daysAgo: 29, "session-1", 2_000_000_000);
        await SpendAsync(relay, daysAgo: 1, "session-2", 1_000_000, conversation: "other", model: "claude-haiku-4-5");
        await SpendAsync(relay, daysAgo: 30, "session-3", 9_000_000_000); // Not of these thirty days.
        using var browser = await Browser.SignedInAsync(relay);

        var (_, page) = await browser.GetAsync("/costs");

        Assert.Contains("d=\"M0 24v-12h3v12zM116 24v-24h3v24z\"", Row(page, "session-1"));
        Assert.Contains("costs on 2 of 30 days, at most $4.00 on", Row(page, "session-1"));
        Assert.Contains("d=\"M112 24v-1h3v1z\"", Row(page, "session-2")); // Little, but not nothing.
        Assert.Contains("M116 24v-24h3v24z", Row(page, "default"));
        Assert.Contains("M116 24v-24h3v24z", Row(page, Opus));
        Assert.Contains("$6.00", Row(page, Opus));
        Assert.DoesNotContain("session-3", page);
        foreach (var title in new[] { "By day", "By session", "By conversation", "By model" })
            Assert.Contains($"<h2>{title}</h2>", page);
    }

    [Fact]
    public async Task The_cache_s_share_and_the_cost_without_it_stand_in_every_row_and_in_the_csv()
    {
        await using var relay = await RunningRelay.StartAsync();
        await SpendAsync(relay, daysAgo: 0, "session-1", 4_100_000_000);
        await SpendAsync(relay, daysAgo: 0, "session-2", 1_000_000_000, model: "of nobody");
        using var browser = await Browser.SignedInAsync(relay);

        var (_, page) = await browser.GetAsync("/costs");
        var (_, csv) = await browser.GetAsync("/costs.csv");

        Assert.Contains("<td>$4.10</td><td>$6.00</td><td>50 %</td>", Row(page, "session-1"));
        Assert.Contains("<td>$1.00</td><td></td><td>50 %</td>", Row(page, "session-2")); // Nobody knows.
        Assert.DoesNotContain("Without caching the same tokens", page);
        var lines = csv.TrimEnd().Split("\r\n");
        Assert.EndsWith(",usd_without_cache_at_todays_prices", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(",default,session-1,claude-opus-5-5,1,500000,100000,0,0,500000,4.1,0,6", lines[1], StringComparison.Ordinal);
        Assert.EndsWith(",default,session-2,of nobody,1,500000,100000,0,0,500000,1,0,", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_all_models_have_a_price_the_sum_is_told_with_and_without_the_cache()
    {
        await using var relay = await RunningRelay.StartAsync();
        await SpendAsync(relay, daysAgo: 0, "session-1", 4_100_000_000);
        using var browser = await Browser.SignedInAsync(relay);

        var (_, page) = await browser.GetAsync("/costs");

        Assert.Contains("Without caching the same tokens would have cost $6.00 at today&#x27;s prices, with it $4.10.", page);
        Assert.Contains("cache read 50 % of the input", page);
    }
}
