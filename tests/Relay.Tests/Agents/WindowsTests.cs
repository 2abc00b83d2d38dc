using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Relay.Agents;
using Relay.Files.Platform;
using Relay.Loopback;
using Relay.Storage;
using Relay.Tests.Agents.Hooks;
using Relay.Tests.Agents.Tools;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents;

/// <summary>Windows come and go, are made from one another, interrupted and killed: names and replies go to whom they belong.</summary>
public sealed class WindowsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_made_from_another_has_its_name_and_what_waits_for_it()
    {
        await using var relay = await RunningRelay.StartAsync();
        var events = Recording.Of("exit-to-background-fork");
        var (parent, fork) = ((string)events[0]["session_id"]!, (string)events[^2]["session_id"]!);
        var claude = new ClaudeSession(relay, parent, "/home/dev/shop");
        foreach (var before in events.SkipLast(2))
            await PostAsync(claude, before);
        await relay.SayToAsync("shop", "Where are you?");

        var start = await PostAsync(claude, events[^2]);
        await PostAsync(claude, events[^1]); // Only now the old one ends.

        var context = (string?)start["hookSpecificOutput"]?["additionalContext"];
        Assert.StartsWith("Relay is connected: this session is shop;", context, StringComparison.Ordinal);
        Assert.EndsWith("Where are you?", context, StringComparison.Ordinal);
        Assert.Equal("shop", (await relay.AgentAsync(new ClaudeSession(relay, fork))).Session.Value);
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM sessions WHERE session_id = 'shop' AND ended_at IS NOT NULL"));
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM sessions WHERE session_id = 'shop-2'"));
    }

    [Fact]
    public async Task The_end_of_a_session_that_never_began_makes_none()
    {
        await using var relay = await RunningRelay.StartAsync();
        var events = Recording.Of("clear-compact-exit-continue-mcp-list");
        var claude = new ClaudeSession(relay, "any", "/home/dev/shop");
        foreach (var each in events)
            await PostAsync(claude, each);

        var made = await relay.TextsAsync("SELECT session_id FROM sessions WHERE session_id <> 'session-1' ORDER BY session_id");

        Assert.Equal(["shop"], made);
        Assert.Equal(2, await relay.CountAsync("SELECT COUNT(*) FROM agents WHERE state = 'ended'"));
        Assert.Equal(2, await relay.CountAsync("SELECT COUNT(*) FROM agents"));
    }

    [Theory]
    [InlineData("PostToolUse")]
    [InlineData("Notification")]
    [InlineData("Stop")]
    public async Task What_is_heard_of_a_session_just_after_its_end_keeps_its_name_from_nobody(string late)
    {
        await using var relay = await RunningRelay.StartAsync();
        var (first, second) = (new ClaudeSession(relay, "claude-1"), new ClaudeSession(relay, "claude-2"));
        await first.HookAsync("SessionStart");
        await first.HookAsync("SessionEnd");
        await first.HookAsync(late, new { notification_type = "idle_prompt" });

        await second.HookAsync("SessionStart");

        Assert.Equal("shop", (await relay.AgentAsync(second)).Session.Value);
        Assert.Equal(AgentState.Ended, (await relay.AgentAsync(first)).State);
    }

    [Fact]
    public async Task A_held_stop_whose_client_ended_brings_no_session_back()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("Too late."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        await claude.HookAsync("SessionStart");
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var held = claude.StopAsync("one", leave.Token);
        await relay.BecomesAsync(claude, AgentState.Held);
        await claude.HookAsync("SessionEnd");

        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held);
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;
        relay.Api.ReleaseStalled();
        await relay.RepliesWaitAsync(1);

        Assert.Equal(AgentState.Ended, (await relay.AgentAsync(claude)).State);
    }

    [Theory]
    [InlineData(McpTools.Current)]
    [InlineData(McpTools.Handshake)]
    public async Task A_call_that_its_user_interrupts_leaves_the_session_idle_and_its_waiter_brings_the_reply(string version)
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.StallBeforeHeaders("After all."));
        var events = Recording.Of("mcp-call-interrupted");
        var claude = new ClaudeSession(relay, (string)events[0]["session_id"]!, "/home/dev/shop");
        foreach (var before in events.Take(3))
            await PostAsync(claude, before);
        var waiter = claude.WaitAsync();
        await using var mcp = await McpTools.ConnectAsync(relay, version);
        using var esc = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var call = mcp.AskAsync("May one?", (string)events[2]["tool_use_id"]!, esc.Token);
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent;

        await esc.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await relay.BecomesAsync(claude, AgentState.Idle);
        relay.Api.ReleaseStalled();

        Assert.Contains("After all.", (await waiter).Text, StringComparison.Ordinal);
        await relay.StopDaemonAsync();
        var log = await File.ReadAllLinesAsync(relay.Home.LogFile, Token);
        Assert.DoesNotContain(
            log, line => line.Contains(" WRN ", StringComparison.Ordinal) || line.Contains(" ERR ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Only_who_waits_for_it_is_told_that_there_is_no_answer_yet(bool isInBackground)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync(clock: clock);
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] May one?"), ScriptedReply.Text("The operator: go."));
        var events = Recording.Of("mcp-call-moved-to-background");
        var claude = new ClaudeSession(relay, (string)events[0]["session_id"]!, "/home/dev/shop");
        foreach (var before in events.Take(3))
            await PostAsync(claude, before);
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current);
        var call = mcp.AskAsync("May one?", (string)events[2]["tool_use_id"]!);
        await relay.OpenQuestionAsync();
        if (isInBackground)
            foreach (var meanwhile in events.Skip(3).Take(3))
                await PostAsync(claude, meanwhile);

        for (var minute = 0; minute < 30 && !call.IsCompleted; minute++)
        {
            var told = mcp.Progress.Count;
            clock.Advance(TimeSpan.FromMinutes(1));
            await Until.TrueAsync(() => call.IsCompleted || mcp.Progress.Count > told, "progress");
        }

        Assert.Equal(!isInBackground, call.IsCompleted);
        if (!isInBackground)
            Assert.StartsWith("Not answered yet", await call, StringComparison.Ordinal);
        await relay.AnswerAsync("go");
        if (isInBackground)
            Assert.Equal("The operator: go.", await clock.RunUntilAsync(call, TimeSpan.FromSeconds(1)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_waiter_that_is_heard_before_its_session_is_stays(bool hasEndedBefore)
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        if (hasEndedBefore)
        {
            await claude.HookAsync("SessionStart");
            await claude.HookAsync("SessionEnd");
            await relay.Get<Database>().WriteAsync( // A while ago.
                writing => writing.Sql("UPDATE agents SET last_seen_at = last_seen_at - 60000").ExecuteAsync(Token), Token);
        }
        claude.Headers["X-Relay-Begins"] = "resume";
        claude.Headers["X-Relay-Folder"] = "%2Fprojects%2Fshop";

        var waiter = claude.WaitAsync();
        await relay.BecomesAsync(claude, AgentState.Active);
        claude.Headers.Clear();
        await claude.HookAsync("SessionStart", new { source = "resume" });
        await relay.SayToAsync("shop", "There you are.");

        Assert.Contains("There you are.", (await waiter).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_was_killed_has_no_name_and_what_it_had_not_seen_goes_to_who_comes_to_its_folder()
    {
        await using var relay = await RunningRelay.StartAsync();
        var killed = new ClaudeSession(relay, "claude-1");
        await killed.HookAsync("SessionStart");
        await relay.SayToAsync("shop", "Not seen.");
        Assert.EndsWith("Not seen.", await killed.ContextAsync("SessionStart"), StringComparison.Ordinal);
        await relay.HandedAsync(1);
        using var client = Process.Start("sleep", "600")!;
        await relay.Get<Database>().WriteAsync(
            async writing => await AgentStore.NoteClientAsync(
                writing, (await AgentStore.FindAsync(writing, "claude-1", Token))!, Identity(client), Token),
            Token);
        await relay.Get<Departures>().RunBatchAsync(Token);
        Assert.Equal(AgentState.Idle, (await relay.AgentAsync(killed)).State);

        client.Kill();
        await client.WaitForExitAsync(Token);
        var next = new ClaudeSession(relay, "claude-2");
        var elsewhere = new ClaudeSession(relay, "claude-3", "/elsewhere/shop");

        await elsewhere.HookAsync("SessionStart");
        Assert.EndsWith("Not seen.", await next.ContextAsync("SessionStart"), StringComparison.Ordinal);
        Assert.Equal("shop", (await relay.AgentAsync(next)).Session.Value);
        Assert.Equal("shop-2", (await relay.AgentAsync(elsewhere)).Session.Value);
    }

    [Fact]
    public async Task A_process_is_believed_only_by_who_has_started_the_one_that_tells_it()
    {
        using var local = new Relay.Files.LocalSocket(Directory.CreateTempSubdirectory("relay-client-").FullName);
        using var listener = local.Bind();
        listener.Listen();
        using var client = Relay.Files.LocalSocket.Connect(local.Path!, TimeSpan.FromSeconds(20));
        using var server = await listener.AcceptAsync(Token);
        using var stranger = Process.Start("sleep", "600")!;

        var own = ClientProcess.Of(server, Environment.ProcessId);
        var strangers = ClientProcess.Of(server, stranger.Id);
        stranger.Kill();

        Assert.NotNull(own);
        Assert.True(ClientProcess.IsThere(own));
        Assert.False(ClientProcess.IsThere(own + "1"));
        Assert.Null(strangers);
    }

    private static string Identity(Process process)
    {
        var stat = File.ReadAllText($"/proc/{process.Id}/stat");
        return $"{process.Id}:{stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19]}";
    }

    private static async Task<JsonObject> PostAsync(ClaudeSession claude, JsonObject recorded)
    {
        var (status, body) = await claude.PostAsync(recorded.ToJsonString(), Token);
        Assert.Equal(HttpStatusCode.OK, status);
        return body;
    }
}
