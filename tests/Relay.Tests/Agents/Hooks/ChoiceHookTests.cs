using System.Net;
using System.Text.Json.Nodes;
using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

/// <summary>Questions with choices, as the real client has asked them.</summary>
public sealed class ChoiceHookTests
{
    private static readonly RecordedEvents Recorded = RecordedEvents.Of("choice-answered-at-terminal");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_operator_sees_every_choice_and_the_session_gets_the_users_own_answer()
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay);
        var question = await relay.OpenQuestionAsync();
        var page = await relay.Ntfy.WaitForPageAsync(
            each => each.Title.Contains("asks: Store, Extras", StringComparison.Ordinal), RunningRelay.Patience);

        Assert.Equal(QuestionKind.Choice, question.Kind);
        foreach (var shown in new[] { "Which store?", "1) SQLite: one file", "2) Postgres: a server", "several)", "2) Metrics" })
            Assert.Contains(shown, page.Message, StringComparison.Ordinal);
        Assert.IsType<Answers.Outcome.Accepted>(await relay.AnswerAsync("1: 2\nnote: it scales\n2: Backups, metrics"));

        var decision = (await asked)["hookSpecificOutput"]!["decision"]!;
        Assert.Equal("allow", (string?)decision["behavior"]);
        var updated = decision["updatedInput"]!.AsObject();
        Assert.True(JsonNode.DeepEquals(Recorded["PermissionRequest"]["tool_input"]!["questions"], updated["questions"]));
        Assert.Equal("""{"Which store?":"Postgres","Which extras?":"Backups, Metrics"}""", updated["answers"]!.ToJsonString());
        Assert.Equal("""{"Which store?":{"notes":"it scales"}}""", updated["annotations"]!.ToJsonString());
        Assert.Equal(["1: 2\nnote: it scales\n2: Backups, metrics"], await relay.TextsAsync("SELECT answer FROM questions"));
        Assert.Empty(relay.Api.Requests);
    }

    [Theory]
    [InlineData("allow", "nothing to allow")]
    [InlineData("1: 3\n2: 1", "there is no choice 3, only 1 to 2")]
    [InlineData("1: 2", "question 2 (Extras) has no answer")]
    [InlineData("2", "does not say for which it is")]
    public async Task What_is_unclear_is_refused_with_what_is_allowed_and_the_question_stays(string words, string reason)
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay);
        await relay.OpenQuestionAsync();

        var refused = Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync(words));

        Assert.Contains(reason, refused.Reason, StringComparison.Ordinal);
        Assert.Contains("Allowed: a line for each question", refused.Reason, StringComparison.Ordinal);
        Assert.False(asked.IsCompleted);
        await relay.AnswerAsync("decline: ask me tomorrow");
        Assert.Equal("The operator declines to answer: ask me tomorrow", Message(await asked));
    }

    [Fact]
    public async Task Answered_at_the_terminal_the_question_closes_itself_and_a_later_answer_hears_of_it()
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay);
        var question = await relay.OpenQuestionAsync();
        var page = await relay.Ntfy.WaitForPageAsync(
            each => each.Title.Contains("asks: Store, Extras", StringComparison.Ordinal), RunningRelay.Patience);
        await Until.TrueAsync(
            async () => await relay.CountAsync("SELECT COUNT(*) FROM pages WHERE kind = 'question' AND state = 'sent'") == 1, "the record");

        await PostAsync(relay, Recorded["PostToolUse"]);

        Assert.Empty(await asked);
        Assert.Equal(["expired"], await relay.TextsAsync("SELECT state FROM questions"));
        var refused = Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync("1: 2\n2: 1", question.Id));
        Assert.Contains(
            "it was answered at the terminal: Which store? SQLite; Which extras? Backups", refused.Reason, StringComparison.Ordinal);
        var revised = await relay.Ntfy.WaitForPageAsync(
            each => each.Title.Contains("#1 of shop is settled", StringComparison.Ordinal), RunningRelay.Patience);
        Assert.Equal(page.SequenceId, revised.SequenceId); // It takes the place of the first.
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM pages WHERE kind = 'question' AND cleared_at IS NULL"));
    }

    [Theory]
    [InlineData("UserPromptSubmit", null, true)]
    [InlineData("UserPromptSubmit", "<task-notification>\n<task-id>1</task-id>", false)]
    [InlineData("Stop", null, true)]
    [InlineData("PostToolBatch", null, true)]
    [InlineData("SessionEnd", null, true)]
    [InlineData("PreToolUse", null, false)]
    [InlineData("Notification", null, false)]
    public async Task What_shows_that_the_session_went_on_closes_it_too(string name, string? prompt, bool closes)
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay);
        await relay.OpenQuestionAsync();

        await PostAsync(relay, Event(name, json => json["prompt"] = prompt ?? "go on"));

        Assert.Equal(closes ? "expired" : "open", Assert.Single(await relay.TextsAsync("SELECT state FROM questions")));
        if (!closes)
            await relay.AnswerAsync("decline");
        await asked;
    }

    [Fact]
    public async Task Another_tool_at_the_same_time_and_events_of_a_subagent_close_nothing()
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay);
        await relay.OpenQuestionAsync();

        await PostAsync(relay, Event("PostToolUse", json => (json["tool_name"], json["tool_input"]) = ("Bash", new JsonObject())));
        await PostAsync(relay, Event("PostToolUse", json => json["tool_input"]!["questions"]!.AsArray().RemoveAt(0)));
        foreach (var name in new[] { "Stop", "SubagentStop", "PostToolBatch", "PostToolUse" })
            await PostAsync(relay, Event(name, json => json["agent_id"] = "another"));

        Assert.Equal(["open"], await relay.TextsAsync("SELECT state FROM questions"));
        await relay.AnswerAsync("decline");
        Assert.Equal("The operator declines to answer.", Message(await asked));
    }

    [Fact]
    public async Task No_rule_answers_a_choice()
    {
        await using var relay = await RunningRelay.StartAsync(
            "agents: {permissions: [{tool: AskUserQuestion, pattern: '*'}, {tool: ExitPlanMode, pattern: '*'}]}\n");
        var asked = AskAsync(relay);
        await relay.OpenQuestionAsync();
        await relay.AnswerAsync("1: 1\n2: skip");

        var answers = (await asked)["hookSpecificOutput"]!["decision"]!["updatedInput"]!["answers"]!.AsObject();
        Assert.Equal("""{"Which store?":"SQLite"}""", answers.ToJsonString());
    }

    [Fact]
    public async Task An_answer_that_came_when_the_terminal_had_one_is_taken_back_and_the_operator_is_told()
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay);
        await relay.OpenQuestionAsync();
        await relay.AnswerAsync("1: 2\n2: 2");
        await asked;

        await PostAsync(relay, Recorded["PostToolUse"]); // It says SQLite.

        var page = await relay.Ntfy.WaitForPageAsync(
            each => each.Title.Contains("came too late", StringComparison.Ordinal), RunningRelay.Patience);
        Assert.Contains("answered at the terminal: Which store? SQLite", page.Message, StringComparison.Ordinal);
        Assert.Equal(["expired"], await relay.TextsAsync("SELECT state FROM questions"));
        Assert.Equal(["1: 2\n2: 2"], await relay.TextsAsync("SELECT answer FROM questions"));
    }

    private static string? Message(JsonObject answer) => (string?)answer["hookSpecificOutput"]!["decision"]!["message"];

    private static async Task<JsonObject> AskAsync(RunningRelay relay)
    {
        foreach (var before in Recorded.Before("PermissionRequest"))
            await PostAsync(relay, before);
        return await PostAsync(relay, Recorded["PermissionRequest"]);
    }

    private static JsonObject Event(string name, Action<JsonObject> change)
    {
        var json = Recorded[Recorded.IndexOf(name) < 0 ? "PreToolUse" : name].DeepClone().AsObject();
        json["hook_event_name"] = name;
        change(json);
        return json;
    }

    private static async Task<JsonObject> PostAsync(RunningRelay relay, JsonObject body)
    {
        var (status, answer) = await new ClaudeSession(relay, Recorded.Session).PostAsync(body.ToJsonString(), Token);
        Assert.Equal(HttpStatusCode.OK, status);
        return answer;
    }
}
