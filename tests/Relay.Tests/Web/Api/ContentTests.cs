using System.Text;
using Relay.Cli;
using Relay.Files;
using Relay.Loopback;
using Relay.Storage;
using Relay.Tests.Agents;
using Relay.Tests.Agents.Tools;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Web.Api;

/// <summary>Content is content: on every way in, and on every way out, each character of it arrives.
/// Half a surrogate pair is refused by name.</summary>
public sealed class ContentTests
{
    private static readonly Dictionary<string, string> Contents = new()
    {
        ["a NUL"] = "before\0after",
        ["what stands for a NUL where it is stored"] = "a\u00100b\u00101c\u0010\0\u0010",
        ["C0"] = "a\u0001\u0007\u0008\u001b[31m\u001fz",
        ["C1 and DEL"] = "a\u007f\u0080\u0085\u009b2J\u009fz",
        ["separators"] = "a\u2028b\u2029c\u00a0d\u3000e",
        ["bidi and zero width"] = "a\u202e\u2066\u200b\u200d\u00adz",
        ["a BOM inside"] = "a\ufeffb",
        ["tags and private use"] = "a\U000e0041\ue000\U0010fffdz",
        ["noncharacters"] = "a\uffff\ufdd0\U0001ffffz",
        ["line ends"] = "a\rb\r\nc\n\n\td",
        ["a flood of marks"] = "z" + new string('\u0301', 20_000) + "!",
        ["what looks like an escape"] = "a\\u0000\\ud800\\\\\"'%s{0}",
        ["a long line"] = new string('x', 1_000_000) + "!",
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Ways => new(
        new[] { "an envelope", "HTTP", "MCP", "a hook", "relay ask", "relay send", "the operator's file" }
            .Select(way => (way, "Sqlite")).Concat([("HTTP", "Postgres"), ("an envelope", "Postgres")]));

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task All_of_it_reaches_the_advisor_and_all_of_the_reply_comes_back(string way, string kind)
    {
        await using var relay = await RunningRelay.StartAsync(
            "history_char_cap: 50000000\nagents: {max_rounds: 100}\n", kind: kind);
        await using var mcp = await McpTools.ConnectAsync(relay, McpTools.Current, "session-1");
        foreach (var (name, content) in Contents)
        {
            relay.Api.Always(ScriptedReply.Text(content));
            var before = relay.Api.Requests.Count;

            var reply = await SendAsync(relay, mcp, way, content);

            Assert.True(relay.Api.Requests[before].LastUserText.EndsWith("] " + content, StringComparison.Ordinal), $"{name} by {way}");
            Assert.True(reply is null || reply == content, $"{name} back by {way}");
        }
    }

    [Theory]
    [InlineData("/ask", """{"session_id":"s","content":"a \ud800 b","id":"i"}""")]
    [InlineData("/answers", """{"text":"a \udc00 b"}""")]
    public async Task Half_a_surrogate_pair_is_refused_by_name(string path, string body)
    {
        await using var relay = await RunningRelay.StartAsync(kind: SqlDialect.Sqlite.Name);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await relay.Client.PostAsync(path, content, Token);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains("lone surrogate", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/ask", "{\"session_id\":\"s\",\"id\":\"i\",\"content\":\"a ", "\"}")]
    [InlineData("/answers", "{\"text\":\"a ", "\"}")]
    public async Task Bytes_that_are_no_UTF8_are_refused_by_name(string path, string start, string end)
    {
        await using var relay = await RunningRelay.StartAsync(kind: SqlDialect.Sqlite.Name);
        using var content = new ByteArrayContent([.. Encoding.UTF8.GetBytes(start), 0xE9, .. Encoding.UTF8.GetBytes(end)]);
        content.Headers.ContentType = new("application/json");

        using var response = await relay.Client.PostAsync(path, content, Token);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains("not valid UTF-8", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    /// <summary>The reply, where it comes back the same way.</summary>
    private static async Task<string?> SendAsync(RunningRelay relay, McpTools mcp, string way, string content)
    {
        switch (way)
        {
            case "an envelope":
                relay.Drop("session-1", content);
                return await relay.ConsumeAsync("session-1");
            case "HTTP":
                var id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString();
                var body = new { session_id = "session-1", content, id, wait_seconds = 30 };
                return (string?)(await relay.SendAsync(HttpMethod.Post, "/ask", body)).Body["reply"];
            case "MCP":
                return await mcp.AskAsync(content);
            case "a hook":
                var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay", Headers = { ["X-Relay-Block-Cap"] = "1000" } };
                return await PiecesAsync(relay, claude, content);
            case "relay ask":
                return (await RunAsync(relay, content, "ask", "--session", "s1", "-"))[..^1];
            case "relay send":
                await RunAsync(relay, content, "send", "--session", "session-1", "-");
                return await relay.ConsumeAsync("session-1");
            default:
                const string replies = "SELECT COUNT(*) FROM pages WHERE kind = 'reply'";
                var pages = await relay.CountAsync(replies);
                DurableFile.Replace(relay.Home.OperatorFile("jc_input.txt"), Encoding.UTF8.GetBytes(content));
                await Until.TrueAsync(async () => await relay.CountAsync(replies) > pages, "the reply to the operator");
                return null;
        }
    }

    /// <summary>A hook brings what is long in numbered pieces.</summary>
    private static async Task<string> PiecesAsync(RunningRelay relay, ClaudeSession claude, string content)
    {
        const string more = "\n\n(More of this waits: check_replies gives it, or it comes with what follows.)";
        const string handed =
            """
            SELECT SUM(COALESCE(handed_through, told))
                + COUNT(CASE WHEN state = 'consumed' OR handed_at IS NOT NULL AND handed_through IS NULL THEN 1 END)
            FROM dispatches
            """;
        var whole = new StringBuilder();
        for (var piece = 1; ; piece++)
        {
            var before = piece == 1 ? 0 : await relay.CountAsync(handed);
            var text = ClaudeSession.GoesOnWith(await claude.StopAsync(piece == 1 ? content : "More?"))!;
            if (piece > 1)
                await Until.TrueAsync(async () => await relay.CountAsync(handed) > before, "the record of a piece");
            var isLast = !text.EndsWith(more, StringComparison.Ordinal);
            if (piece > 1 || !isLast)
                text = text[(text.IndexOf('\n', StringComparison.Ordinal) + 1)..];
            whole.Append(isLast ? text : text[..^more.Length]);
            if (isLast)
                return whole.ToString();
            if (piece == 1)
                await Until.TrueAsync(
                    async () => await relay.CountAsync("SELECT COUNT(*) FROM dispatches WHERE handed_through = 1") == 1,
                    "the record of the first piece");
        }
    }

    private static async Task<string> RunAsync(RunningRelay relay, string input, params string[] arguments)
    {
        var output = new StringWriter();
        var context = new CommandContext(new Dictionary<string, string>(), output, new StringWriter())
        {
            Input = new MemoryStream(Encoding.UTF8.GetBytes(input)),
        };
        Assert.Equal(0, await CommandLine.RunAsync([.. arguments, "--home", relay.Home.Root], context));
        return output.ToString();
    }
}
