using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Relay.Loopback;
using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

/// <summary>The advisor is asked before the operator, and decides no more than it may.</summary>
public sealed class SecondOpinionTests
{
    private const string Config = "agents: {ask_advisor_first: true, advisor_may_allow: [Read]}\n";

    private static readonly object Choice = new
    {
        questions = new[]
        {
            new { question = "Which store?", header = "Store", options = new[] { new { label = "SQLite" }, new { label = "Postgres" } } },
        },
    };

    [Fact]
    public async Task It_answers_a_choice_in_the_operators_place_and_the_answer_says_so()
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        relay.Api.Always(ScriptedReply.Text("1: Postgres\nnote: as ruled last week"));

        var answer = await new ClaudeSession(relay, "claude-1").AskPermissionAsync("AskUserQuestion", Choice);

        var updated = Decision(answer)["updatedInput"]!;
        Assert.Equal("Postgres", (string?)updated["answers"]!["Which store?"]);
        Assert.Equal(
            "chosen by the advisor, not by the user: as ruled last week", (string?)updated["annotations"]!["Which store?"]!["notes"]);
        Assert.Contains("2) Postgres", relay.Api.Requests[0].LastUserText, StringComparison.Ordinal);
        Assert.Contains("begin with [NEEDS-JC] and say", relay.Api.Requests[0].LastUserText, StringComparison.Ordinal);
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM questions"));
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM dispatches"));
    }

    [Fact]
    public async Task Its_answer_is_there_at_once_and_not_with_the_next_look()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56)); // On which nothing is looked for again.
        await using var relay = await RunningRelay.StartAsync(Config, clock: clock);
        relay.Api.Always(ScriptedReply.Text("1: Postgres"));

        var answer = await new ClaudeSession(relay, "claude-1").AskPermissionAsync("AskUserQuestion", Choice)
            .WaitAsync(RunningRelay.Patience, TestContext.Current.CancellationToken);

        Assert.Equal("Postgres", (string?)Decision(answer)["updatedInput"]!["answers"]!["Which store?"]);
    }

    [Theory]
    [InlineData("[NEEDS-JC] I would take Postgres.", "I would take Postgres.")]
    [InlineData("1: 3", "1: 3")]
    [InlineData("Whatever scales.", "Whatever scales.")]
    [InlineData("decline", "decline")]
    public async Task Where_it_says_so_or_says_nothing_that_can_be_taken_the_operator_is_asked_and_sees_its_words_first(
        string said, string shown)
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        relay.Api.Always(ScriptedReply.Text(said));
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("AskUserQuestion", Choice);

        var question = await relay.OpenQuestionAsync();
        Assert.StartsWith($"The advisor, asked first, says:\n  {shown}\n\nin /projects/shop", question.Text, StringComparison.Ordinal);
        Assert.Equal(QuestionKind.Choice, question.Kind);
        Assert.IsType<Answers.Outcome.Accepted>(await relay.AnswerAsync("SQLite"));

        Assert.Equal("SQLite", (string?)Decision(await asked)["updatedInput"]!["answers"]!["Which store?"]);
        Assert.Equal(1, await relay.CountAsync("SELECT COUNT(*) FROM questions"));
        relay.Api.Always(ScriptedReply.Text("It does."));
        relay.Drop("session-1", "Does the conversation go on?"); // It waits for nobody.
        Assert.Equal("It does.", await relay.ConsumeAsync("session-1"));
    }

    [Fact]
    public async Task The_same_request_once_more_buys_nothing_again()
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        relay.Api.Always(ScriptedReply.Text("1: Postgres"));
        var claude = new ClaudeSession(relay, "claude-1");

        await claude.AskPermissionAsync("AskUserQuestion", Choice);
        await claude.AskPermissionAsync("AskUserQuestion", Choice);

        Assert.Single(relay.Api.Requests);
    }

    [Fact]
    public async Task Held_by_the_budget_the_operator_is_asked_at_once_and_the_message_is_given_up()
    {
        await using var relay = await RunningRelay.StartAsync("budget: {per_day_usd: 0.0001}\n" + Config);
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("AskUserQuestion", Choice);

        var question = await relay.OpenQuestionAsync();
        Assert.DoesNotContain("The advisor", question.Text, StringComparison.Ordinal);
        Assert.Equal(["dead"], await relay.TextsAsync("SELECT state FROM messages"));
        Assert.Equal(
            ["the advisor was not there in time, and the operator was asked"], await relay.TextsAsync("SELECT reason FROM messages"));
        await relay.AnswerAsync("decline");
        await asked;
        Assert.Empty(relay.Api.Requests);
    }

    [Fact]
    public async Task While_the_conversation_waits_for_the_operator_it_is_not_waited_for()
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Left or right?"));
        relay.Drop("session-1", "Which way?");
        await relay.OpenQuestionAsync();
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("AskUserQuestion", Choice);

        await Until.TrueAsync(
            async () => await relay.CountAsync("SELECT COUNT(*) FROM questions WHERE kind = 'choice'") == 1, "the question");
        await relay.AnswerAsync("decline", 2);
        await asked;
    }

    [Fact]
    public async Task While_the_operator_has_paused_the_conversation_it_is_not_waited_for()
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        await relay.SendAsync(HttpMethod.Post, "/pause", new { });
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("AskUserQuestion", Choice);

        await Until.TrueAsync(
            async () => await relay.CountAsync("SELECT COUNT(*) FROM questions WHERE kind = 'choice'") == 1, "the question");
        await relay.AnswerAsync("decline", 1);
        await asked;
        Assert.Empty(relay.Api.Requests);
    }

    [Theory]
    [InlineData("Postgres [ruling 1]")]
    [InlineData("[ruling 1] 1: 2")]
    [InlineData("Postgres\n([ruling 1])")]
    [InlineData("Postgres\nnote: as in [ruling 1]")]
    public async Task A_choice_beside_the_ruling_that_it_rests_on_is_a_choice_and_a_use_of_that(string said)
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        await RuleAsync(relay);
        relay.Api.Always(ScriptedReply.Text(said));
        var claude = new ClaudeSession(relay, "claude-1");

        var answer = await claude.AskPermissionAsync("AskUserQuestion", Choice);
        await claude.AskPermissionAsync("AskUserQuestion", Choice); // The same again, as after a lost connection.

        Assert.Equal("Postgres", (string?)Decision(answer)["updatedInput"]!["answers"]!["Which store?"]);
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM questions"));
        Assert.Equal(1, await relay.CountAsync("SELECT COUNT(*) FROM ruling_uses"));
    }

    [Theory]
    [InlineData("I would take Postgres, by [ruling 1].")]
    [InlineData("Postgres [ruling 2]")]
    public async Task What_the_operator_is_asked_all_the_same_no_ruling_has_settled(string said)
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        await RuleAsync(relay);
        relay.Api.Always(ScriptedReply.Text(said));

        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("AskUserQuestion", Choice);
        var question = await relay.OpenQuestionAsync();
        Assert.IsType<Answers.Outcome.Accepted>(await relay.AnswerAsync("SQLite"));
        await asked;

        Assert.Contains(said, question.Text, StringComparison.Ordinal);
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM ruling_uses"));
    }

    [Fact]
    public async Task A_plan_it_only_recommends()
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        relay.Api.Always(ScriptedReply.Text("approve"));
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("ExitPlanMode", new { plan = "1. Go." });

        Assert.Contains("says:\n  approve\n", (await relay.OpenQuestionAsync()).Text, StringComparison.Ordinal);
        await relay.AnswerAsync("not yet");

        Assert.Equal("deny", (string?)Decision(await asked)["behavior"]);
    }

    [Theory]
    [InlineData("Read", "allow", true)]
    [InlineData("Read", "[NEEDS-JC] allow", false)]
    [InlineData("Read", "Allow, I would say.", false)]
    [InlineData("Read", "yes", false)]
    [InlineData("Read", "allow [ruling 1]", false)]
    [InlineData("Read", "deny", false)]
    [InlineData("Bash", "allow", false)]
    public async Task A_permission_it_gives_only_for_the_named_tools_and_only_by_a_plain_allow(string tool, string said, bool granted)
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        relay.Api.Always(ScriptedReply.Text(said));
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync(tool, new { file_path = "/a", command = "ls" });
        if (!granted)
        {
            await relay.OpenQuestionAsync();
            await relay.AnswerAsync("deny");
        }

        Assert.Equal(granted ? "allow" : "deny", (string?)Decision(await asked)["behavior"]);
        Assert.Equal(tool == "Read" ? 1 : 0, relay.Api.Requests.Count);
    }

    [Fact]
    public async Task Answered_at_the_terminal_meanwhile_nobody_is_asked()
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        relay.Api.Always(ScriptedReply.StallBeforeHeaders("[NEEDS-JC] ask him"));
        var claude = new ClaudeSession(relay, "claude-1");
        var asked = claude.AskPermissionAsync("AskUserQuestion", Choice);
        await Until.TrueAsync(() => relay.Api.Requests.Count == 1, "the advisor's turn");

        await claude.HookAsync("PostToolUse", new { tool_name = "AskUserQuestion", tool_input = Choice });

        Assert.Empty(await asked);
        relay.Api.ReleaseStalled();
        await Until.TrueAsync(
            async () => await relay.CountAsync("SELECT COUNT(*) FROM messages WHERE state = 'answered'") == 1, "the turn's end");
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM questions"));
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM dispatches"));
    }

    private static async Task RuleAsync(RunningRelay relay)
    {
        relay.Api.Enqueue(ScriptedReply.Text("Noted."));
        Assert.Null(await relay.Get<OwnWords>().SayAsync(
            "default", "[always] Postgres.", "words-1", TestContext.Current.CancellationToken));
        await Until.TrueAsync(() => relay.Api.Requests.Count == 1, "the ruling's turn");
    }

    private static JsonObject Decision(JsonObject answer) => answer["hookSpecificOutput"]!["decision"]!.AsObject();
}
