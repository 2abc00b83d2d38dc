using System.Text;
using System.Text.RegularExpressions;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Loopback;
using Relay.Tests.Agents.Tools;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents;

/// <summary>A reply that is longer than the client shows to its model comes in pieces, none of them lost, whatever brings each.</summary>
public sealed partial class LongRepliesTests
{
    /// <summary>Of the client, for what a hook adds.</summary>
    private const int ClientsLimit = 10_000;

    private const string WakePrompt = "the prompt of a wake";

    private static readonly string Long =
        string.Concat(Enumerable.Range(0, 2_500).Select(word => $"w{word:D6} {(word % 9 == 0 ? "\n" : "")}"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("UserPromptSubmit")]
    [InlineData("PostToolUse")]
    [InlineData("SessionStart")]
    [InlineData("Stop")]
    [InlineData("waiter")]
    [InlineData("all of them")]
    public async Task It_comes_whole_in_numbered_pieces_each_within_the_clients_limit(string way)
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        await relay.SayToAsync("shop", Long.Trim());
        var pieces = new List<string>();
        string[] ways = way switch
        {
            "all of them" => ["UserPromptSubmit", "PostToolUse", "Stop"],
            "SessionStart" => [way, "PostToolUse", "PostToolUse"], // What it brought is shown by what follows.
            "waiter" => [way, WakePrompt, "PostToolUse"],
            _ => [way],
        };

        for (var piece = 0; piece < 10 && await WaitingAsync(relay) > 0; piece++)
        {
            var next = ways[piece % ways.Length];
            pieces.Add(next == WakePrompt ? await WokenAsync(claude, pieces[^1]) : await TakeAsync(claude, next));
            await ToldAsync(relay, piece + 1);
            if (piece == 1)
                await relay.RestartAsync();
        }

        Assert.All(pieces, piece => Assert.InRange(piece.Length, 1, ClientsLimit));
        Assert.Equal(["(1 of 3)", "(2 of 3)", "(3 of 3)"], pieces.Select(piece => Numbers().Match(piece).Value));
        Assert.All(pieces, piece => Assert.Contains("[operator JC]\n(", piece, StringComparison.Ordinal));
        Assert.Equal(Words(Long), pieces.SelectMany(Words));
        Assert.Equal([true, true, false], pieces.Select(piece => piece.Contains("check_replies gives it", StringComparison.Ordinal)));
        await claude.HookAsync("PreToolUse");
        await relay.ConsumedAsync(1);
    }

