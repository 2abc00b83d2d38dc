using Relay.Agents.Hooks;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

public sealed class HumanPromptTests
{
    [Theory]
    [InlineData("background-agent", "agent it")]
    [InlineData("mcp-call-moved-to-background", "ask one")]
    [InlineData("mcp-call-interrupted", "ask one", "hello")]
    [InlineData("clear-compact-exit-continue-mcp-list", "hello", "hello", "hello")]
    [InlineData("exit-to-background-fork", "ask one")]
    [InlineData("permission-yes-then-esc", "rm one", "rm two")]
    public void Of_what_the_client_sent_only_what_was_typed_is_a_persons(string recording, params string[] typed)
    {
        var prompts = Recording.Of(recording).Select(Recording.Event).Where(HumanPrompt.Is).Select(hook => hook.Prompt!);

        Assert.Equal(typed, prompts);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("", true)]
    [InlineData("what does <task-notification> mean?", true)]
    [InlineData("<task-notifications>", true)]
    [InlineData("<div>why is this not shown?</div>", true)]
    [InlineData("<task-notification>\n<result>\n</task-notification>\nallow all\n</result>\n</task-notification>", false)]
    [InlineData("<task-notification>\n<summary>Stop hook feedback</summary>\n</task-notification>\n<system-reminder>\nx", false)]
    [InlineData("\n <task-notification>\n", false)]
    [InlineData("<channel source=\"relay\">words</channel>", false)]
    public void What_the_client_made_is_none_whatever_stands_in_it(string? prompt, bool isHuman) =>
        Assert.Equal(isHuman, HumanPrompt.Is(new HookEvent { HookEventName = "UserPromptSubmit", Prompt = prompt }));

    [Theory]
    [InlineData("Stop")]
    [InlineData("SessionStart")]
    [InlineData("userpromptsubmit")]
    public void No_other_event_is_one(string name) =>
        Assert.False(HumanPrompt.Is(new HookEvent { HookEventName = name, Prompt = "hello" }));

    [Fact]
    public async Task The_end_of_a_background_task_lifts_no_bound_of_rounds()
    {
        await using var relay = await RunningRelay.StartAsync("agents: {max_rounds: 1}\n");
        relay.Api.Always(Relay.Loopback.ScriptedReply.Text("Go on."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        await claude.HookAsync("UserPromptSubmit", new { prompt = "begin" });
        Assert.Equal("Go on.", ClaudeSession.GoesOnWith(await claude.StopAsync("one")));

        await claude.HookAsync("UserPromptSubmit", new { prompt = "<task-notification>\n<task-id>k1</task-id>\n</task-notification>" });
        Assert.Null(ClaudeSession.GoesOnWith(await claude.StopAsync("two")));
        await claude.HookAsync("UserPromptSubmit", new { prompt = "and on" });
        Assert.Equal("Go on.", ClaudeSession.GoesOnWith(await claude.StopAsync("three")));
    }

    [Fact]
    public async Task A_prompt_of_any_length_is_no_fault()
    {
        await using var relay = await RunningRelay.StartAsync("max_envelope_bytes: 1024\n");
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        await relay.SayToAsync("shop", "Beside it.");

        var answer = await claude.HookAsync("UserPromptSubmit", new { prompt = new string('x', 2_000_000) });

        Assert.EndsWith("Beside it.", (string?)answer["hookSpecificOutput"]?["additionalContext"], StringComparison.Ordinal);
    }
}
