using Microsoft.Playwright;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Dashboard;

/// <summary>The operator answers on the page, and the reply reaches the session.</summary>
public sealed class AnsweringScenarios(Chromium chromium) : DashboardStage(chromium)
{
    private const string Asked =
        "[NEEDS-JC] Two users may own one key. Forbid it or merge them?\n\nThe import found **38 keys** with two owners.";

    [Theory]
    [InlineData(Phone, true)]
    [InlineData(Desktop, true)]
    [InlineData(Phone, false)]
    public async Task A_question_is_seen_and_answered_and_its_reply_reaches_the_session(string size, bool script)
    {
        Api.Enqueue(ScriptedReply.Text(Asked), ScriptedReply.Text("Merge them, as ruled."));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var session = new Session(Home, "session-2");
        var page = await OpenAsync(size, script);
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Nothing waits for you");
        await KeepAsync(page, $"now-empty-{size}");

        session.Say("The import found keys with two owners.");
        if (!script)
            await ReadUntilAsync(page, "h1", "1 question waits for you");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("1 question waits for you");
        await Assertions.Expect(page).ToHaveTitleAsync("(1) 1 question waits for you · Relay");
        await Assertions.Expect(page.Locator(".card h2")).ToHaveTextAsync("Two users may own one key. Forbid it or merge them?");
        await Assertions.Expect(page.Locator(".card .text strong")).ToHaveTextAsync("38 keys");
        await KeepAsync(page, $"now-{size}{(script ? "" : "-without-script")}");
        await page.GetByLabel("Your answer to question 1").FillAsync("Merge, keep the older owner.");
        await page.Locator("#question-1").GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();

        await Assertions.Expect(page.Locator("#notice")).ToContainTextAsync("Question #1 of session-2 is answered");
        await Eventually.ThatAsync(TimeSpan.FromSeconds(30), () => session.Count == 1, () => "the reply", CancellationToken);
        Assert.Equal("Merge them, as ruled.", session.Received[0].Text);
        Assert.Contains("Merge, keep the older owner.", Api.Requests[^1].ToString() + Api.Requests[^1].Body, StringComparison.Ordinal);
        if (!script)
            await ReadUntilAsync(page, "#receipt-1", "taken by session-2");
        await Assertions.Expect(page.Locator("#receipt-1")).ToContainTextAsync("taken by session-2");
        await KeepAsync(page, $"now-answered-{size}");
        Assert.Empty(Errors);
    }
}
