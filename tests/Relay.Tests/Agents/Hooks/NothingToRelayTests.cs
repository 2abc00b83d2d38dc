using System.Text.Json.Nodes;
using Relay.Agents;
using Relay.Loopback;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

/// <summary>A call to the advisor costs money: what brings it nothing is not relayed, or once.</summary>
public sealed class NothingToRelayTests
{
    private const string Config = "agents: {max_rounds: 50}\n";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("background-agent", "idle")]
    [InlineData("mcp-call-moved-to-background", "idle")]
    public async Task A_stop_while_background_work_runs_is_not_relayed_and_the_one_after_it_is(string recorded, string said)
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("[DONE]"));
        var claude = new ClaudeSession(relay, "unused") { Mode = "relay" };
        var stops = 0;

        foreach (var hook in Recording.Of(recorded))
        {
            var (_, answer) = await claude.PostAsync(hook.ToJsonString(), Token);
            if (Recording.NameOf(hook) == "Stop" && stops++ == 0)
            {
                Assert.Empty(answer);
                Assert.Empty(relay.Api.Requests);
            }
        }

        Assert.Equal(2, stops);
        Assert.Equal("[shop] " + said, relay.Api.Requests.Single().LastUserText.Split('\n')[0]);
    }

    [Fact]
    public async Task What_waits_is_handed_over_even_while_background_work_runs()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        await claude.HookAsync("UserPromptSubmit");
        await relay.SayToAsync("shop", "Look at this.");

        Assert.Contains("Look at this.", ClaudeSession.GoesOnWith(await StopAsync(claude, "subagent")), StringComparison.Ordinal);

        Assert.Empty(relay.Api.Requests);
    }

    [Fact]
    public async Task A_command_that_is_left_running_holds_back_one_prompts_reports_and_its_user_is_told()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("[DONE]"));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay", Prompt = "prompt-1" };

        var first = await StopAsync(claude, "shell");
        claude.Prompt = "prompt-2";
        await StopAsync(claude, "shell");

        Assert.Contains("a command of this session runs in the background", (string?)first["systemMessage"], StringComparison.Ordinal);
        Assert.Single(relay.Api.Requests);
    }

    [Theory]
    [InlineData("memory save", "running")]
    [InlineData("monitor", "running")]
    [InlineData("subagent", "completed")]
    public async Task What_never_brings_the_session_back_holds_nothing_back(string kind, string status)
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("[DONE]"));

        await StopAsync(new ClaudeSession(relay, "claude-1") { Mode = "relay" }, kind, status);

        Assert.Single(relay.Api.Requests);
    }

    [Theory]
    [InlineData("API Error: 529 {\"type\":\"error\"}")]
    [InlineData("API Error (Connection error.)")]
    [InlineData("[Request interrupted by user for tool use]")]
    [InlineData("No response requested.")]
    [InlineData("Prompt is too long")]
    [InlineData("You've hit your session limit · resets 3pm")]
    public async Task What_the_client_wrote_in_the_models_place_is_not_relayed(string said)
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };

        Assert.Empty(await claude.StopAsync(said));

        Assert.Equal(0, await relay.MessagesAsync());
    }

    [Fact]
    public async Task A_report_about_such_an_error_is_relayed()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("[DONE]"));

        await new ClaudeSession(relay, "claude-1") { Mode = "relay" }.StopAsync("The API Error: 529 is handled now.");

        Assert.Single(relay.Api.Requests);
    }

    [Fact]
    public async Task A_turn_that_failed_leaves_the_session_idle_and_sends_nothing()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        await claude.HookAsync("UserPromptSubmit");

        Assert.Empty(await claude.HookAsync("StopFailure", new { error = "server_error", last_assistant_message = "Half a repo" }));

        Assert.Equal(AgentState.Idle, (await relay.AgentAsync(claude)).State);
        Assert.Equal(0, await relay.MessagesAsync());
    }

    [Fact]
    public async Task The_same_two_texts_again_end_it_are_said_once_and_cost_no_third_call()
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        relay.Api.Always(ScriptedReply.Text("Go on."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        await claude.HookAsync("UserPromptSubmit");
        var answers = new List<JsonObject>();

        for (var round = 0; round < 10; round++)
            answers.Add(await claude.StopAsync("Nothing left to do."));

        Assert.Equal(2, relay.Api.Requests.Count);
        Assert.Equal(1, answers.Count(answer => ClaudeSession.GoesOnWith(answer) is not null));
        Assert.Single(answers, answer => answer.ContainsKey("systemMessage"));
        Assert.Contains("said the same", (string?)answers[1]["systemMessage"], StringComparison.Ordinal);
        var page = await relay.Ntfy.WaitForPageAsync(
            each => each.Title.Contains("stopped by itself", StringComparison.Ordinal), RunningRelay.Patience);
        Assert.Contains("said the same", page.Message, StringComparison.Ordinal);
        Assert.Equal(1, await relay.CountAsync("SELECT COUNT(*) FROM pages WHERE kind = 'hold' AND subject LIKE 'rounds:%'"));
        await claude.HookAsync("UserPromptSubmit", new { prompt = "try again" });
        Assert.Equal("Go on.", ClaudeSession.GoesOnWith(await claude.StopAsync("Nothing left to do.")));
    }

    [Fact]
    public async Task The_end_of_a_task_is_no_prompt_that_begins_the_same_rounds_anew()
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        relay.Api.Always(ScriptedReply.Text("Go on."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };

        for (var round = 0; round < 10; round++)
        {
            await claude.HookAsync("UserPromptSubmit", new { prompt = "<task-notification>\n<task-id>t</task-id>" });
            await claude.StopAsync("Nothing left to do.");
        }

        Assert.Equal(2, relay.Api.Requests.Count);
    }

    [Fact]
    public async Task Another_text_on_either_side_is_something_new()
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        relay.Api.Enqueue(ScriptedReply.Text("Go on."), ScriptedReply.Text("Go on, I said."), ScriptedReply.Text("Go on, I said."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };

        Assert.Equal("Go on.", ClaudeSession.GoesOnWith(await claude.StopAsync("Same.")));
        Assert.Equal("Go on, I said.", ClaudeSession.GoesOnWith(await claude.StopAsync("Same.")));
        Assert.Equal("Go on, I said.", ClaudeSession.GoesOnWith(await claude.StopAsync("Not the same.")));
    }

    [Fact]
    public async Task Nobody_is_woken_for_a_reply_that_brings_nothing_new()
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        relay.Api.Enqueue(ScriptedReply.Text("Go on."), ScriptedReply.StallBeforeHeaders("Go on."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        Assert.NotNull(ClaudeSession.GoesOnWith(await claude.StopAsync("Same.")));
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var stop = claude.StopAsync("Same.", leave.Token);
        await (await relay.Api.WaitForRequestsAsync(2, RunningRelay.Patience)).Silent;
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stop);
        await relay.BecomesAsync(claude, AgentState.Idle);
        relay.Api.ReleaseStalled();
        await relay.RepliesWaitAsync(1);
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(Token);

        var woken = claude.WaitAsync(wait.Token);
        await relay.Ntfy.WaitForPageAsync(
            each => each.Title.Contains("stopped by itself", StringComparison.Ordinal), RunningRelay.Patience);

        Assert.False(woken.IsCompleted);
        await wait.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => woken);
        Assert.EndsWith("Go on.", await claude.ContextAsync("UserPromptSubmit"), StringComparison.Ordinal); // It is not lost.
    }

    [Fact]
    public async Task A_stop_that_is_reported_anew_after_the_hook_was_given_up_is_the_same_message()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Once."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var stop = claude.StopAsync("Finished.", leave.Token);
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stop);
        await relay.BecomesAsync(claude, AgentState.Idle);

        var again = claude.StopAsync("Finished.");
        await relay.BecomesAsync(claude, AgentState.Held);
        relay.Api.ReleaseStalled();

        Assert.Equal("Once.", ClaudeSession.GoesOnWith(await again));
        Assert.Equal(1, await relay.MessagesAsync());
    }

    private static Task<JsonObject> StopAsync(ClaudeSession claude, string kind, string status = "running") => claude.HookAsync(
        "Stop",
        new
        {
            last_assistant_message = "I wait.",
            background_tasks = new[] { new { id = "task-1", type = kind, status, description = "work" } },
        });
}
