using Microsoft.Playwright;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Dashboard;

/// <summary>The pages on which something is done, in light and dark, for everybody.</summary>
public sealed class ActionAppearanceScenarios(Chromium chromium) : DashboardStage(chromium)
{
    protected override string Config => "budget:\n  per_day_usd: 5\n";

    [Theory]
    [InlineData(Phone, ColorScheme.Light)]
    [InlineData(Phone, ColorScheme.Dark)]
    [InlineData(Desktop, ColorScheme.Light)]
    [InlineData(Desktop, ColorScheme.Dark)]
    public async Task Axe_finds_nothing_on_the_pages_of_actions(string size, ColorScheme colors)
    {
        Api.Enqueue(ScriptedReply.Text("A migration is best run on a copy first."), ScriptedReply.Refusal("It would not say."));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var session = new Session(Home, "session-2");
        var page = await OpenAsync(size, colors: colors);
        await AssertFineAsync("held", "Nothing is held");
        session.Say("How is a migration run?");
        await Eventually.ThatAsync(TimeSpan.FromSeconds(30), () => session.Count == 1, () => "the reply", CancellationToken);
        session.Say($"And this one, {new string('x', 200)}?");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("held");

        await AssertFineAsync("held", "1 message is held or deferred");
        await page.GetByRole(AriaRole.Link, new() { Name = "Give it up …" }).ClickAsync();
        await AssertFineAsync(null, "Give up this message of session-2?", "held-drop");
        await AssertFineAsync("budget", "What today may cost");
        await page.GetByLabel("US dollars").FillAsync("25");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set today's cap" }).ClickAsync();
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("Said for today");
        await AssertFineAsync("budget", "What today may cost", "budget-said");
        await AssertFineAsync("search?q=migration", "Search");
        await Assertions.Expect(page.Locator("mark").First).ToHaveTextAsync("migration");
        await AssertFineAsync("search?q=nowhere", "Search");
        await AssertFineAsync("conversations/default", "default");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause this conversation" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Resume default" })).ToBeVisibleAsync();
        await AssertFineAsync("conversations/default", "default", "conversation-paused");
        await AssertFineAsync("", "1 question waits for you", "now-paused");
        Assert.Empty(Errors);

        async Task AssertFineAsync(string? path, string heading, string? name = null)
        {
            if (path is not null)
                await page.GotoAsync(new Uri(relay.Url, path).ToString());
            await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync(heading);
            name ??= path!.Replace('/', '-').Replace("?q=", "-", StringComparison.Ordinal);
            await LooksFineAsync(page, $"{name}-{size}-{colors}");
        }
    }

    private static async Task LooksFineAsync(IPage page, string what)
    {
        await AssertAccessibleAsync(page, what);
        Assert.False(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > document.documentElement.clientWidth"), what);
        await KeepAsync(page, what.ToLowerInvariant());
    }
}
