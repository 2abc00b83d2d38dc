using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

/// <summary>What is allowed for more than once, by whom it is asked, and what shows that the terminal was first.</summary>
public sealed class AlwaysTests
{
    private const string Make =
        """{"type":"addRules","rules":[{"toolName":"Bash","ruleContent":"make:*"}],"behavior":"allow","destination":"localSettings"}""";

    private const string MakeInSession =
        """{"type":"addRules","rules":[{"toolName":"Bash","ruleContent":"make:*"}],"behavior":"allow","destination":"session"}""";

    private const string Mode = """{"type":"setMode","mode":"acceptEdits","destination":"session"}""";

    private static readonly RecordedEvents Recorded = RecordedEvents.Of("permission-yes-then-esc");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("always", Make)]
    [InlineData("Always allow.", Make)]
    [InlineData("always project", Make)]
    [InlineData("always 1 session", MakeInSession)]
    public async Task The_clients_own_suggestion_is_shown_as_it_will_be_written_and_written_as_it_was_shown(string words, string written)
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay, Make);
        var question = await relay.OpenQuestionAsync();
        Assert.EndsWith(
            "\n\nalways 1: allow Bash(make:*), written to .claude/settings.local.json of this project", question.Text,
            StringComparison.Ordinal);

        Assert.IsType<Answers.Outcome.Accepted>(await relay.AnswerAsync(words));

        var decision = (await asked)["hookSpecificOutput"]!["decision"]!;
        Assert.Equal("allow", (string?)decision["behavior"]);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse($"[{written}]"), decision["updatedPermissions"]), decision.ToJsonString());
    }

    [Theory]
    [InlineData("always", "say which")]
    [InlineData("always 3", "there is no \"always 3\"")]
    [InlineData("always 2 project", "cannot be written there")]
    [InlineData("always please", "answer allow")]
    [InlineData("always 1 00000000", "nothing is allowed")]
    public async Task Nothing_wider_or_unclear_is_allowed(string words, string reason)
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay, Make, Mode);
        await relay.OpenQuestionAsync();

        var refused = Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync(words));

        Assert.Contains(reason, refused.Reason, StringComparison.Ordinal);
        await relay.AnswerAsync("always all");
        Assert.Equal(2, (await asked)["hookSpecificOutput"]!["decision"]!["updatedPermissions"]!.AsArray().Count);
    }

    /// <summary>The digest is of all that was shown, so of what would be written, too.</summary>
    [Theory]
    [InlineData(Make, Mode)]
    [InlineData(MakeInSession)]
    [InlineData(Mode, Make)]
    public async Task The_digest_of_another_set_of_suggestions_allows_nothing(params string[] others)
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay, Make);
        var shown = (await relay.OpenQuestionAsync()).Text;
        await relay.AnswerAsync("deny");
        await asked;
        asked = AskAsync(relay, others);
        var question = await relay.OpenQuestionAsync();
        var digest = PermissionDigest.Of(question.Id, shown); // The same command under the same number, with what was shown first.

        foreach (var words in (string[])["always 1", "always all", "always session 1", "allow"])
        {
            var refused = Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync($"#2 {words} {digest}"));
            Assert.Contains($"does not ask for what {digest} stands for", refused.Reason, StringComparison.Ordinal);
        }
        Assert.False(asked.IsCompleted);
        await relay.AnswerAsync($"#2 always 1 {PermissionDigest.Of(question)}");

        var written = (await asked)["hookSpecificOutput"]!["decision"]!["updatedPermissions"];
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse($"[{others[0]}]"), written));
    }

    [Fact]
    public async Task Without_a_suggestion_there_is_no_always_and_one_that_is_not_known_is_shown_as_it_came()
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay);
        await relay.OpenQuestionAsync();
        Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync("always"));
        await relay.AnswerAsync("deny");
        await asked;

        const string strange =
            """{"type":"addRules","rules":[{"toolName":"Bash"}],"behavior":"allow","destination":"session","also":"\u202e"}""";
        asked = AskAsync(relay, strange);
        Assert.EndsWith($"\nalways 1: {strange}", (await relay.OpenQuestionAsync()).Text, StringComparison.Ordinal);
        Assert.IsType<Answers.Outcome.Refused>(await relay.AnswerAsync("always session"));
        await relay.AnswerAsync("deny");
        await asked;
    }

    [Fact]
    public async Task A_denial_that_came_when_the_terminal_had_allowed_it_is_taken_back()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, Recorded.Session);
        var asked = claude.PostAsync(Recorded["PermissionRequest"].ToJsonString(), Token);
        await relay.OpenQuestionAsync();
        await relay.AnswerAsync("deny");
        await asked;

        await claude.PostAsync(Recorded["PostToolUse"].ToJsonString(), Token);

        Assert.Equal(["your answer came too late: it was allowed at the terminal"],
            await relay.TextsAsync("SELECT answered_via FROM questions WHERE state = 'expired'"));
    }

    [Fact]
    public async Task Of_two_alike_the_one_that_was_allowed_ran_and_the_other_stays_open()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, Recorded.Session);
        var first = claude.PostAsync(Recorded["PermissionRequest"].ToJsonString(), Token);
        await relay.OpenQuestionAsync();
        var second = claude.PostAsync(Recorded["PermissionRequest"].ToJsonString(), Token);
        await Until.TrueAsync(async () => await relay.CountAsync("SELECT COUNT(*) FROM questions") == 2, "the second");
        await relay.AnswerAsync("allow", 2);
        await Task.WhenAny(first, second);

        await claude.PostAsync(Recorded["PostToolUse"].ToJsonString(), Token);

        Assert.Equal(1, (await relay.OpenQuestionAsync()).Id);
        await claude.PostAsync(Recorded["PostToolUse"].ToJsonString(), Token);
        Assert.Equal(HttpStatusCode.OK, (await first).Status);
        await second;
        Assert.Equal(["expired", "answered"], await relay.TextsAsync("SELECT state FROM questions ORDER BY question_id"));
    }

    [Fact]
    public async Task A_subagents_request_says_so_and_waits_only_as_long_as_it_may()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync("agents: {subagent_patience: 30s}\n", clock: clock);
        var asked = new ClaudeSession(relay, "claude-1").HookAsync("PermissionRequest", new
        {
            tool_name = "Bash",
            tool_input = new { command = "ls" },
            agent_id = "a1",
            agent_type = "general-purpose",
        });
        var question = await relay.OpenQuestionAsync();
        Assert.StartsWith("Bash in /projects/shop\nasked by a subagent (general-purpose)\n", question.Text, StringComparison.Ordinal);
        Assert.Equal(1, await relay.CountAsync("SELECT COUNT(*) FROM pages WHERE title LIKE '%a subagent of shop: may it use Bash%'"));
        var began = clock.GetUtcNow();

        Assert.Empty(await clock.RunUntilAsync(asked, TimeSpan.FromSeconds(1)));

        Assert.InRange((clock.GetUtcNow() - began).TotalSeconds, 28, 60);
    }

    [Theory]
    [InlineData("""{"file_path":"/a","old_string":"1\ntwo\n3","new_string":"1\n2\n3"}""", "\n    1\n  - two\n  + 2\n    3")]
    [InlineData("""{"file_path":"/a","old_string":"a","new_string":"a\n"}""", "\n    a\n  + ")]
    [InlineData("""{"file_path":"/a","old_string":"a","old_string":"b","new_string":"c"}""", "\nold_string: \"a\"\nold_string: \"b\"")]
    [InlineData("""{"file_path":"/a","old_string":5,"new_string":"c"}""", "\nold_string: 5")]
    public void An_edit_is_shown_as_its_difference(string input, string shown)
    {
        using var json = System.Text.Json.JsonDocument.Parse(input);

        var text = Relay.Agents.Hooks.PermissionText.Of("Edit", "/p", json.RootElement);

        Assert.StartsWith("Edit in /p\n\nfile_path:\n  /a", text, StringComparison.Ordinal);
        Assert.Contains(shown, text, StringComparison.Ordinal);
    }

    private static Task<JsonObject> AskAsync(RunningRelay relay, params string[] suggestions) =>
        new ClaudeSession(relay, "claude-1").HookAsync("PermissionRequest", new
        {
            tool_name = "Bash",
            tool_input = new { command = "make" },
            permission_suggestions = new JsonArray([.. suggestions.Select(each => JsonNode.Parse(each))]),
        });
}
