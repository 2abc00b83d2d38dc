using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Relay.Agents;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Waking;

public sealed class WaiterEndpointTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_newest_waiter_of_an_idle_session_gets_a_late_reply_and_older_ones_are_sent_home()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        var older = claude.WaitAsync();
        var old = claude.WaitAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await (await Task.WhenAny(older, old))).Status);
        var newest = claude.WaitAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await older).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await old).Status);

        await relay.SayToAsync("shop", "Wake up.");

        Assert.Equal((HttpStatusCode.OK, "[operator JC]\nWake up."), await newest);
        await relay.HandedAsync(1);
    }

    [Fact]
    public async Task A_session_at_work_gets_its_reply_by_a_hook_and_not_by_the_waiter()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync(clock: clock);
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        await claude.HookAsync("PreToolUse", new { tool_name = "Bash", tool_use_id = "toolu_1" }); // It was not woken by a prompt.
        var waiter = claude.WaitAsync();

        await relay.SayToAsync("shop", "While you work.");
        for (var look = 0; look < 5; look++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await relay.StatusAsync();
        }

        Assert.False(waiter.IsCompleted);
        Assert.EndsWith("While you work.", await claude.ContextAsync("PostToolUse"), StringComparison.Ordinal);
        await claude.HookAsync("SessionEnd", new { reason = "exit" });
        Assert.Equal(HttpStatusCode.NoContent, (await clock.RunUntilAsync(waiter, TimeSpan.FromSeconds(1))).Status);
    }

    [Fact]
    public async Task A_waiter_whose_connection_died_swallows_nothing()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var waiter = claude.WaitAsync(leave.Token);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiter);

        await relay.SayToAsync("shop", "For the living.");

        Assert.EndsWith("For the living.", await claude.ContextAsync("UserPromptSubmit"), StringComparison.Ordinal);
        Assert.Empty(relay.Errors());
    }

    [Fact]
    public async Task A_response_cut_in_the_middle_leaves_the_reply_waiting()
    {
        await using var relay = await RunningRelay.StartAsync("max_envelope_bytes: 100000000\n");
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        var words = new string('w', 24_000_000); // More than the buffers of the sockets, so the connection breaks while the relay writes.
        await relay.SayToAsync("shop", words);

        var headers = $"HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {relay.Secrets.Token}\r\n";
        await CutAsync(relay, $"GET /sessions/shop/replies {headers}\r\n"); // It carries all at once, as no hook does.
        await CutAsync(relay, $"GET /sessions/shop/replies {headers}\r\n");

        string? text = null;
        await Until.TrueAsync(
            async () => (text = (string?)(await relay.SendAsync(HttpMethod.Get, "/sessions/shop/replies")).Body["text"]) is { Length: > 0 },
            "the reply a third time");
        Assert.EndsWith(words, text, StringComparison.Ordinal);
        await relay.ConsumedAsync(1);
        Assert.Empty(relay.Errors());
    }

    [Fact]
    public async Task A_client_that_closes_once_it_has_read_everything_has_its_reply()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        for (var number = 1; number <= 20; number++)
        {
            await relay.SayToAsync("shop", $"Word {number}.");
            using (var client = new HttpClient())
            {
                client.DefaultRequestHeaders.Authorization = relay.Client.DefaultRequestHeaders.Authorization;
                client.DefaultRequestHeaders.ConnectionClose = true;
                var address = new Uri(new Uri(relay.Daemon.Url), $"/agents/{claude.Id}/wait");
                Assert.Equal($"[operator JC]\nWord {number}.", await client.GetStringAsync(address, Token));
            }
            await relay.HandedAsync(number);
        }
    }

    [Fact]
    public async Task Nobody_is_woken_to_be_told_that_it_may_stop()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        await relay.SayToAsync("shop", "[DONE] Nothing more.");
        var waiter = claude.WaitAsync();

        await relay.SayToAsync("shop", "But this.");

        Assert.Contains("But this.", (await waiter).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_the_relay_stops_a_waiter_is_told_to_come_back()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        var waiter = claude.WaitAsync();
        await Until.TrueAsync(() => relay.Get<AgentWaiters>().IsNewest(claude.Id, 1), "the waiter");

        await relay.ReplaceDaemonAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await waiter).Status);
    }

    /// <summary>Sends a request, reads the start of the response and resets the connection.</summary>
    private static async Task CutAsync(RunningRelay relay, string request)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.ReceiveBufferSize = 4096;
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(relay.Daemon.Url).Port, Token);
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), Token);
        await socket.ReceiveAsync(new byte[512], Token);
        socket.Close();
    }
}
