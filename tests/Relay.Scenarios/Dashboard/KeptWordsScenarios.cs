using Microsoft.Playwright;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Dashboard;

/// <summary>What was typed is neither lost nor taken in silence, whatever becomes of the question, the relay and what is between.</summary>
public sealed class KeptWordsScenarios(Chromium chromium) : DashboardStage(chromium)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private async Task AskAsync()
    {
        var before = Ntfy.Pages.Count;
        Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Left or right?"));
        Home.Drop("s1", "Which way?");
        await Eventually.ThatAsync(Patience, () => Ntfy.Pages.Count > before, () => "the page of the question", CancellationToken);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/questions/1")]
    public async Task A_question_that_is_answered_elsewhere_leaves_the_words_that_were_begun(string path)
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await AskAsync();
        var page = await OpenAsync();
        await page.GotoAsync(new Uri(new Uri(page.Url), path).ToString());
        var answer = page.GetByLabel("Your answer to question 1");
        await answer.PressSequentiallyAsync("Left, but ");
        Api.Enqueue(ScriptedReply.Text("Right."));
        await CommandRun.OutputAsync(Home, "answer", "1", "Right.");

        await Assertions.Expect(page.Locator(".stale")).ToContainTextAsync("what you wrote is not sent, and stays here");
        await Assertions.Expect(answer).ToHaveValueAsync("Left, but ");
        await Assertions.Expect(answer).ToBeFocusedAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).First.ClickAsync();
        await Assertions.Expect(page.Locator("#notice")).ToContainTextAsync("question #1 was answered by the command line at");
        await Assertions.Expect(page.Locator("#notice pre")).ToHaveTextAsync("Left, but");
        await Assertions.Expect(page.Locator(".stale")).ToHaveCountAsync(0);
        Assert.Empty(await page.EvaluateAsync<string[]>("Object.keys(localStorage)"));
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task Words_that_are_left_of_a_closed_question_can_be_dropped()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await AskAsync();
        var page = await OpenAsync();
        await page.GetByLabel("Your answer to question 1").FillAsync("Left");
        Api.Enqueue(ScriptedReply.Text("Right."));
        await CommandRun.OutputAsync(Home, "answer", "1", "Right.");

        await page.GetByRole(AriaRole.Button, new() { Name = "Drop these words" }).ClickAsync();

        await Assertions.Expect(page.Locator("#question-1")).ToHaveCountAsync(0);
        Assert.Empty(await page.EvaluateAsync<string[]>("Object.keys(localStorage)"));
    }

    [Fact]
    public async Task What_another_window_has_sent_is_not_said_to_be_left()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await AskAsync();
        var page = await OpenAsync();
        await page.GetByLabel("Your answer to question 1").FillAsync("Left.");
        var other = await page.Context.NewPageAsync();
        await other.GotoAsync(page.Url);
        await Assertions.Expect(other.GetByLabel("Your answer to question 1")).ToHaveValueAsync("Left.");
        Api.Enqueue(ScriptedReply.Text("Left."));

        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).First.ClickAsync();

        await Assertions.Expect(other.Locator("#receipt-1")).ToContainTextAsync("Left.");
        await Assertions.Expect(other.Locator("#question-1")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task What_is_refused_without_a_page_is_said_and_the_words_stay()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await AskAsync();
        var page = await OpenAsync();
        await page.RouteAsync("**/answer", route => route.FulfillAsync(new()
        {
            Status = 503,
            ContentType = "application/problem+json",
            Body = """{"detail":"the database is damaged"}""",
        }));
        await page.GetByLabel("Your answer to question 1").FillAsync("Left.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).First.ClickAsync();

        await Assertions.Expect(page.Locator("#notice")).ToContainTextAsync("Not sent: the database is damaged");
        await Assertions.Expect(page.GetByLabel("Your answer to question 1")).ToHaveValueAsync("Left.");
    }

    [Fact]
    public async Task After_words_whose_fate_is_not_known_others_can_be_said()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        Api.Always(ScriptedReply.Text("Heard."));
        var page = await OpenAsync();
        await page.RouteAsync("**/say", async route =>
        {
            await route.FetchAsync(new() { MaxRedirects = 0 });
            await route.AbortAsync();
        });
        await page.GetByLabel("What you say").FillAsync("One.");
        await page.Locator("form.say button").ClickAsync();
        await Assertions.Expect(page.Locator("#offline")).ToBeVisibleAsync();
        await page.UnrouteAllAsync();

        await page.ReloadAsync();
        await Assertions.Expect(page.GetByLabel("What you say")).ToHaveValueAsync("One.");
        await page.Locator("form.say button").ClickAsync(); // The same words once more are the same words.
        await Assertions.Expect(page.Locator("#notice")).ToContainTextAsync("The advisor has your words");
        await page.RouteAsync("**/say", async route =>
        {
            await route.FetchAsync(new() { MaxRedirects = 0 });
            await route.AbortAsync();
        });
        await page.GetByLabel("What you say").FillAsync("Two.");
        await page.Locator("form.say button").ClickAsync();
        await Assertions.Expect(page.Locator("#offline")).ToBeVisibleAsync();
        await page.UnrouteAllAsync();
        await page.GetByLabel("What you say").FillAsync("Three.");
        await page.Locator("form.say button").ClickAsync();

        await Assertions.Expect(page.Locator("#notice")).ToContainTextAsync("The advisor has your words");
        await Assertions.Expect(page.GetByLabel("What you say")).ToHaveValueAsync("");
        var rulings = await CommandRun.OutputAsync(Home, "rulings");
        Assert.Equal(3, new[] { "One.", "Two.", "Three." }.Count(words => rulings.Split($"said: {words}").Length == 2));
    }

    [Fact]
    public async Task A_stream_that_a_proxy_refuses_is_tried_again()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var page = await OpenAsync();
        var tries = 0;
        await page.RouteAsync("**/changes", route => Interlocked.Increment(ref tries) == 1
            ? route.FulfillAsync(new() { Status = 502, ContentType = "text/html", Body = "no" })
            : route.ContinueAsync());
        await page.ReloadAsync();

        await Eventually.ThatAsync(Patience, () => Volatile.Read(ref tries) > 1, () => $"another try after {tries}", CancellationToken);
        await Assertions.Expect(page.Locator("#offline")).ToBeHiddenAsync();
    }
}
