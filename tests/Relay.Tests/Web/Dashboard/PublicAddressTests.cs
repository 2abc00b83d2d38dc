using System.Net;
using Relay.Tests.Configuration;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Web.Dashboard;

/// <summary>The page behind a proxy: its own name is known, and only named proxies are believed.</summary>
public sealed class PublicAddressTests
{
    private const string Public = "public_url: https://relay.example.org\n";

    [Fact]
    public async Task Its_public_name_is_its_own_and_no_other_is()
    {
        await using var relay = await RunningRelay.StartAsync(Public);
        using var browser = await Browser.SignedInAsync(relay);
        var host = ("Host", "relay.example.org");
        browser.Cookie = "__Host-relay=" + browser.Cookie!.Split('=')[1];

        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/", host, ("Origin", "https://relay.example.org"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.GetAsync("/", host, ("Origin", "https://relay.example.org:444"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.GetAsync("/", ("Host", "other.example.org"))).Status);
    }

    [Fact]
    public async Task A_named_proxy_is_believed_and_the_cookie_is_for_tls_alone()
    {
        await using var relay = await RunningRelay.StartAsync(Public + "proxies: [127.0.0.1, \"10.0.0.0/8\"]\n");
        using var browser = new Browser(relay);

        var (status, _) = await browser.GetAsync(
            await Browser.LinkAsync(relay),
            ("Host", "relay.example.org"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "6.6.6.6, 203.0.113.7, 10.0.0.9"));

        Assert.Equal(HttpStatusCode.SeeOther, status);
        Assert.StartsWith("__Host-relay=", browser.SetCookie, StringComparison.Ordinal);
        Assert.Contains("secure", browser.SetCookie, StringComparison.Ordinal);
        Assert.Equal("203.0.113.7", (string?)(await browser.SignInsAsync())[0]!["from"]);
    }

    [Fact]
    public async Task Nobody_else_is()
    {
        await using var relay = await RunningRelay.StartAsync("proxies: [10.0.0.2]\n");
        using var browser = new Browser(relay);

        await browser.GetAsync(await Browser.LinkAsync(relay), ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "203.0.113.7"));

        Assert.DoesNotContain("secure", browser.SetCookie, StringComparison.Ordinal);
        Assert.Equal("127.0.0.1", (string?)(await browser.SignInsAsync())[0]!["from"]);
    }

    /// <summary>It can have come there by TLS alone, and a forgotten "proxies" must not give the cookie to a plain line.</summary>
    [Fact]
    public async Task At_its_public_name_the_cookie_is_for_tls_alone_though_no_proxy_is_named()
    {
        await using var relay = await RunningRelay.StartAsync(Public);
        using var browser = new Browser(relay);

        await browser.GetAsync(await Browser.LinkAsync(relay), ("Host", "relay.example.org"));

        Assert.StartsWith("__Host-relay=", browser.SetCookie, StringComparison.Ordinal);
        Assert.Contains("secure", browser.SetCookie, StringComparison.Ordinal);

        await browser.GetAsync(await Browser.LinkAsync(relay));

        Assert.DoesNotContain("secure", browser.SetCookie, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("public_url: relay.example.org", "public_url")]
    [InlineData("public_url: https://relay.example.org/path", "public_url")]
    [InlineData("public_url: https://me:secret@relay.example.org", "public_url")]
    [InlineData("public_url: file:///tmp", "public_url")]
    [InlineData("proxies: 10.0.0.2", "proxies")]
    [InlineData("proxies: [everybody]", "proxies")]
    [InlineData("proxies: [\"0.0.0.0/0\"]", "proxies")]
    public void What_is_no_address_is_a_fault(string line, string key)
    {
        using var home = new TempHome();
        File.WriteAllText(home.Home.ConfigFile, line + "\n");

        Assert.Contains(key, Assert.Single(Relay.Configuration.ConfigReader.Read(home.Home).Faults).ToString(), StringComparison.Ordinal);
    }
}
