using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Loopback;
using Relay.Tests.Agents.Hooks;
using Relay.Tests.Agents.Tools;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents;

/// <summary>What was written to a connection is handed; only the session's own sign makes it consumed, and what is lost on the way comes
/// once more.</summary>
public sealed class HandedTests
{
    private const string Background = "mcp-call-moved-to-background";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_result_of_a_call_is_consumed_when_the_client_reports_it_to_its_hook()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("Use the queue."));
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("UserPromptSubmit");
        await claude.HookAsync("PreToolUse", new { tool_name = "mcp__relay__ask_advisor", tool_use_id = "toolu_1" });
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "shop");

        Assert.Equal("Use the queue.", await mcp.AskAsync("Queue or poll?", "toolu_1"));
        await relay.HandedAsync(1);
        await claude.HookAsync("PostToolUse", new { tool_use_id = "toolu_another" });
        await AssertConsumedAsync(relay, 0);
        var shop = (await relay.StatusAsync())["sessions"]!.AsArray().Single(each => (string)each!["session_id"]! == "shop")!;
        Assert.Equal(1, (int)shop["undelivered"]!);

        await relay.RestartAsync();
        await claude.HookAsync("PostToolUse", new { tool_use_id = "toolu_1", tool_response = Text("Use the queue.") });

        await AssertConsumedAsync(relay, 1);
        Assert.Null(await claude.ContextAsync("UserPromptSubmit"));
    }

    [Fact]
    public async Task A_call_in_the_background_is_consumed_by_the_prompt_with_its_task()
    {
        await using var relay = await RunningRelay.StartAsync();
        var (claude, events) = await InBackgroundAsync(relay);
        await AssertConsumedAsync(relay, 0);

        await PostAsync(claude, events[6]); // The task's end, as the client tells it.

        await AssertConsumedAsync(relay, 1);
        await PostAsync(claude, events[7]);
        Assert.Null(await claude.ContextAsync("UserPromptSubmit"));
        Assert.Empty(relay.Errors());
    }

    [Fact]
    public async Task The_end_of_another_task_that_says_the_same_is_not_its_own()
    {
        await using var relay = await RunningRelay.StartAsync();
        var (claude, events) = await InBackgroundAsync(relay);

        await claude.HookAsync("UserPromptSubmit", new { prompt = Notice("aagent1", "The advisor said: RQ1 go. Done.") });

        await AssertConsumedAsync(relay, 0);
        await PostAsync(claude, events[6]);
        await AssertConsumedAsync(relay, 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_lost_with_its_window_comes_once_more_when_the_session_begins_again(bool saysSo)
    {
        await using var relay = await RunningRelay.StartAsync();
        var (claude, _) = await InBackgroundAsync(relay);
        if (saysSo)
            await claude.HookAsync("SessionEnd", new { reason = "prompt_input_exit" });

        var again = await claude.HookAsync("SessionStart", new { source = "resume" });

        Assert.EndsWith("RQ1 go", Context(again), StringComparison.Ordinal);
        await AssertConsumedAsync(relay, 0);
        Assert.Null(await claude.ContextAsync("UserPromptSubmit")); // That shows that it is there.
        await AssertConsumedAsync(relay, 1);
        var later = await claude.HookAsync("SessionStart", new { source = "resume" });
        Assert.DoesNotContain("RQ1 go", Context(later), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cleared_window_has_what_was_not_seen_before()
    {
        await using var relay = await RunningRelay.StartAsync();
        var (claude, _) = await InBackgroundAsync(relay);
        await claude.HookAsync("SessionEnd", new { reason = "clear" });
        var cleared = new ClaudeSession(relay, "claude-2", "/home/dev/shop");

        var start = await cleared.HookAsync("SessionStart", new { source = "clear" });

        Assert.StartsWith("Relay is connected: this session is shop;", Context(start), StringComparison.Ordinal);
        Assert.EndsWith("RQ1 go", Context(start), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_woke_nobody_comes_with_the_users_next_prompt()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync(clock: clock);
        var claude = await WokenAsync(relay, "Drop the tests.");
        Assert.Null(await claude.ContextAsync("UserPromptSubmit")); // It may still be on its way.
        await claude.StopAsync("done");
        clock.Advance(TimeSpan.FromSeconds(6));

        Assert.EndsWith("Drop the tests.", await claude.ContextAsync("UserPromptSubmit"), StringComparison.Ordinal);
        await claude.StopAsync("done");
        await AssertConsumedAsync(relay, 1);
    }

    [Fact]
    public async Task A_wake_is_consumed_by_the_prompt_that_the_client_makes_of_it()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = await WokenAsync(relay, "Drop the\ttests.");

        await claude.HookAsync("UserPromptSubmit", new { prompt = Notice("k1", "something else: Drop the tests.") });
        await AssertConsumedAsync(relay, 0);
        await claude.HookAsync("UserPromptSubmit", new { prompt = "Drop the tests." }); // A person's.
        await AssertConsumedAsync(relay, 0);
        await claude.HookAsync("UserPromptSubmit", new
        {
            prompt = "<task-notification>\n<summary>Stop hook feedback</summary>\n</task-notification>\n<system-reminder>\nStop hook "
                + "blocking error from command \"Stop\": From the operator:\n\n[operator JC]\nDrop the tests.\n\n</system-reminder>",
        });

        await AssertConsumedAsync(relay, 1);
    }

    [Fact]
    public async Task Context_of_a_hook_is_consumed_when_the_session_goes_on_and_not_when_it_ends()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        await relay.SayToAsync("shop", "Stop that.");
        Assert.EndsWith("Stop that.", await claude.ContextAsync("SessionStart"), StringComparison.Ordinal);
        await relay.HandedAsync(1);
        await claude.HookAsync("Notification", new { notification_type = "idle_prompt" });
        await claude.HookAsync("PreToolUse", new { agent_id = "sub-1", tool_use_id = "toolu_1", tool_name = "Bash" });
        await AssertConsumedAsync(relay, 0);
        await claude.HookAsync("SessionEnd");

        Assert.EndsWith("Stop that.", await claude.ContextAsync("SessionStart"), StringComparison.Ordinal);
        await claude.HookAsync("UserPromptSubmit");
        await AssertConsumedAsync(relay, 1);
    }

    [Fact]
    public async Task A_held_stop_is_consumed_by_the_next_event_and_a_last_word_at_once()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.Text("Go on."), ScriptedReply.Text("[DONE] Well made."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        await claude.HookAsync("UserPromptSubmit");

        Assert.Equal("Go on.", ClaudeSession.GoesOnWith(await claude.StopAsync("one")));
        await relay.HandedAsync(1);
        await AssertConsumedAsync(relay, 0);
        Assert.Null(ClaudeSession.GoesOnWith(await claude.StopAsync("two")));

        await relay.ConsumedAsync(2); // Nothing more is heard of the second: it was for the user.
    }

    [Fact]
    public async Task A_subagents_answer_goes_to_its_call_and_words_to_the_session_go_to_the_session()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("For the subagent."));
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("UserPromptSubmit");
        var sub = new { agent_id = "a55fbbe8760dbd298", tool_use_id = "toolu_1", tool_name = "mcp__relay__ask_advisor" };
        await claude.HookAsync("PreToolUse", sub);
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "shop");
        Assert.Equal("For the subagent.", await mcp.AskAsync("May it?", "toolu_1"));
        await relay.HandedAsync(1);
        await relay.SayToAsync("shop", "For the session.");

        var told = await claude.HookAsync("PostToolUse", sub);

        Assert.Empty(told);
        await AssertConsumedAsync(relay, 1);
        Assert.EndsWith("For the session.", await claude.ContextAsync("PostToolUse"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sign_that_comes_before_the_handing_is_recorded_counts()
    {
        await using var relay = await TempRelay.CreateAsync();
        var id = await relay.AcceptAsync("shop", "Hello.", channel: ReplyChannel.Agent);
        await relay.TakeTurnsAsync();
        var handover = relay.Get<Handover>();
        using var lease = await handover.TakeAsync(SessionId.Stored("shop"), Token);
        lease.HandTo(Handing.InAnswerTo("claude-1", "toolu_1"));

        await handover.ShownAsync(SessionId.Stored("shop"), (_, to) => to.ToolUse == "toolu_1", Token);
        await lease.SentAsync(Token);

        Assert.Equal(MessageState.Consumed, await relay.StateAsync(id));
    }

    [Fact]
    public async Task The_story_of_a_message_tells_when_it_was_handed_lost_and_consumed()
    {
        await using var relay = await RunningRelay.StartAsync();
        var (claude, _) = await InBackgroundAsync(relay);
        await claude.HookAsync("SessionEnd");
        await claude.HookAsync("SessionStart");
        await relay.HandedAsync(1);

        Assert.Equal(
            ["not received"], await relay.TextsAsync("SELECT state FROM message_events WHERE state NOT IN ('asking', 'answered')"));
        Assert.Equal(
            1, await relay.CountAsync("SELECT COUNT(*) FROM dispatches WHERE handed_at IS NOT NULL AND consumed_at IS NULL"));
    }

    /// <summary>A session whose call has gone to the background, and was answered there. What follows in the recording is the task's
    /// end.</summary>
    private static async Task<(ClaudeSession Session, IReadOnlyList<JsonObject> Events)> InBackgroundAsync(RunningRelay relay)
    {
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("RQ1 go"));
        var events = Recording.Of(Background);
        var claude = new ClaudeSession(relay, (string)events[0]["session_id"]!, "/home/dev/shop");
        foreach (var before in events.Take(3))
            await PostAsync(claude, before);
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current);
        var call = mcp.AskAsync("May one?", (string)events[2]["tool_use_id"]!);
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        foreach (var meanwhile in events.Skip(3).Take(3))
            await PostAsync(claude, meanwhile);
        relay.Api.ReleaseStalled();
        Assert.Equal("RQ1 go", await call);
        await relay.HandedAsync(1);
        return (claude, events);
    }

    private static async Task<ClaudeSession> WokenAsync(RunningRelay relay, string words)
    {
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        await relay.SayToAsync("shop", words);
        Assert.Equal(HttpStatusCode.OK, (await claude.WaitAsync()).Status);
        await relay.HandedAsync(1);
        return claude;
    }

    private static async Task<JsonObject> PostAsync(ClaudeSession claude, JsonObject recorded)
    {
        var (status, body) = await claude.PostAsync(recorded.ToJsonString(), Token);
        Assert.Equal(HttpStatusCode.OK, status);
        return body;
    }

    private static string Notice(string task, string result) =>
        $"<task-notification>\n<task-id>{task}</task-id>\n<status>completed</status>\n<result>\n{result}\n</result>\n</task-notification>";

    private static object[] Text(string text) => [new { type = "text", text }];

    private static string? Context(JsonObject answer) => (string?)answer["hookSpecificOutput"]?["additionalContext"];

    private static async Task AssertConsumedAsync(RunningRelay relay, int count) =>
        Assert.Equal(count, await relay.CountAsync("SELECT COUNT(*) FROM dispatches WHERE state = 'consumed'"));
}
