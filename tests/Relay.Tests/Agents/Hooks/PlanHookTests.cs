using System.Text.Json.Nodes;
using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

public sealed class PlanHookTests
{
    private const string Text = "# Plan\n\n1. Move the store.";

    private const string AcceptingEdits = """
        {"behavior":"allow","updatedInput":{},"updatedPermissions":[{"type":"setMode","mode":"acceptEdits","destination":"session"}]}
        """;

    [Theory]
    [InlineData("approve", """{"behavior":"allow","updatedInput":{}}""")]
    [InlineData("Approve and accept edits.", AcceptingEdits)]
    [InlineData("edited: 1. Stay.", """{"behavior":"allow","updatedInput":{"plan":"1. Stay.","planFilePath":"/plans/a.md"}}""")]
    [InlineData("tell everybody first", """{"behavior":"deny","message":"The operator sends the plan back: tell everybody first"}""")]
    [InlineData("no tests are in it", """{"behavior":"deny","message":"The operator sends the plan back: no tests are in it"}""")]
    [InlineData("back: approve not", """{"behavior":"deny","message":"The operator sends the plan back: approve not"}""")]
    public async Task It_is_approved_changed_or_sent_back(string words, string decision)
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay, Text);
        var question = await relay.OpenQuestionAsync();
        Assert.Equal("A plan in /projects/shop\n\n  # Plan\n  \n  1. Move the store.", question.Text);

        Assert.IsType<Answers.Outcome.Accepted>(await relay.AnswerAsync(words));

        Assert.Equal(decision, (await asked)["hookSpecificOutput"]!["decision"]!.ToJsonString());
        Assert.Equal([words], await relay.TextsAsync("SELECT answer FROM questions"));
    }

    [Theory]
    [InlineData("approve, but without step 2")]
    [InlineData("edited:")]
    [InlineData("ok so what is step 3?")]
    public async Task What_only_begins_like_an_approval_is_refused(string words)
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay, Text);
        await relay.OpenQuestionAsync();

        Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync(words));

        await relay.AnswerAsync("back");
        Assert.Equal("The operator sends the plan back.", (string?)(await asked)["hookSpecificOutput"]!["decision"]!["message"]);
    }

    [Fact]
    public async Task One_whose_page_was_cut_is_approved_only_with_its_digest_and_one_without_a_text_not_at_all()
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay, string.Concat(Enumerable.Repeat("1. A step of many.\n", 500)));
        var question = await relay.OpenQuestionAsync();

        foreach (var bare in new[] { "approve", "approve and accept edits", "approve 00000000" })
            Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync(bare));
        await relay.AnswerAsync($"approve and accept edits {PermissionDigest.Of(question)}");
        Assert.Equal("allow", (string?)(await asked)["hookSpecificOutput"]!["decision"]!["behavior"]);

        asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("ExitPlanMode", new { });
        Assert.Contains("gives no text of it", (await relay.OpenQuestionAsync()).Text, StringComparison.Ordinal);
        var refused = Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync("approve"));
        Assert.Contains("nothing to approve", refused.Reason, StringComparison.Ordinal);
        await relay.AnswerAsync("show it first");
        await asked;
    }

    [Fact]
    public async Task Approved_at_the_terminal_it_is_closed()
    {
        var recorded = RecordedEvents.Of("plan");
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, recorded.Session);
        var asked = claude.PostAsync(recorded["PermissionRequest"].ToJsonString(), TestContext.Current.CancellationToken);
        await relay.OpenQuestionAsync();

        await claude.PostAsync(recorded["PostToolUse"].ToJsonString(), TestContext.Current.CancellationToken);

        Assert.Empty((await asked).Body);
        Assert.Contains(
            "it was approved at the terminal",
            Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync("approve", 1)).Reason, StringComparison.Ordinal);
    }

    private static Task<JsonObject> AskAsync(RunningRelay relay, string plan) =>
        new ClaudeSession(relay, "claude-1").AskPermissionAsync("ExitPlanMode", new { plan, planFilePath = "/plans/a.md" });
}
