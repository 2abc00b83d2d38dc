using Microsoft.Playwright;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Dashboard;

/// <summary>Permissions are given and refused by a tap, which can be taken back for a moment, and only where all of it is shown.</summary>
public sealed class PagePermissionScenarios(Chromium chromium) : DashboardStage(chromium)
{
    private static Task<string> AskAsync(RelayProcess relay, string command) => ClientAsking.AskAsync(relay, "Bash", new { command });

    private static string Behavior(string answer) => ClientAsking.Decided(answer).GetProperty("behavior").GetString()!;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_tapped_can_be_taken_back_and_what_is_not_is_sent(bool script)
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var page = await OpenAsync(Phone, script);
        var asked = AskAsync(relay, "make deploy ENV=staging");
        await SeenAsync(page, script, "1 question waits for you");
        await Assertions.Expect(page.Locator(".card pre")).ToContainTextAsync("make deploy ENV=staging");
        await KeepAsync(page, $"permission-phone{(script ? "" : "-without-script")}");

        await page.GetByRole(AriaRole.Button, new() { Name = "Allow once" }).ClickAsync();
        await Assertions.Expect(page.Locator(".tapped")).ToContainTextAsync("“allow” is sent in a moment");
        await page.GetByRole(AriaRole.Button, new() { Name = "Take it back" }).ClickAsync();
        await Assertions.Expect(page.Locator("#notice")).ToContainTextAsync("nothing was sent");
        await page.GetByRole(AriaRole.Button, new() { Name = "Deny", Exact = true }).ClickAsync();
        if (!script)
            await KeepAsync(page, "permission-tapped-phone"); // Which takes its time: only now, when nothing is taken back any more.

        Assert.Equal("deny", Behavior(await asked.WaitAsync(TimeSpan.FromSeconds(30), CancellationToken)));
        await SeenAsync(page, script, "Nothing waits for you");
        await Assertions.Expect(page.Locator("#receipt-1")).ToContainTextAsync("denied");
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task A_long_command_is_allowed_only_from_the_page_that_shows_all_of_it()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var page = await OpenAsync();
        var asked = AskAsync(relay, $"echo {new string('x', 5_000)}; rm -rf /tmp/everything");
        await SeenAsync(page, script: true, "1 question waits for you");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Allow once" })).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Deny", Exact = true })).ToHaveCountAsync(1);

        await page.GetByRole(AriaRole.Link, new() { Name = "All of it" }).ClickAsync();
        await Assertions.Expect(page.Locator(".card pre")).ToContainTextAsync("rm -rf /tmp/everything");
        await AssertAccessibleAsync(page, "a question's own page");
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow once" }).ClickAsync();

        Assert.Equal("allow", Behavior(await asked.WaitAsync(TimeSpan.FromSeconds(30), CancellationToken)));
    }

    [Fact]
    public async Task A_tap_is_sent_though_the_relay_was_killed_meanwhile()
    {
        var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var asked = AskAsync(relay, "make");
        var page = await OpenAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Deny", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".tapped")).ToBeVisibleAsync();
        await relay.KillAsync();
        await relay.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => asked);

        await using var again = await RelayProcess.StartAsync(Home, CancellationToken);
        page = await OpenAsync();

        // Its client is gone, so the permission has expired: that is said.
        await Assertions.Expect(page.Locator(".notice.refused")).ToContainTextAsync("Your “deny” was not sent: question #1 expired");
        await page.GetByRole(AriaRole.Button, new() { Name = "I have seen it" }).ClickAsync();
        await Assertions.Expect(page.Locator(".notice.refused")).ToHaveCountAsync(0);
    }
}
