using Microsoft.Playwright;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Dashboard;

/// <summary>Questions look like what they are, and are answered as what they are.</summary>
public sealed class PageAskedScenarios(Chromium chromium) : DashboardStage(chromium)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly object Store = new
    {
        questions = new object[]
        {
            new
            {
                question = "Which store?", header = "Store", multiSelect = false,
                options = new[]
                {
                    new { label = "SQLite", description = "one file" }, new { label = "Postgres", description = "a server" },
                },
            },
            new
            {
                question = "Which extras?", header = "Extras", multiSelect = true,
                options = new[] { new { label = "Backups", description = "" }, new { label = "Metrics", description = "" } },
            },
        },
    };

    private static readonly object Make = new
    {
        type = "addRules",
        rules = new[] { new { toolName = "Bash", ruleContent = "make deploy:*" } },
        behavior = "allow",
        destination = "localSettings",
    };

    private static ILocator Button(IPage page, string name) =>
        page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    [Theory]
    [InlineData(true, Phone, ColorScheme.Light)]
    [InlineData(true, Desktop, ColorScheme.Dark)]
    [InlineData(false, Desktop, ColorScheme.Dark)]
    public async Task A_choice_is_answered_by_its_form(bool script, string size, ColorScheme colors)
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var page = await OpenAsync(size, script, colors);
        var asked = ClientAsking.AskAsync(relay, "AskUserQuestion", Store);
        await SeenAsync(page, script, "1 question waits for you");
        if (script)
            await AssertAccessibleAsync(page, "a choice");
        await page.GetByLabel("Postgres").CheckAsync();
        await page.GetByLabel("A note to your answer to question 1.1").FillAsync("it scales");
        await page.GetByLabel("Metrics").CheckAsync();
        if (script)
        {
            await page.ReloadAsync();
            await Assertions.Expect(page.GetByLabel("Postgres")).ToBeCheckedAsync();
            Home.Drop("s1", "Something else changes.");
            await Assertions.Expect(page.Locator("aside")).ToContainTextAsync("s1");
            await Assertions.Expect(page.GetByLabel("Metrics")).ToBeCheckedAsync();
        }
        await KeepAsync(page, $"choice-{size}{(script ? "" : "-without-script")}");
        await Button(page, "Answer").ClickAsync();

        var decided = await ClientAsking.DecidedAsync(asked);
        Assert.Equal(
            """{"Which store?":"Postgres","Which extras?":"Metrics"}""",
            decided.GetProperty("updatedInput").GetProperty("answers").GetRawText());
        await SeenAsync(page, script, "Nothing waits for you");
        await Assertions.Expect(page.Locator("#receipt-1")).ToContainTextAsync("1. Store: Postgres; note: it scales");
        Assert.Empty(Errors);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_plan_is_sent_back_and_then_approved_as_edited(bool script)
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var page = await OpenAsync(Phone, script);
        var plan = new { plan = "# The plan\n\n1. **Move** the store.\n2. Test it.", planFilePath = "/plans/a.md" };
        var asked = ClientAsking.AskAsync(relay, "ExitPlanMode", plan);
        await SeenAsync(page, script, "1 question waits for you");
        await Assertions.Expect(page.Locator(".card .text strong")).ToHaveTextAsync("Move");
        if (script)
            await AssertAccessibleAsync(page, "a plan");
        await KeepAsync(page, $"plan-phone{(script ? "" : "-without-script")}");
        await page.GetByLabel("What you send back to question 1").FillAsync("Test it first.");
        await Button(page, "Send back").ClickAsync();
        var decided = await ClientAsking.DecidedAsync(asked);
        Assert.Equal("The operator sends the plan back: Test it first.", decided.GetProperty("message").GetString());

        asked = ClientAsking.AskAsync(relay, "ExitPlanMode", plan);
        if (!script)
            await ReadUntilAsync(page, "article", "#2");
        await page.Locator("#plan-2 summary").ClickAsync();
        await page.Locator("#edited-2").FillAsync("1. Test it.\n2. Move the store.");
        await Button(page, "Approve this text").ClickAsync();

        decided = await ClientAsking.DecidedAsync(asked);
        Assert.Equal("1. Test it.\n2. Move the store.", decided.GetProperty("updatedInput").GetProperty("plan").GetString());
        await SeenAsync(page, script, "Nothing waits for you");
        await Assertions.Expect(page.Locator("#receipt-2")).ToContainTextAsync("approved as edited, and shop has it");
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task A_permission_is_allowed_always_by_the_button_that_says_what_is_written()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var page = await OpenAsync(Phone);
        var asked = ClientAsking.AskAsync(relay, "Bash", new { command = "make deploy ENV=staging" }, Make);
        await SeenAsync(page, script: true, "1 question waits for you");
        await page.GetByText("Allow always").ClickAsync();
        await AssertAccessibleAsync(page, "a permission");
        await KeepAsync(page, "permission-always-phone");
        await Button(page, "allow Bash(make deploy:*), for this session").ClickAsync();
        await Assertions.Expect(page.Locator(".tapped")).ToContainTextAsync("allow Bash(make deploy:*), for this session");

        var decided = await ClientAsking.DecidedAsync(asked);
        Assert.Equal("session", decided.GetProperty("updatedPermissions")[0].GetProperty("destination").GetString());
        await Assertions.Expect(page.Locator("#receipt-1")).ToContainTextAsync("allowed always, and shop has it");
        Assert.Empty(Errors);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_ruling_is_overturned_by_one_tap_and_its_place_taken(bool script)
    {
        Api.Enqueue(
            ScriptedReply.Text("[NEEDS-JC] Tabs or spaces?"), ScriptedReply.Text("Tabs."), ScriptedReply.Text("Tabs, by [ruling 1]."));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var session = new Session(Home, "session-2");
        var page = await OpenAsync(Phone, script);
        session.Say("Which?");
        await SeenAsync(page, script, "1 question waits for you");
        await page.GetByLabel("Your answer to question 1").FillAsync("Tabs.");
        await page.Locator("#question-1").GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Eventually.ThatAsync(Patience, () => session.Count == 1, () => "the first reply", CancellationToken);
        session.Say("And here?");
        await Eventually.ThatAsync(Patience, () => session.Count == 2, () => "the second reply", CancellationToken);

        await page.GetByRole(AriaRole.Link, new() { Name = "Rulings" }).ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("1 ruling in force");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("settled by ruling 1, you were not asked");
        if (script)
            await AssertAccessibleAsync(page, "rulings with who rests on them");
        await KeepAsync(page, $"rulings-phone{(script ? "" : "-without-script")}");
        await Button(page, "No, ask me").ClickAsync();
        await Assertions.Expect(page.Locator("#notice")).ToContainTextAsync("You are asked anew: question #2");
        await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/\\?asked=2$"));
        Api.Enqueue(ScriptedReply.Text("Spaces."));
        await page.GetByLabel("Your answer to question 2").FillAsync("Spaces.");
        await page.Locator("#question-2").GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();

        await Eventually.ThatAsync(Patience, () => session.Count == 3, () => "the new reply", CancellationToken);
        await page.GotoAsync(new Uri(relay.Url, "rulings").ToString());
        await Assertions.Expect(page.Locator("#ruling-2")).ToContainTextAsync("“Spaces.”");
        await Assertions.Expect(page.Locator("#ruling-1")).ToHaveCountAsync(0);
        await page.Locator("#change-2 summary").ClickAsync();
        await page.GetByLabel("Why ruling 2 is retired").FillAsync("Both are fine.");
        await Button(page, "Retire ruling 2").ClickAsync();
        await Assertions.Expect(page.Locator("#notice")).ToContainTextAsync("retired by the operator: Both are fine.");
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task What_is_put_off_says_until_when()
    {
        Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Tabs or spaces?\n\n- (a) Tabs (recommended)\n- (b) Spaces: as everybody has"));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        Home.Drop("session-2", "Which?");
        var page = await OpenAsync(Phone);
        await Assertions.Expect(page.Locator(".options button").First).ToContainTextAsync("(a) Tabs");
        await AssertAccessibleAsync(page, "options");
        await KeepAsync(page, "options-phone");
        await Button(page, "1 hour").ClickAsync();
        await Assertions.Expect(page.Locator("#question-1 .about")).ToContainTextAsync("later, until ");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Nothing waits for you now, 1 put off");
        Assert.Empty(Errors);
    }
}
