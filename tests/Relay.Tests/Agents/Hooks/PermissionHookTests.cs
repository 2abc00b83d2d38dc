using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Relay.Loopback;
using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

public sealed class PermissionHookTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_operator_sees_the_tool_and_its_whole_input_and_allows_it()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");

        var asked = claude.AskPermissionAsync("Bash", new { command = "rm -rf build && make", description = "Räum auf" });
        var question = await relay.OpenQuestionAsync();
        var page = await relay.Ntfy.WaitForPageAsync(
            each => each.Title.Contains("may it use Bash?", StringComparison.Ordinal), RunningRelay.Patience);
        Assert.Contains("[NEEDS-JC] shop", page.Title, StringComparison.Ordinal);
        Assert.Equal(4, page.Priority);
        Assert.Contains("rm -rf build && make", question.Text, StringComparison.Ordinal);
        Assert.Contains("Räum auf", question.Text, StringComparison.Ordinal);
        Assert.Contains("in /projects/shop", question.Text, StringComparison.Ordinal);
        await relay.AnswerAsync("Allow.");

        var decision = Decision(await asked);
        Assert.Equal("allow", (string?)decision["behavior"]);
        Assert.False(decision.ContainsKey("message"));
        Assert.Empty(relay.Api.Requests);
    }

    [Fact]
    public async Task A_denial_carries_its_reason_and_the_first_answer_wins()
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("Bash", new { command = "git push --force" });
        var question = await relay.OpenQuestionAsync();

        Assert.IsType<Answers.Outcome.Accepted>(await relay.AnswerAsync("deny: never on main"));
        Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync("allow", question.Id));

        var decision = Decision(await asked);
        Assert.Equal("deny", (string?)decision["behavior"]);
        Assert.Equal("The operator says: never on main", (string?)decision["message"]);
    }

    [Theory]
    [InlineData("hmm, which file?")]
    [InlineData("allow, but only once")]
    [InlineData("not sure")]
    public async Task An_unclear_answer_is_refused_and_the_question_stays(string unclear)
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("Bash", new { command = "ls" });
        await relay.OpenQuestionAsync();

        Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync(unclear));
        Assert.False(asked.IsCompleted);
        await relay.AnswerAsync("no");

        Assert.Equal("deny", (string?)Decision(await asked)["behavior"]);
    }

    [Fact]
    public async Task No_answer_in_time_leaves_it_to_the_clients_own_prompt_and_the_question_expires()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync(clock: clock);

        var answer = await clock.RunUntilAsync(
            new ClaudeSession(relay, "claude-1").AskPermissionAsync("Bash", new { command = "ls" }), TimeSpan.FromSeconds(5));

        Assert.Empty(answer);
        Assert.Equal(["expired"], await relay.TextsAsync("SELECT state FROM questions"));
        Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync("allow", 1));
    }

    [Fact]
    public async Task A_client_that_stops_waiting_closes_its_question()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("Bash", new { command = "ls" }, leave.Token);
        await relay.OpenQuestionAsync();

        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await Until.TrueAsync(
            async () => (await relay.TextsAsync("SELECT state FROM questions")).SequenceEqual(["expired"]), "the end of the question");
        Assert.Empty(relay.Errors());
    }

    [Fact]
    public async Task A_restart_expires_it_and_lets_the_client_ask_itself()
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("Bash", new { command = "ls" });
        await relay.OpenQuestionAsync();

        await relay.ReplaceDaemonAsync();

        Assert.Empty(await asked);
        Assert.Equal(["expired"], await relay.TextsAsync("SELECT state FROM questions"));
    }

    [Fact]
    public async Task The_conversation_does_not_wait_for_a_permission()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("Of course."));
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("Bash", new { command = "ls" });
        await relay.OpenQuestionAsync();

        relay.Drop("session-1", "Do you still answer?");

        Assert.Equal("Of course.", await relay.ConsumeAsync("session-1"));
        await relay.AnswerAsync("yes");
        Assert.Equal("allow", (string?)Decision(await asked)["behavior"]);
    }

    [Fact]
    public async Task A_rule_allows_without_asking_and_each_use_is_logged()
    {
        await using var relay = await RunningRelay.StartAsync("agents: {allow: [{tool: Bash, pattern: 'git status*'}]}\n");
        var claude = new ClaudeSession(relay, "claude-1");

        for (var use = 0; use < 2; use++)
        {
            var answer = await claude.AskPermissionAsync("Bash", new { command = "git status --short" });
            Assert.Equal("allow", (string?)Decision(answer)["behavior"]);
        }

        var messages = relay.Logs.GetSnapshot().Select(record => record.Message);
        Assert.Equal(2, messages.Count(message => message.StartsWith("shop may use Bash by the rule", StringComparison.Ordinal)));
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM questions"));
    }

    [Fact]
    public async Task A_pattern_that_takes_for_ever_is_asked_about()
    {
        await using var relay = await RunningRelay.StartAsync("agents: {allow: [{tool: Bash, pattern: '*a*a*a*a*a*a*a*a*b'}]}\n");

        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("Bash", new { command = new string('a', 5_000) });

        await relay.OpenQuestionAsync();
        await relay.AnswerAsync("deny");
        Assert.Equal("deny", (string?)Decision(await asked)["behavior"]);
    }

    [Theory]
    [InlineData("find . -name '*.cs' -exec rm {} +")]
    [InlineData("find . -delete")]
    public async Task A_command_that_does_more_than_its_rule_says_is_asked_about(string command)
    {
        await using var relay = await RunningRelay.StartAsync("agents: {allow: [{tool: Bash, pattern: 'find *'}]}\n");

        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("Bash", new { command });

        await relay.OpenQuestionAsync();
        await relay.AnswerAsync("deny");
        Assert.Equal("deny", (string?)Decision(await asked)["behavior"]);
    }

    [Fact]
    public async Task Input_over_an_envelopes_limit_is_left_to_the_clients_own_prompt()
    {
        await using var relay = await RunningRelay.StartAsync("max_envelope_bytes: 1024\n");

        Assert.Empty(await new ClaudeSession(relay, "claude-1").AskPermissionAsync("Write", new { content = new string('x', 2_000) }));

        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM questions"));
    }

    private static JsonObject Decision(JsonObject answer)
    {
        Assert.Equal("PermissionRequest", (string?)answer["hookSpecificOutput"]?["hookEventName"]);
        return answer["hookSpecificOutput"]!["decision"]!.AsObject();
    }
}