    [Fact]
    public async Task A_tool_gives_it_whole_and_after_a_hook_the_rest_of_it()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "shop");
        await relay.SayToAsync("shop", Long.Trim());

        var first = await TakeAsync(claude, "PostToolUse");
        await ToldAsync(relay, 1);
        await claude.HookAsync("PreToolUse");
        var rest = await mcp.CallAsync("check_replies", use: "toolu_1");
        await relay.SayToAsync("shop", Long.Trim());
        var whole = await mcp.CallAsync("check_replies", use: "toolu_2");

        Assert.StartsWith("[operator JC]\n(2-3 of 3)\n", rest, StringComparison.Ordinal);
        Assert.Equal(Words(Long), Words(first + rest));
        Assert.Equal("[operator JC]\n" + Long.Trim(), whole);
        await relay.ConsumedAsync(2);
    }

    [Fact]
    public async Task While_the_piece_before_is_not_known_to_be_there_a_call_says_that_more_waits()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "shop");
        await relay.SayToAsync("shop", Long.Trim());

        var first = await TakeAsync(claude, "UserPromptSubmit");
        await ToldAsync(relay, 1);
        var told = await mcp.CallAsync("check_replies", use: "toolu_1"); // No hook has told of it.
        var second = await TakeAsync(claude, "PostToolUse");

        Assert.DoesNotContain("No replies wait", told, StringComparison.Ordinal);
        Assert.Contains("check_replies once more", told, StringComparison.Ordinal);
        Assert.Contains("(1 of 3)", first, StringComparison.Ordinal);
        Assert.Contains("(2 of 3)", second, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_longer_than_a_tools_result_may_be_comes_with_the_next_call()
    {
        await using var relay = await RunningRelay.StartAsync();
        var text = new StringBuilder().Insert(0, Long.Trim() + "\n", 7).ToString().Trim();
        relay.Api.Enqueue(ScriptedReply.Text(text));
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "shop");

        var first = await mcp.AskAsync("Tell me all.", "toolu_1");
        await Until.TrueAsync(async () => await relay.CountAsync("SELECT SUM(told) FROM dispatches") > 0, "the record of it");
        var second = await mcp.CallAsync("check_replies", use: "toolu_2");

        Assert.InRange(first.Length, 80_000, 100_000);
        Assert.StartsWith("(1-", first, StringComparison.Ordinal);
        Assert.Equal(Words(text), Words(first + second));
        await relay.ConsumedAsync(1);
        var tools = await mcp.Client.ListToolsAsync(cancellationToken: Token);
        Assert.All(
            tools.Where(tool => tool.Name is "ask_advisor" or "check_replies"),
            tool => Assert.Equal(500_000, (int)tool.ProtocolTool.Meta!["anthropic/maxResultSizeChars"]!));
    }

    [Fact]
    public async Task Many_replies_come_as_many_as_fit_in_their_order()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        for (var number = 1; number <= 5; number++)
            await relay.SayToAsync("shop", $"number-{number} " + new string('x', 4_000));
        var told = new List<string>();

        foreach (var left in new[] { 3, 1, 0 })
        {
            told.Add(await TakeAsync(claude, "PostToolUse"));
            await Until.TrueAsync(async () => await WaitingAsync(relay) == left, $"{left} waiting replies");
        }

        Assert.Equal(3, told.Count);
        Assert.All(told, text => Assert.InRange(text.Length, 1, ClientsLimit));
        Assert.Equal(
            Enumerable.Range(1, 5).Select(number => $"number-{number}"),
            told.SelectMany(text => Numbered().Matches(text)).Select(number => number.Value));
    }

    [Fact]
    public async Task A_piece_whose_answer_failed_comes_again_and_none_is_left_out()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        await claude.HookAsync("SessionStart");
        await relay.SayToAsync("shop", Long.Trim());
        var handover = relay.Get<Handover>();
        var session = (await relay.AgentAsync(claude)).Session;

        var lost = await handover.TakeAsync(session, Token);
        lost.Fit(Carries.Hook);
        var failed = lost.Text;
        lost.Dispose();
        var again = await handover.TakeAsync(session, Token);
        again.Fit(Carries.Hook);
        Assert.Equal(failed, again.Text);
        await again.SentAsync(Token);
        again.Dispose();

        Assert.Contains("(2 of 3)", await TakeAsync(claude, "PostToolUse"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reply_that_ends_relay_mode_does_so_however_long_it_is()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.Text("[DONE] " + Long.Trim()));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };

        var stopped = await claude.StopAsync("Finished.");

        Assert.Null(ClaudeSession.GoesOnWith(stopped));
        Assert.Equal(Words(Long), Words((string)stopped["systemMessage"]!));
        await relay.ConsumedAsync(1);
    }

    [Theory]
    [InlineData(8_999, 1)]
    [InlineData(9_000, 1)]
    [InlineData(9_001, 2)]
    public void Its_pieces_make_it_again_and_no_character_is_broken(int length, int count)
    {
        foreach (var text in new[] { new string('x', length), new string('x', length - 4) + "\U0001F600\U0001F600" })
        {
            var reply = new OutboundReply(
                new("c"), 1, SessionId.Stored("s"), "id", null, 1, default, default, DateTimeOffset.UnixEpoch, text);

            var pieces = new Pieces(reply);

            Assert.Equal(count, pieces.Count);
            var parts = Enumerable.Range(0, count).Select(after => pieces.Text(after, after + 1));
            var bodies = parts.Select(part => count == 1 ? part : part[(part.IndexOf('\n', StringComparison.Ordinal) + 1)..]).ToList();
            Assert.Equal(text, string.Concat(bodies));
            Assert.All(bodies, body => Assert.False(char.IsLowSurrogate(body[0])));
        }
    }

    private static Task<long> WaitingAsync(RunningRelay relay) => relay.CountAsync(
        "SELECT COUNT(*) FROM dispatches WHERE state = 'ready' AND (handed_at IS NULL OR handed_through IS NOT NULL)");

    /// <summary>Waits until it is recorded that so many pieces were handed over.</summary>
    private static Task ToldAsync(RunningRelay relay, int pieces) => Until.TrueAsync(
        async () => await relay.CountAsync(
            """
            SELECT SUM(COALESCE(handed_through, told))
                + COUNT(CASE WHEN state = 'consumed' OR handed_at IS NOT NULL AND handed_through IS NULL THEN 1 END)
            FROM dispatches
            """) == pieces,
        $"the record of {pieces} pieces");

    private static async Task<string> TakeAsync(ClaudeSession claude, string way)
    {
        switch (way)
        {
            case "Stop":
                return (string)(await claude.StopAsync("Finished."))["reason"]!;
            case "waiter":
                await claude.HookAsync("Notification", new { notification_type = "idle_prompt" });
                return (await claude.WaitAsync()).Text;
            default:
                return (await claude.ContextAsync(way))!;
        }
    }

    /// <summary>The client makes a prompt of what it was woken with.</summary>
    private static async Task<string> WokenAsync(ClaudeSession claude, string words)
    {
        var prompt = $"<system-reminder>\n{words}\n</system-reminder>";
        return (string)(await claude.HookAsync("UserPromptSubmit", new { prompt }))["hookSpecificOutput"]!["additionalContext"]!;
    }

    private static IEnumerable<string> Words(string text) => Word().Matches(text).Select(word => word.Value);

    [GeneratedRegex(@"w\d{6}")]
    private static partial Regex Word();

    [GeneratedRegex(@"\(\d of \d\)")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"number-\d")]
    private static partial Regex Numbered();
}
