using System.Net;
using Relay.Agents;
using Relay.Loopback;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

public sealed class HookEndpointTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("UserPromptSubmit")]
    [InlineData("SessionStart")]
    [InlineData("PostToolUse")]
    public async Task What_waits_for_a_session_comes_with_its_next_event_once(string name)
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("UserPromptSubmit");
        await relay.SayToAsync("shop", "First.");
        await relay.SayToAsync("shop", "Second.");

        var answer = await claude.HookAsync(name);

        Assert.Equal(name, (string?)answer["hookSpecificOutput"]?["hookEventName"]);
        Assert.EndsWith(
            "[operator JC]\nFirst.\n\n[operator JC]\nSecond.",
            (string?)answer["hookSpecificOutput"]?["additionalContext"], StringComparison.Ordinal);
        await relay.HandedAsync(2);
        Assert.Null(await claude.ContextAsync("UserPromptSubmit"));
    }

    [Fact]
    public async Task A_start_says_that_the_relay_is_connected_and_under_which_name()
    {
        await using var relay = await RunningRelay.StartAsync();

        var context = await new ClaudeSession(relay, "claude-1").ContextAsync("SessionStart");

        Assert.StartsWith("Relay is connected: this session is shop;", context, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_events_at_once_hand_a_reply_over_once()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("UserPromptSubmit");
        for (var round = 1; round <= 5; round++)
        {
            await relay.SayToAsync("shop", $"Word {round}.");

            var contexts = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => claude.ContextAsync("PostToolUse")));

            Assert.Single(contexts, context => context?.EndsWith($"Word {round}.", StringComparison.Ordinal) == true);
            await relay.HandedAsync(round);
        }
    }

    [Fact]
    public async Task What_an_event_is_told_lives_through_a_restart()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("UserPromptSubmit");
        await relay.SayToAsync("shop", "Kept.");

        await relay.RestartAsync();

        Assert.EndsWith("Kept.", await claude.ContextAsync("UserPromptSubmit"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/projects/shop", "shop")]
    [InlineData("/projects/shop/", "shop")]
    [InlineData("/projects/my shop (new)", "my-shop-new")]
    [InlineData("/projects/Läden", "L-den")]
    [InlineData("/projects/店", "claude")]
    [InlineData("/projects/...", "claude")]
    [InlineData("/", "claude")]
    [InlineData("", "claude")]
    [InlineData(null, "claude")]
    [InlineData("/projects/a\0b", "a-b")]
    [InlineData("C:\\work\\shop", "C-work-shop")]
    public async Task The_default_name_comes_from_the_folder(string? folder, string name)
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1", folder);

        await claude.HookAsync("SessionStart");

        Assert.Equal(name, (await relay.AgentAsync(claude)).Session.Value);
    }

    [Fact]
    public async Task A_very_long_folder_name_still_makes_a_name_for_two()
    {
        await using var relay = await RunningRelay.StartAsync();
        var folder = "/projects/" + new string('x', 250);
        var (first, second) = (new ClaudeSession(relay, "claude-1", folder), new ClaudeSession(relay, "claude-2", folder));

        await first.HookAsync("SessionStart");
        await second.HookAsync("SessionStart");

        Assert.Equal(new string('x', 56), (await relay.AgentAsync(first)).Session.Value);
        Assert.Equal(new string('x', 56) + "-2", (await relay.AgentAsync(second)).Session.Value);
    }

    [Fact]
    public async Task Sessions_of_one_folder_at_the_same_time_have_names_of_their_own()
    {
        await using var relay = await RunningRelay.StartAsync();
        var sessions = Enumerable.Range(1, 4).Select(number => new ClaudeSession(relay, $"claude-{number}")).ToList();

        await Task.WhenAll(sessions.Select(session => session.HookAsync("SessionStart")));

        var names = await Task.WhenAll(sessions.Select(async session => (await relay.AgentAsync(session)).Session.Value));
        Assert.Equal(["shop", "shop-2", "shop-3", "shop-4"], names.Order());
    }

    [Fact]
    public async Task A_session_that_comes_back_after_its_end_does_not_share_the_name_another_took()
    {
        await using var relay = await RunningRelay.StartAsync();
        var (first, second) = (new ClaudeSession(relay, "claude-1"), new ClaudeSession(relay, "claude-2"));
        await first.HookAsync("SessionStart");
        await first.HookAsync("SessionEnd");
        await second.HookAsync("SessionStart");
        Assert.Equal("shop", (await relay.AgentAsync(second)).Session.Value);

        await first.HookAsync("SessionStart");

        Assert.Equal("shop-2", (await relay.AgentAsync(first)).Session.Value);
        Assert.Equal("shop", (await relay.AgentAsync(second)).Session.Value);
    }

    [Fact]
    public async Task A_session_that_comes_back_finds_its_name_again()
    {
        await using var relay = await RunningRelay.StartAsync();
        var (first, second) = (new ClaudeSession(relay, "claude-1"), new ClaudeSession(relay, "claude-2"));
        await first.HookAsync("SessionStart");
        await second.HookAsync("SessionStart");
        await second.HookAsync("SessionEnd");

        await second.HookAsync("UserPromptSubmit");

        Assert.Equal("shop-2", (await relay.AgentAsync(second)).Session.Value);
    }

    [Fact]
    public async Task A_given_name_goes_before_the_folders()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1") { Name = "session-1" };

        await claude.HookAsync("SessionStart");

        Assert.Equal("session-1", (await relay.AgentAsync(claude)).Session.Value);
    }

    [Fact]
    public async Task A_header_that_names_no_session_is_refused_with_the_reason()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1") { Name = "my session" };

        var (status, body) = await claude.PostAsync(claude.Event("SessionStart"), Token);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("X-Relay-Session must be 1 to 64 characters", (string?)body["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_that_is_not_listed_is_refused_where_unknown_ones_are()
    {
        await using var relay = await RunningRelay.StartAsync("accept_unknown_sessions: false\n");
        var stranger = new ClaudeSession(relay, "claude-1");

        var (status, body) = await stranger.PostAsync(stranger.Event("SessionStart"), Token);

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("accept_unknown_sessions", (string?)body["detail"], StringComparison.Ordinal);
        await new ClaudeSession(relay, "claude-2") { Name = "session-1" }.HookAsync("SessionStart");
    }

    [Theory]
    [InlineData("")]
    [InlineData("not JSON")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"session_id":"","hook_event_name":"Stop"}""")]
    [InlineData("""{"session_id":"claude-1"}""")]
    [InlineData("""{"hook_event_name":"Stop"}""")]
    [InlineData("""{"session_id":7,"hook_event_name":"Stop"}""")]
    public async Task A_body_that_is_no_event_is_refused_and_harms_nothing(string body)
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");

        var (status, problem) = await claude.PostAsync(body, Token);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("the JSON of a Claude Code hook event is expected", (string?)problem["detail"], StringComparison.Ordinal);
        Assert.Empty(relay.Errors());
        await claude.HookAsync("SessionStart");
    }

    [Theory]
    [InlineData("PreCompact")]
    [InlineData("SomethingNew")]
    [InlineData("")]
    public async Task An_event_it_does_not_know_passes(string name)
    {
        await using var relay = await RunningRelay.StartAsync();

        Assert.Empty(await new ClaudeSession(relay, "claude-1").HookAsync(name));
    }

    [Fact]
    public async Task Large_fields_it_has_no_use_for_do_no_harm()
    {
        await using var relay = await RunningRelay.StartAsync("max_envelope_bytes: 1024\n");
        var claude = new ClaudeSession(relay, "claude-1");

        var response = new { content = new string('x', 8_000_000) };
        Assert.Empty(await claude.HookAsync("PostToolUse", new { tool_name = "Read", tool_response = response }));
    }

    [Fact]
    public async Task A_NUL_in_a_message_reaches_the_advisor()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("Read."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };

        Assert.Equal("Read.", ClaudeSession.GoesOnWith(await claude.StopAsync("a\0b")));

        Assert.Equal("[shop] a\0b", relay.Api.Requests[0].LastUserText);
    }

    [Fact]
    public async Task A_notification_of_idleness_and_the_end_keep_the_sessions_state_true()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("UserPromptSubmit");
        Assert.Equal(AgentState.Active, (await relay.AgentAsync(claude)).State);

        await claude.HookAsync("Notification", new { notification_type = "permission_prompt" });
        Assert.Equal(AgentState.Active, (await relay.AgentAsync(claude)).State);
        await claude.HookAsync("Notification", new { notification_type = "idle_prompt" });
        Assert.Equal(AgentState.Idle, (await relay.AgentAsync(claude)).State);
        await claude.HookAsync("SessionEnd", new { reason = "prompt_input_exit" });

        Assert.Equal(AgentState.Ended, (await relay.AgentAsync(claude)).State);
        Assert.Equal(1, await relay.CountAsync("SELECT COUNT(*) FROM sessions WHERE session_id = 'shop' AND ended_at IS NOT NULL"));
        await claude.HookAsync("SessionStart", new { source = "resume" });
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM sessions WHERE session_id = 'shop' AND ended_at IS NOT NULL"));
    }

    [Fact]
    public async Task The_end_of_a_session_is_told_with_the_advisors_next_turn()
    {
        await using var relay = await RunningRelay.StartAsync();
        var shop = new ClaudeSession(relay, "claude-1");
        await shop.HookAsync("SessionStart");
        await shop.HookAsync("SessionEnd");

        relay.Drop("session-1", "Who is there?");
        await relay.ConsumeAsync("session-1");

        Assert.Contains("shop (ended just now)", relay.Api.Requests[0].LastUserText, StringComparison.Ordinal);
    }
}
