using System.Net;
using System.Text.RegularExpressions;
using Relay.Costs;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Web.Dashboard;

/// <summary>Pausing, the budget, what is held, and the search, by plain forms and without a script.</summary>
public sealed partial class ActionTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_conversation_is_paused_and_resumed_from_the_page()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await Browser.SignedInAsync(relay);
        relay.Drop("session-1", "First");
        await relay.ConsumeAsync("session-1");
        var form = await FormAsync(browser, ("conversation", "default"));

        var (status, page) = await browser.GetAsync("/conversations/default");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("Pause this conversation", page, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.SendAsync(HttpMethod.Post, "/conversations/pause", form)).Status);
        relay.Drop("session-1", "Second");
        await Until.TrueAsync(async () => (int)(await relay.StatusAsync())["queue_depth"]! == 1, "the message");

        Assert.Contains("Resume default", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);
        Assert.Contains("default</a> is paused since", (await browser.GetAsync("/conversations/default")).Body, StringComparison.Ordinal);
        Assert.Equal("the page", (string)(await relay.StatusAsync())["paused"]![0]!["via"]!);
        Assert.Single(relay.Api.Requests);

        form["from"] = "now";
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.SendAsync(HttpMethod.Post, "/conversations/resume", form)).Status);
        await relay.ConsumeAsync("session-1");
        Assert.DoesNotContain("Resume default", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);
        form["conversation"] = "nowhere";
        Assert.Equal(HttpStatusCode.Conflict, (await browser.SendAsync(HttpMethod.Post, "/conversations/pause", form)).Status);
    }

    [Fact]
    public async Task What_is_held_is_listed_with_its_reason_tried_again_and_given_up_after_a_question()
    {
        await using var relay = await RunningRelay.StartAsync("budget: {per_day_usd: 0.0001}\n");
        using var browser = await Browser.SignedInAsync(relay);
        relay.Drop("session-1", "<script>alert(1)</script> one");
        await Until.TrueAsync(async () => (string)(await relay.StatusAsync())["state"]! == "budget", "the hold");

        Assert.Contains("1 message held", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);
        var (_, page) = await browser.GetAsync("/held");
        Assert.Contains("budget.per_day_usd is 0.0001 USD", page, StringComparison.Ordinal);
        Assert.Contains("Make this one call, whatever the budget says", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        var form = await FormAsync(browser, ("conversation", "default"), ("id", HeldId().Match(page).Groups[1].Value));

        Assert.Equal(HttpStatusCode.SeeOther, (await browser.SendAsync(HttpMethod.Post, "/held/retry", form)).Status);
        await relay.ConsumeAsync("session-1");
        var (again, refused) = await browser.SendAsync(HttpMethod.Post, "/held/retry", form);
        Assert.Equal(HttpStatusCode.Conflict, again);
        Assert.Contains("that cannot be done with it now", refused, StringComparison.Ordinal);

        relay.Drop("session-1", "two");
        await Until.TrueAsync(async () => (string)(await relay.StatusAsync())["state"]! == "budget", "the second hold");
        form["id"] = HeldId().Match((await browser.GetAsync("/held")).Body).Groups[1].Value;
        var (_, asked) = await browser.GetAsync($"/held/drop?conversation=default&id={form["id"]}");
        Assert.Contains("It cannot be undone", asked, StringComparison.Ordinal);
        Assert.Equal("budget", (string)(await relay.StatusAsync())["state"]!); // Asking changes nothing.
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.SendAsync(HttpMethod.Post, "/held/drop", form)).Status);
        Assert.Contains("Nothing is held", (await browser.GetAsync("/held")).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync($"/held/drop?conversation=default&id={form["id"]}")).Status);
        Assert.Single(relay.Api.Requests);
    }

    [Fact]
    public async Task Todays_cap_is_set_by_a_form_for_the_day_it_shows()
    {
        await using var relay = await RunningRelay.StartAsync("budget: {per_day_usd: 0.0001}\n");
        using var browser = await Browser.SignedInAsync(relay);
        relay.Drop("session-1", "one");
        await Until.TrueAsync(async () => (string)(await relay.StatusAsync())["state"]! == "budget", "the hold");
        var (_, page) = await browser.GetAsync("/budget");
        var form = await FormAsync(browser, ("usd", "25"), ("day", Day().Match(page).Groups[1].Value));

        var yesterday = new Dictionary<string, string>(form) { ["day"] = "2020-01-01" };
        Assert.Equal(HttpStatusCode.Conflict, (await browser.SendAsync(HttpMethod.Post, "/budget", yesterday)).Status);
        var nothing = new Dictionary<string, string>(form) { ["usd"] = "all of it" };
        Assert.Equal(HttpStatusCode.Conflict, (await browser.SendAsync(HttpMethod.Post, "/budget", nothing)).Status);
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.SendAsync(HttpMethod.Post, "/budget", form)).Status);

        await relay.ConsumeAsync("session-1");
        Assert.Contains("of $25.00 today, $0.0001 in config.yaml", (await browser.GetAsync("/budget")).Body, StringComparison.Ordinal);
        Assert.Contains("of $25.00 today, $0.0001 in config.yaml", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Sqlite")]
    [InlineData("Postgres")]
    public async Task What_was_said_is_found_marked_and_led_to(string kind)
    {
        await using var relay = await RunningRelay.StartAsync(kind: kind);
        using var browser = await Browser.SignedInAsync(relay);
        relay.Drop("session-1", "<img src=x onerror=alert(1)> The migration plan");
        await relay.ConsumeAsync("session-1");

        var (_, page) = await browser.GetAsync("/search?q=PLAN%20%22the%20migration%22"); // Said a moment ago.
        Assert.Contains("<mark>The migration</mark> <mark>plan</mark>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        Assert.Contains("/conversations/default?through=10#entry-1", page, StringComparison.Ordinal);
        Assert.Contains("id=\"entry-1\"", (await browser.GetAsync("/conversations/default?through=10")).Body, StringComparison.Ordinal);
        foreach (var path in new[] { "/conversations", "/conversations/default", "/search" })
            Assert.Contains("data-search", (await browser.GetAsync(path)).Body, StringComparison.Ordinal);

        foreach (var hostile in new[] { "\"><script>x</script>", "' OR 1=1 --", "NEAR(", "*", "a AND", "\u202e\0" })
        {
            var (status, answer) = await browser.GetAsync("/search?q=" + Uri.EscapeDataString(hostile));
            Assert.Equal((hostile, HttpStatusCode.OK), (hostile, status));
            Assert.DoesNotContain("<script>x", answer, StringComparison.Ordinal);
        }
        Assert.Contains("Nothing was found.", (await browser.GetAsync("/search?q=plan&conversation=other")).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/conversations/pause")]
    [InlineData("/conversations/resume")]
    [InlineData("/held/retry")]
    [InlineData("/held/drop")]
    [InlineData("/budget")]
    public async Task A_form_without_the_pages_own_token_does_nothing(string path)
    {
        await using var relay = await RunningRelay.StartAsync("budget: {per_day_usd: 10}\n");
        using var browser = await Browser.SignedInAsync(relay);
        relay.Drop("session-1", "one");
        await relay.ConsumeAsync("session-1");
        var form = new Dictionary<string, string>
        {
            ["conversation"] = "default",
            ["usd"] = "25",
            ["day"] = Spending.Day(TimeProvider.System.GetUtcNow()),
            ["id"] = "1",
        };

        Assert.Equal(HttpStatusCode.Forbidden, (await browser.SendAsync(HttpMethod.Post, path, form)).Status);
        form["form"] = "x";
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.SendAsync(HttpMethod.Post, path, form)).Status);

        var status = await relay.StatusAsync();
        Assert.Empty(status["paused"]!.AsArray());
        Assert.Equal(10m, (decimal)status["today"]!["cap_usd"]!);
    }

    private static async Task<Dictionary<string, string>> FormAsync(Browser browser, params (string Name, string Value)[] fields)
    {
        var form = fields.ToDictionary(field => field.Name, field => field.Value);
        form["form"] = await browser.FormTokenAsync();
        return form;
    }

    [GeneratedRegex("id=\"held-([^\"]+)\"")]
    private static partial Regex HeldId();

    [GeneratedRegex("name=\"day\" value=\"([^\"]+)\"")]
    private static partial Regex Day();
}
