using Microsoft.Playwright;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Dashboard;

/// <summary>The page in light and dark, for everybody, and whatever others have written.</summary>
public sealed class AppearanceScenarios(Chromium chromium) : DashboardStage(chromium)
{
    private const string Hostile =
        "[NEEDS-JC] <script>document.title='taken'</script> <img src=x onerror=\"document.title='taken'\">\n\n"
        + "[a link](javascript:document.title='taken') <javascript:alert(1)> [data](data:text/html,x) "
        + "![image](https://evil.example/x.png)\n\n"
        + "\u202eright to left\u202c \u001b[31mred\u001b[0m </textarea></main><h1>Forged</h1>\n\n"
        + "# A heading\n\n[good](https://example.org/) `code` | not a table\n\n<iframe src=\"https://evil.example\"></iframe>";

    [Theory]
    [InlineData(Phone, ColorScheme.Light)]
    [InlineData(Phone, ColorScheme.Dark)]
    [InlineData(Desktop, ColorScheme.Light)]
    [InlineData(Desktop, ColorScheme.Dark)]
    public async Task Axe_finds_nothing_on_any_page(string size, ColorScheme colors)
    {
        Api.Enqueue(
            ScriptedReply.Text("[NEEDS-JC] First?"), ScriptedReply.Text("Done."),
            ScriptedReply.Text(
                "[NEEDS-JC] Two users may own one key. Forbid it or merge them?\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |"));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var session = new Session(Home, "session-2");
        var stranger = await UnknownAsync(size, colors: colors);
        await stranger.GotoAsync(relay.Url.ToString());
        await AssertAccessibleAsync(stranger, "the page for who is not signed in");
        var page = await OpenAsync(size, colors: colors);
        await AssertAccessibleAsync(page, "the empty page");
        session.Say("A question.");
        await page.GetByLabel("Your answer to question 1").FillAsync("Yes.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).First.ClickAsync();
        await Assertions.Expect(page.Locator("#receipt-1")).ToBeVisibleAsync();
        await Eventually.ThatAsync(TimeSpan.FromSeconds(30), () => session.Count == 1, () => "the reply", CancellationToken);
        session.Say("Another question.");
        await Assertions.Expect(page.Locator("#question-2")).ToBeVisibleAsync();

        await AssertAccessibleAsync(page, "Now");
        await KeepAsync(page, $"now-{size}-{colors.ToString().ToLowerInvariant()}");
        await page.GetByRole(AriaRole.Link, new() { Name = "#2" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Uri(relay.Url, "questions/2").ToString());
        await AssertAccessibleAsync(page, "a question's own page");
        foreach (var path in new[] { "conversations", "conversations/default", "costs", "rulings", "rulings/1", "rulings?ended=1" })
        {
            await page.GotoAsync(new Uri(relay.Url, path).ToString());
            await AssertAccessibleAsync(page, path);
            await KeepAsync(page, $"{path.Replace('/', '-').Replace('?', '-')}-{size}-{colors.ToString().ToLowerInvariant()}");
        }
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task A_thread_leads_to_its_messages_their_life_and_their_cost()
    {
        Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] First?"), ScriptedReply.Text("Do *this*."));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var session = new Session(Home, "session-2");
        session.Say("Shall I <b>really</b>?");
        var page = await OpenAsync();
        await page.GetByLabel("Your answer to question 1").FillAsync("Yes, really.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).First.ClickAsync();
        await Eventually.ThatAsync(TimeSpan.FromSeconds(30), () => session.Count == 1, () => "the reply", CancellationToken);
        await Assertions.Expect(page.Locator("#receipt-1")).ToContainTextAsync("taken by session-2");

        await page.GetByRole(AriaRole.Link, new() { Name = "Conversations" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "default" }).ClickAsync();
        await Assertions.Expect(page.Locator(".thread li")).ToHaveCountAsync(4);
        await Assertions.Expect(page.Locator(".thread li").Nth(0)).ToContainTextAsync("Shall I <b>really</b>?");
        await Assertions.Expect(page.Locator(".thread li").Nth(2)).ToContainTextAsync("operator JC");
        await page.Locator(".thread li").Nth(0).GetByRole(AriaRole.Link, new() { Name = "its message" }).ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Message of session-2");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("taken at");
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(2);
        await AssertAccessibleAsync(page, "a message");
        await KeepAsync(page, "message-desktop");

        await page.GetByRole(AriaRole.Link, new() { Name = "Costs" }).ClickAsync();
        await Assertions.Expect(page.Locator("table").First).ToContainTextAsync("$0.00");
        var csv = await page.APIRequest.GetAsync(new Uri(relay.Url, "costs.csv").ToString());
        var lines = (await csv.TextAsync()).Trim().Split("\r\n");
        Assert.Equal(2, lines.Length);
        Assert.Contains(",default,session-2,", lines[1], StringComparison.Ordinal);
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task Whatever_others_write_stays_text()
    {
        Api.Enqueue(ScriptedReply.Text(Hostile), ScriptedReply.Text("[NEEDS-JC] " + new string('x', 1_000_000)));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        Home.Drop("session-1", "Shall I?");
        var page = await OpenAsync();
        var asked = new List<string>();
        page.Request += (_, request) => asked.Add(request.Url);

        await Assertions.Expect(page.Locator(".card .text")).ToContainTextAsync("right to left");
        await page.ReloadAsync();

        await Assertions.Expect(page).ToHaveTitleAsync("(1) 1 question waits for you · Relay");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("1 question waits for you");
        var card = page.Locator(".card");
        await Assertions.Expect(card).ToContainTextAsync("<img src=x onerror=");
        await Assertions.Expect(card).ToContainTextAsync("\\u202eright to left\\u202c \\u001b[31mred");
        await Assertions.Expect(card.Locator("script, img, iframe, [onerror], a[href^=javascript], a[href^=data]")).ToHaveCountAsync(0);
        await Assertions.Expect(card.Locator("a[href^='https://example.org/']")).ToHaveCountAsync(1);
        Assert.All(asked, url => Assert.StartsWith(relay.Url.GetLeftPart(UriPartial.Authority), url, StringComparison.Ordinal));
        await KeepAsync(page, "now-hostile");
        await page.GetByLabel("Your answer to question 1").FillAsync("</textarea><script>document.title='taken'</script>");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).First.ClickAsync();
        await Assertions.Expect(page.Locator("#receipt-1")).ToContainTextAsync("</textarea><script>");
        await Assertions.Expect(page.Locator("#question-2")).ToBeVisibleAsync(); // A million characters in one line.
        Assert.InRange((await page.ContentAsync()).Length, 1, 60_000);
        Assert.False(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > document.documentElement.clientWidth"));
    }
}
