using Microsoft.Playwright;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Dashboard;

/// <summary>What changes while somebody looks at the page, types into it or taps on it.</summary>
public sealed class LiveScenarios(Chromium chromium) : DashboardStage(chromium)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    protected override string Config => "sessions: [{session_id: s1, conversation: c1}, {session_id: s2, conversation: c2}]\n";

    private async Task AskAsync(string session, string question)
    {
        Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] " + question));
        Home.Drop(session, "Shall I?");
        await Ntfy.WaitForPageAsync( // Not any page: that the relay is online may be told only now.
            page => OperatorAtPhone.QuestionOf(page) is not null && page.Message.Contains(question, StringComparison.Ordinal), Patience);
    }

    [Fact]
    public async Task A_draft_stays_with_its_focus_when_the_page_changes_and_over_a_reload()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await AskAsync("s1", "Left or right?");
        var page = await OpenAsync();
        var answer = page.GetByLabel("Your answer to question 1");
        await answer.PressSequentiallyAsync("Left, but ");

        await AskAsync("s2", "Up or down?");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("2 questions wait for you");
        await Assertions.Expect(page.Locator(".card").First).ToHaveIdAsync("question-1"); // The new one comes below.
        await Assertions.Expect(answer).ToBeFocusedAsync();
        await answer.PressSequentiallyAsync("slowly.");
        await Assertions.Expect(answer).ToHaveValueAsync("Left, but slowly.");
        await page.ReloadAsync();

        await Assertions.Expect(answer).ToHaveValueAsync("Left, but slowly.");
        Api.Enqueue(ScriptedReply.Text("Left."));
        await answer.Locator("xpath=..").GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("1 question waits for you");
        await page.ReloadAsync();
        Assert.Empty(await page.EvaluateAsync<string[]>("Object.keys(localStorage)"));
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task Of_two_browsers_one_wins_and_the_other_is_told_and_keeps_its_words()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var session = new Session(Home, "s1");
        await AskAsync("s1", "Left or right?");
        var (first, second) = (await OpenAsync(), await OpenAsync(Phone, script: false));
        Api.Enqueue(ScriptedReply.Text("Left, as ruled."));

        await first.GetByLabel("Your answer to question 1").FillAsync("Left.");
        await second.GetByLabel("Your answer to question 1").FillAsync("Right, of course.");
        await first.GetByRole(AriaRole.Button, new() { Name = "Send" }).First.ClickAsync();
        await Assertions.Expect(first.Locator("#notice")).ToContainTextAsync("Question #1 of s1 is answered");
        await second.Locator(".words button").First.ClickAsync();

        await Assertions.Expect(second.Locator("#notice")).ToContainTextAsync("question #1 was answered by the page at");
        await Assertions.Expect(second.Locator("#notice pre")).ToHaveTextAsync("Right, of course.");
        await Assertions.Expect(second.Locator("#receipt-1")).ToContainTextAsync("Left.");
        await KeepAsync(second, "now-stale-phone");
        await Eventually.ThatAsync(Patience, () => session.Count == 1, () => "the reply", CancellationToken);
        await first.Locator("#say-words").FillAsync("And now?"); // Of the first, what it just did stays there to be read.
        await AskAsync("s2", "Up or down?");
        await Assertions.Expect(first.Locator("h1")).ToHaveTextAsync("1 question waits for you");
        await Assertions.Expect(first.Locator("#notice")).ToContainTextAsync("Question #1 of s1 is answered");
        Assert.Equal("Left, as ruled.", session.Received[0].Text);
    }

    [Fact]
    public async Task While_the_relay_is_away_the_page_says_so_and_keeps_the_words_which_are_sent_once_it_is_back()
    {
        await Home.ListenAtAsync(CancellationToken);
        var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await AskAsync("s1", "Left or right?");
        var page = await OpenAsync();
        await page.GetByLabel("Your answer to question 1").FillAsync("Left, as ever.");
        await relay.KillAsync();
        await relay.DisposeAsync();

        await Assertions.Expect(page.Locator("#offline")).ToContainTextAsync("The relay does not answer since");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).First.ClickAsync();
        await Assertions.Expect(page.GetByLabel("Your answer to question 1")).ToHaveValueAsync("Left, as ever.");
        await KeepAsync(page, "now-offline");
        Api.Enqueue(ScriptedReply.Text("Left."));
        await using var again = await RelayProcess.StartAsync(Home, CancellationToken);

        await Assertions.Expect(page.Locator("#offline")).ToBeHiddenAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).First.ClickAsync();
        await Assertions.Expect(page.Locator("#notice")).ToContainTextAsync("Question #1 of s1 is answered");
        await using var session = new Session(Home, "s1");
        await Eventually.ThatAsync(Patience, () => session.Count == 1, () => "the reply", CancellationToken);
    }

    [Fact]
    public async Task Words_to_a_session_and_to_the_advisor_reach_them_and_asking_back_leaves_the_question_open()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var session = new Session(Home, "s2");
        await AskAsync("s1", "Left or right?");
        var page = await OpenAsync();

        Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Left is shorter, right is safer."));
        await page.GetByLabel("Your answer to question 1").FillAsync("What is the difference?");
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask back" }).ClickAsync();
        await Assertions.Expect(page.Locator("#notice")).ToContainTextAsync("the question stays open");
        await Eventually.ThatAsync(
            Patience, () => Ntfy.Pages.Any(sent => sent.Message.Contains("right is safer")), () => "the reply", CancellationToken);
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("1 question waits for you");
        const string said = "[operator JC] About question #1, which stays open: What is the difference?";
        Assert.Contains(said, Api.Requests[^1].Body, StringComparison.Ordinal);

        await page.Locator("#say-to").SelectOptionAsync("@s2");
        await page.GetByLabel("What you say").FillAsync("Commit what you have.");
        await page.Locator("form.say button").ClickAsync();
        await Assertions.Expect(page.Locator("#notice")).ToContainTextAsync("on their way to s2");
        await Eventually.ThatAsync(Patience, () => session.Count == 1, () => "the words", CancellationToken);
        Assert.EndsWith("Commit what you have.", session.Received[0].Text, StringComparison.Ordinal);

        Api.Enqueue(ScriptedReply.Text("All is well."));
        await page.Locator("#say-to").SelectOptionAsync("c2");
        await page.GetByLabel("What you say").FillAsync("How is it going?");
        await page.Locator("form.say button").ClickAsync();
        await Assertions.Expect(page.Locator("#notice")).ToContainTextAsync("The advisor has your words in c2");
        await Eventually.ThatAsync(
            Patience, () => Ntfy.Pages.Any(sent => sent.Message == "All is well."), () => "the advisor's reply", CancellationToken);
        Assert.Empty(Errors);
    }
}
