using System.Net;
using Microsoft.AspNetCore.Routing;
using Relay.Http;
using Relay.Loopback;
using Relay.Tests.Agents;
using Relay.Tests.Http;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Web.Dashboard;

/// <summary>Who gets to see the operator's page, and who may send its forms.</summary>
public sealed class SignInTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_link_lets_one_browser_in_once()
    {
        await using var relay = await RunningRelay.StartAsync();
        var link = await Browser.LinkAsync(relay);
        using var first = new Browser(relay);
        using var second = new Browser(relay);

        Assert.Equal(HttpStatusCode.SeeOther, (await first.GetAsync(link)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await second.GetAsync(link)).Status);

        Assert.Null(second.Cookie);
        Assert.Equal(HttpStatusCode.OK, (await first.GetAsync("/")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await second.GetAsync("/")).Status);
    }

    [Fact]
    public async Task The_cookie_is_out_of_reach_of_scripts_and_other_sites()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = new Browser(relay);

        await browser.GetAsync(await Browser.LinkAsync(relay));

        var attributes = browser.SetCookie!.Split("; ").Skip(1).Select(each => each.ToLowerInvariant());
        Assert.Superset(new HashSet<string> { "httponly", "samesite=strict", "path=/" }, attributes.ToHashSet());
        Assert.StartsWith($"relay-{relay.Client.BaseAddress!.Port}=", browser.SetCookie, StringComparison.Ordinal);
        var kept = await File.ReadAllTextAsync(relay.Home.SignInsFile, CancellationToken);
        Assert.DoesNotContain(browser.Cookie!.Split('=')[1], kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_that_is_too_old_lets_nobody_in()
    {
        var clock = new MachineClock();
        await using var relay = await RunningRelay.StartAsync(clock: clock);
        var signIns = relay.Get<SignIns>();
        var code = signIns.NewCode();

        clock.Advance(SignIns.LinkLasts + TimeSpan.FromSeconds(1));

        Assert.Null(signIns.Open(code, "here", "browser"));
    }

    [Fact]
    public async Task A_sign_in_holds_over_a_restart_and_ends_when_it_is_revoked()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await Browser.SignedInAsync(relay);
        await relay.RestartAsync();
        using var again = new Browser(relay) { Cookie = Renamed(browser.Cookie!, relay) };
        Assert.Equal(HttpStatusCode.OK, (await again.GetAsync("/")).Status);
        var listed = Assert.Single(await again.SignInsAsync())!;

        var (status, _) = await relay.SendAsync(HttpMethod.Post, $"/sign-ins/{listed["id"]}/revoke", new { });

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await again.GetAsync("/")).Status);
        Assert.Empty(await again.SignInsAsync());
        await relay.RestartAsync();
        using var last = new Browser(relay) { Cookie = Renamed(browser.Cookie!, relay) };
        Assert.Equal(HttpStatusCode.Unauthorized, (await last.GetAsync("/")).Status);
    }

    [Fact]
    public async Task A_sign_in_that_is_not_used_for_a_month_ends()
    {
        var clock = new MachineClock();
        await using var relay = await RunningRelay.StartAsync(clock: clock);
        var signIns = relay.Get<SignIns>();
        var cookie = signIns.Open(signIns.NewCode(), "here", "browser")!;
        clock.Advance(SignIns.Idle - TimeSpan.FromHours(1));
        Assert.NotNull(signIns.Find(cookie));

        clock.Advance(SignIns.Idle + TimeSpan.FromHours(1));

        Assert.Null(signIns.Find(cookie));
        Assert.Empty(signIns.List());
    }

    [Fact]
    public async Task The_cookie_is_kept_by_the_browser_for_as_long_again_each_time_it_is_used()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await Browser.SignedInAsync(relay);
        var cookie = browser.Cookie;

        await browser.GetAsync("/");

        Assert.Equal(cookie, browser.SetCookie?.Split(';')[0]);
        Assert.Contains($"max-age={SignIns.Idle.TotalSeconds:0}", browser.SetCookie, StringComparison.OrdinalIgnoreCase);
        browser.Cookie = null;
        await browser.GetAsync("/");
        Assert.Null(browser.SetCookie);
    }

    [Fact]
    public async Task What_is_fetched_ahead_uses_no_link_up()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = new Browser(relay);
        var link = await Browser.LinkAsync(relay);

        await browser.GetAsync(link, ("Sec-Purpose", "prefetch"));

        Assert.Equal(HttpStatusCode.SeeOther, (await browser.GetAsync(link)).Status);
    }

    [Fact]
    public async Task Wrong_links_are_slowed_down()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = new Browser(relay);
        for (var tried = 0; tried < 3; tried++)
            await browser.GetAsync("/sign-in?code=wrong");
        var slowed = new List<Task<(HttpStatusCode Status, string Body)>>();

        for (var tried = 0; tried < 40; tried++)
            slowed.Add(browser.GetAsync("/sign-in?code=wrong"));

        Assert.Contains(await Task.WhenAll(slowed), each => each.Status == HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task The_operators_bearer_opens_the_page_a_sessions_none_of_it()
    {
        await using var relay = await RunningRelay.StartAsync();
        var shop = await Connected.AsAsync(relay, "shop");

        Assert.Contains("Nothing waits for you", await relay.Client.GetStringAsync("/", CancellationToken), StringComparison.Ordinal);
        foreach (var path in new[] { "/", "/questions/1", "/changes", "/sign-ins" })
            Assert.Equal(HttpStatusCode.Forbidden, await shop.StatusAsync(HttpMethod.Get, path));
        foreach (var path in new[] { "/answer", "/sign-ins", "/sign-ins/1/revoke" })
            Assert.Equal(HttpStatusCode.Forbidden, await shop.StatusAsync(HttpMethod.Post, path, new { }));
    }

    [Fact]
    public async Task A_foreign_site_and_a_foreign_host_get_nothing_with_the_cookie()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await Browser.SignedInAsync(relay);

        Assert.Equal(HttpStatusCode.Forbidden, (await browser.GetAsync("/", ("Origin", "https://evil.example"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.GetAsync("/", ("Origin", "null"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.GetAsync("/", ("Host", "evil.example"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.GetAsync("/sign-in?code=x", ("Host", "evil.example"))).Status);
    }

    [Fact]
    public async Task The_cookie_alone_changes_nothing()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Left or right?"));
        relay.Drop("session-1", "Which way?");
        await Until.TrueAsync(async () => (await relay.StatusAsync())["questions"]!.AsArray().Count == 1, "a question");
        using var browser = await Browser.SignedInAsync(relay);
        using var other = await Browser.SignedInAsync(relay);
        var form = new Dictionary<string, string> { ["question"] = "1", ["text"] = "left" };

        Assert.Equal(HttpStatusCode.Forbidden, (await browser.SendAsync(HttpMethod.Post, "/answer", form)).Status);
        form["form"] = await other.FormTokenAsync();
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.SendAsync(HttpMethod.Post, "/answer", form)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.SendAsync(HttpMethod.Post, "/answers", form)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.SendAsync(HttpMethod.Post, "/retry", form)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.SendAsync(HttpMethod.Post, "/sign-ins", form)).Status);
        Assert.Single((await relay.StatusAsync())["questions"]!.AsArray());

        form["form"] = await browser.FormTokenAsync();
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.SendAsync(HttpMethod.Post, "/answer", form)).Status);
        var (status, page) = await browser.SendAsync(HttpMethod.Post, "/answer", form);
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("was answered by the page at", page, StringComparison.Ordinal);
        Assert.Contains("left", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_route_that_takes_forms_wants_the_pages_token_and_no_other_takes_the_cookie()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await Browser.SignedInAsync(relay);
        var posts = relay.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => RouteAccess.Of(route) == Access.Operator)
            .Where(route => route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Contains("POST"))
            .ToList();
        Assert.True(posts.Count > 10);

        foreach (var route in posts)
        {
            var path = $"/{route.RoutePattern.RawText!.Trim('/')}".Replace("{id}", "1", StringComparison.Ordinal);
            var (status, _) = await browser.SendAsync(HttpMethod.Post, path, new() { ["form"] = "wrong", ["question"] = "1" });
            Assert.Equal((path, FormAccess.IsOf(route) ? HttpStatusCode.Forbidden : HttpStatusCode.Unauthorized), (path, status));
        }
    }

    [Fact]
    public async Task Nobody_who_is_not_signed_in_learns_anything()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = new Browser(relay) { Cookie = $"relay-{relay.Client.BaseAddress!.Port}=wrong" };

        var (status, page) = await browser.GetAsync("/");

        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.DoesNotContain("session-1", page, StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        using var plain = new HttpClient { BaseAddress = relay.Client.BaseAddress };
        using var refused = await plain.SendAsync(request, CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);
    }

    /// <summary>A restarted relay has another port, and its cookie that in its name.</summary>
    private static string Renamed(string cookie, RunningRelay relay) => $"relay-{relay.Client.BaseAddress!.Port}={cookie.Split('=')[1]}";
}
