using Microsoft.Playwright;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Dashboard;

/// <summary>The page by the keyboard alone.</summary>
public sealed class KeyboardScenarios(Chromium chromium) : DashboardStage(chromium)
{
    protected override string Config => "sessions: [{session_id: s1, conversation: c1}, {session_id: s2, conversation: c2}]\n";

    /// <summary>With two questions, the first with options.</summary>
    private async Task<IPage> AskedAsync()
    {
        var page = await OpenAsync();
        Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] First?\n\n- (a) Left\n- (b) Right (recommended)"));
        Home.Drop("s1", "Shall I?");
        await Assertions.Expect(page.Locator("#question-1")).ToBeVisibleAsync();
        Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Second?"));
        Home.Drop("s2", "Shall I?");
        await Assertions.Expect(page.Locator("#question-2")).ToBeVisibleAsync();
        return page;
    }

    [Fact]
    public async Task Keys_lead_from_question_to_question_and_answer_and_never_while_typing()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var page = await AskedAsync();

        await page.Keyboard.PressAsync("1"); // At no question, it answers none.
        await page.Keyboard.PressAsync("?");
        await Assertions.Expect(page.Locator("#keys")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#keys")).ToContainTextAsync("next and previous question");
        await AssertAccessibleAsync(page, "the keys");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator("#keys")).ToBeHiddenAsync();
        await page.Keyboard.PressAsync("j");
        await Assertions.Expect(page.Locator("#question-1")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("j");
        await Assertions.Expect(page.Locator("#question-2")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("a");
        var words = page.GetByLabel("Your answer to question 2");
        await Assertions.Expect(words).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("jk1a/?");
        await Assertions.Expect(words).ToHaveValueAsync("jk1a/?");
        await Assertions.Expect(page.Locator("#keys")).ToBeHiddenAsync();
        await page.Locator("#question-2").FocusAsync();
        await page.Keyboard.PressAsync("/"); // There is no search here.
        await Assertions.Expect(page.Locator("#question-2")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("k");
        await Assertions.Expect(page.Locator("#question-1")).ToBeFocusedAsync();
        await Assertions.Expect(page.Locator(".tapped")).ToHaveCountAsync(0);
        Api.Enqueue(ScriptedReply.Text("Right it is."));
        await page.Keyboard.PressAsync("1");

        await Assertions.Expect(page.Locator(".tapped")).ToContainTextAsync("“(b) Right” is sent in a moment");
        await Assertions.Expect(page.Locator("#receipt-1")).ToContainTextAsync("“(b) Right”");
        await Assertions.Expect(words).ToHaveValueAsync("jk1a/?");
        Assert.Empty(Errors);
    }
}
