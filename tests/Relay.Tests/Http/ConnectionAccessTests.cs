using System.Net;
using System.Text;
using Relay.Configuration;
using Relay.Loopback;
using Relay.Tests.Agents;
using Relay.Tests.Agents.Tools;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Http;

/// <summary>What a session can do with its connection's token: everything of its own, and nothing of another's.</summary>
public sealed class ConnectionAccessTests : IAsyncLifetime
{
    private static readonly object Initialize = new
    {
        jsonrpc = "2.0",
        id = 1,
        method = "initialize",
        @params = new { protocolVersion = McpTools.Handshake, capabilities = new { }, clientInfo = new { name = "test", version = "1" } },
    };

    private RunningRelay _relay = null!;
    private Connected _shop = null!;
    private Connected _bank = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _relay = await RunningRelay.StartAsync();
        _shop = await Connected.AsAsync(_relay, "shop");
        _bank = await Connected.AsAsync(_relay, "bank");
    }

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [InlineData(null, true)]
    [InlineData("", true)]
    [InlineData("none", true)]
    [InlineData("$RELAY_SESSION", true)]
    [InlineData("shop", true)]
    [InlineData("shop-2", true)]
    [InlineData("bank", false)]
    [InlineData("bank-2", false)]
    [InlineData("Shop", false)]
    [InlineData("shop-1", false)]
    [InlineData("shop-2-2", false)]
    [InlineData("shopkeeper", false)]
    [InlineData("shop, bank", false)]
    [InlineData("relay", false)]
    [InlineData("operator-JC", false)]
    [InlineData("JC", false)]
    [InlineData("../shop", false)]
    public async Task A_name_outside_its_own_is_403_at_every_way_in(string? session, bool isOwn)
    {
        var hook = new { hook_event_name = "Notification", session_id = $"claude-{session}", cwd = "/projects/elsewhere" };
        var statuses = new[]
        {
            await _shop.StatusAsync(HttpMethod.Post, "/hooks/claude-code", hook, session),
            await _shop.StatusAsync(HttpMethod.Post, "/ask", new { content = "c", id = $"i{session}" }, session),
        };
        var (mcp, _) = await _shop.SendAsync(
            HttpMethod.Post, "/mcp", Initialize, session, ("Accept", "application/json, text/event-stream"));

        Assert.All([.. statuses, mcp], status => Assert.Equal(isOwn ? HttpStatusCode.OK : HttpStatusCode.Forbidden, status));
        const string others = "SELECT session_id FROM sessions WHERE last_seen_at IS NOT NULL AND session_id NOT LIKE 'shop%'";
        Assert.Empty(await _relay.TextsAsync(others));
    }

    [Theory]
    [InlineData("bank")]
    [InlineData("relay")]
    [InlineData("shop-x")]
    [InlineData("")]
    public async Task The_name_in_a_body_or_a_path_is_held_to_the_same(string session)
    {
        Assert.Equal(HttpStatusCode.Forbidden, await _shop.StatusAsync(
            HttpMethod.Post, "/ask", new { session_id = session, content = "c", id = "i" }));
        if (session.Length > 0)
            Assert.Equal(HttpStatusCode.Forbidden, await _shop.StatusAsync(HttpMethod.Get, $"/sessions/{session}/replies"));
        Assert.Equal(0, await _relay.MessagesAsync());
    }

    [Fact]
    public async Task It_asks_tells_and_takes_its_own_replies_over_each_version_of_the_protocol()
    {
        _relay.Api.Enqueue(ScriptedReply.Text("One."), ScriptedReply.Text("Two."));
        foreach (var version in (string[])[McpTools.Current, McpTools.Handshake])
        {
            await using var mcp = await McpTools.ConnectAsync(_relay, version, token: _shop.Token);
            Assert.Matches("One|Two", await mcp.AskAsync($"By {version}?"));
            Assert.StartsWith("Noted.", await mcp.CallAsync("tell_advisor", new { note = "x" }), StringComparison.Ordinal);
            await _relay.SayToAsync("shop", "Hurry.");
            Assert.Contains("Hurry.", await mcp.CallAsync("check_replies"), StringComparison.Ordinal);
        }
        Assert.Equal(["shop"], await _relay.TextsAsync("SELECT DISTINCT session_id FROM messages WHERE speaker = 'session'"));
    }

    [Fact]
    public async Task A_call_that_claims_the_id_of_anothers_call_gets_nothing_of_it()
    {
        var victim = new ClaudeSession(_relay, "claude-bank") { Token = _bank.Token };
        await victim.HookAsync("SessionStart");
        await victim.HookAsync("PreToolUse", new { tool_name = "x", tool_use_id = "use-1" });
        await _relay.SayToAsync("bank", "The code is 1234.");
        await using var thief = await McpTools.ConnectAsync(_relay, McpTools.Current, token: _shop.Token);

        var got = await thief.CallAsync("check_replies", use: "use-1");
        var status = await thief.CallAsync("relay_status", use: "use-1");

        Assert.StartsWith("No replies wait", got, StringComparison.Ordinal);
        Assert.Contains("This session is shop.", status, StringComparison.Ordinal);
        Assert.Contains("1234", await victim.ContextAsync("UserPromptSubmit"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_claude_session_belongs_to_the_connection_that_used_it_first()
    {
        var victim = new ClaudeSession(_relay, "claude-bank") { Token = _bank.Token };
        await victim.HookAsync("SessionStart");
        await _relay.SayToAsync("bank", "The code is 1234.");
        await victim.HookAsync("Notification", new { notification_type = "idle_prompt" });
        var thief = new ClaudeSession(_relay, "claude-bank") { Token = _shop.Token };

        foreach (var name in (string[])["SessionStart", "UserPromptSubmit", "PostToolUse", "Stop", "SessionEnd", "PermissionRequest"])
            Assert.Equal(HttpStatusCode.Forbidden, (await thief.PostAsync(thief.Event(name), Cancel)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await thief.WaitAsync()).Status);

        Assert.Equal("bank", (await _relay.AgentAsync(victim)).Session.Value);
        Assert.Contains("1234", (await victim.WaitAsync()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_waiter_for_anothers_session_does_not_send_that_ones_own_away()
    {
        var victim = new ClaudeSession(_relay, "claude-bank") { Token = _bank.Token };
        await victim.HookAsync("SessionStart");
        var waiting = victim.WaitAsync();
        await Until.TrueAsync(
            () => _relay.Get<Relay.Agents.AgentWaiters>().IsWaitedFor("claude-bank", TimeSpan.FromMinutes(1)), "the waiter");

        await new ClaudeSession(_relay, "claude-bank") { Token = _shop.Token }.WaitAsync();
        await _relay.SayToAsync("bank", "Go on.");

        Assert.Contains("Go on.", (await waiting).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_of_the_operators_goes_on_under_a_connection_of_its_name_alone()
    {
        var before = new ClaudeSession(_relay, "claude-1", "/projects/shop");
        await before.HookAsync("SessionStart");

        var other = new ClaudeSession(_relay, "claude-1", "/projects/shop") { Token = _bank.Token };
        Assert.Equal(HttpStatusCode.Forbidden, (await other.PostAsync(other.Event("SessionStart"), Cancel)).Status);
        var same = new ClaudeSession(_relay, "claude-1", "/projects/shop") { Token = _shop.Token };

        Assert.Contains("this session is shop;", await same.ContextAsync("SessionStart"), StringComparison.Ordinal);
        Assert.Equal("shop", (await _relay.AgentAsync(same)).Connection);
    }

    [Fact]
    public async Task An_MCP_session_is_used_by_none_but_the_connection_that_began_it()
    {
        await using var mine = await McpTools.ConnectAsync(_relay, McpTools.Handshake, token: _bank.Token);
        var id = mine.Client.SessionId!;
        var list = new { jsonrpc = "2.0", id = 2, method = "tools/list" };
        (string, string)[] headers = [("Mcp-Session-Id", id), ("Accept", "application/json, text/event-stream")];

        Assert.Equal(HttpStatusCode.Forbidden, (await _shop.SendAsync(HttpMethod.Post, "/mcp", list, session: null, headers)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await _shop.SendAsync(HttpMethod.Get, "/mcp", null, null, headers)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await _shop.SendAsync(HttpMethod.Delete, "/mcp", null, null, headers)).Status);

        Assert.StartsWith("No replies wait", await mine.CallAsync("check_replies"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_or_the_id_of_anothers_message_is_no_way_to_its_reply()
    {
        _relay.Api.Enqueue(ScriptedReply.Text("The code is 1234."), ScriptedReply.Text("Nothing."));
        var question = new { content = "What is the code?", id = "key-1", message_id = "1kyy8tem00abcde", wait_seconds = 20 };
        var (_, asked) = await _bank.SendAsync(HttpMethod.Post, "/ask", question);

        var (_, stolen) = await _shop.SendAsync(HttpMethod.Post, "/ask", question);

        Assert.Equal(("The code is 1234.", "Nothing."), ((string?)asked["reply"], (string?)stolen["reply"]));
        Assert.NotEqual((string?)asked["message"], (string?)stolen["message"]);
    }

    [Fact]
    public async Task No_session_answers_for_the_operator_not_even_its_own_question()
    {
        var session = new ClaudeSession(_relay, "claude-1") { Token = _shop.Token };
        var asking = session.AskPermissionAsync("Bash", new { command = "rm -rf /" });
        var question = await _relay.OpenQuestionAsync();

        var status = await _shop.StatusAsync(HttpMethod.Post, "/answers", new { text = "allow", question = question.Id });

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.True((await _relay.OpenQuestionAsync()).IsOpen);
        await _relay.AnswerAsync("deny: no", question.Id);
        Assert.Equal("deny", (string?)(await asking)["hookSpecificOutput"]!["decision"]!["behavior"]);
    }

    [Fact]
    public async Task The_status_tells_a_session_of_itself_alone()
    {
        _relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Which vault holds the gold?"));
        await _bank.SendAsync(HttpMethod.Post, "/ask", new { content = "Where is the gold?", id = "1" });
        await _relay.OpenQuestionAsync();
        await _shop.SendAsync(HttpMethod.Post, "/ask", new { content = "And the silver?", id = "1" });
        await using var mcp = await McpTools.ConnectAsync(_relay, McpTools.Current, token: _shop.Token);

        var status = await mcp.CallAsync("relay_status");
        var replies = await mcp.CallAsync("check_replies");
        var (_, asked) = await _shop.SendAsync(HttpMethod.Post, "/ask", new { content = "And the silver?", id = "1" });

        Assert.Contains("This session is shop.", status, StringComparison.Ordinal);
        Assert.Contains("The advisor is there.", status, StringComparison.Ordinal);
        Assert.Contains("The operator is paged", status, StringComparison.Ordinal);
        Assert.Contains("accepted, waits behind question #1 for the operator", status, StringComparison.Ordinal);
        foreach (var told in (string[])[status, replies, asked.ToJsonString()])
        {
            Assert.Contains("waits behind question #1 for the operator", told, StringComparison.Ordinal);
            Assert.DoesNotContain("bank", told, StringComparison.Ordinal);
            Assert.DoesNotContain("gold", told, StringComparison.Ordinal);
            Assert.DoesNotContain("The operator was asked", told, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Names_come_from_the_token_and_never_take_what_is_another_connections_own()
    {
        await Connected.AsAsync(_relay, "shop-2");
        var names = new List<string>();
        foreach (var id in (string[])["a", "b", "c"])
        {
            var session = new ClaudeSession(_relay, id, "/projects/bank") { Token = _shop.Token };
            await session.HookAsync("SessionStart");
            names.Add((await _relay.AgentAsync(session)).Session.Value);
        }

        Assert.Equal(["shop", "shop-3", "shop-4"], names);
        Assert.Equal(HttpStatusCode.Forbidden, await _shop.StatusAsync(HttpMethod.Get, "/sessions/shop-2/replies"));
    }

    [Fact]
    public async Task A_given_name_that_is_not_free_is_numbered_within_the_connection()
    {
        var first = new ClaudeSession(_relay, "a", "/projects/one") { Token = _shop.Token, Name = "shop-2" };
        await first.HookAsync("SessionStart");
        await _relay.SayToAsync("shop-2", "Wait.");

        var second = new ClaudeSession(_relay, "b", "/projects/two") { Token = _shop.Token, Name = "shop-2" };
        await second.HookAsync("SessionStart");

        Assert.Equal("shop-3", (await _relay.AgentAsync(second)).Session.Value);
    }

    [Fact]
    public async Task A_token_is_in_no_log_and_no_table_and_its_use_is_remembered()
    {
        await _shop.SendAsync(HttpMethod.Post, "/ask", new { content = "c", id = "i" });
        await _shop.SendAsync(HttpMethod.Get, "/status");
        var use = ConnectionUses.Read(_relay.Home)["shop"];
        await _relay.StopDaemonAsync();

        var mac = _shop.Token.Split('.')[2];
        foreach (var file in Directory.GetFiles(_relay.Home.Root, "*", SearchOption.AllDirectories))
            Assert.Equal(-1, (await File.ReadAllBytesAsync(file, Cancel)).AsSpan().IndexOf(Encoding.ASCII.GetBytes(mac)));
        Assert.DoesNotContain(_relay.Logs.GetSnapshot(), record => record.Message.Contains(mac, StringComparison.Ordinal));
        Assert.Equal("127.0.0.1", use.From);
    }
}
