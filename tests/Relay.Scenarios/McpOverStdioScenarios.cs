using System.Collections.Concurrent;
using System.Diagnostics;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Relay.Loopback;
using Relay.Scenarios.Conformance;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios;

/// <summary>relay mcp, as agents other than Claude Code start it: the real program, and the official client over its input and
/// output.</summary>
public sealed class McpOverStdioScenarios : Stage
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("2026-07-28")]
    [InlineData("2025-06-18")]
    public async Task An_agent_asks_and_is_told_what_it_waits_for(string version)
    {
        Api.Enqueue(ScriptedReply.StallAfter(1, "Use the queue."));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var agent = await OpenAsync(version, "--session", "codex");
        var progress = new ConcurrentQueue<string>();

        var tools = await agent.ListToolsAsync(cancellationToken: CancellationToken);
        var asking = agent.CallToolAsync(
            "ask_advisor", new Dictionary<string, object?> { ["question"] = "Queue or poll?" }, new Seen(progress),
            cancellationToken: CancellationToken);
        await (await Api.WaitForRequestsAsync(1, Limit)).Silent.WaitAsync(Limit, CancellationToken);
        await Eventually.ThatAsync(Limit, () => !progress.IsEmpty, () => "it is not told what it waits for", CancellationToken);
        Api.ReleaseStalled();
        var answer = await asking;
        var status = await CallAsync(agent, "relay_status");

        Assert.Equal(["ask_advisor", "check_replies", "relay_status", "tell_advisor"], tools.Select(tool => tool.Name).Order());
        Assert.Equal("Use the queue.", Text(answer));
        Assert.Contains("This session is codex.", Text(status), StringComparison.Ordinal);
        Assert.StartsWith("[codex] Queue or poll?", Assert.Single(Api.Requests).LastUserText, StringComparison.Ordinal);
        await ConsumedAsync();
    }

    [Fact]
    public async Task The_tools_are_the_same_as_the_daemons_own()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var agent = await OpenAsync("2025-11-25", "--session", "codex");
        var options = new HttpClientTransportOptions
        {
            Endpoint = new Uri(relay.Url, "mcp"),
            AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = "Bearer " + ScenarioHome.OperatorToken },
        };
        await using var direct = await McpClient.CreateAsync(new HttpClientTransport(options), null, null, CancellationToken);

        var own = await agent.ListToolsAsync(cancellationToken: CancellationToken);
        var daemons = await direct.ListToolsAsync(cancellationToken: CancellationToken);

        Assert.Equal(Shown(daemons), Shown(own));
    }

    [Fact]
    public async Task While_the_relay_is_down_a_call_says_so_and_the_next_one_reaches_it_again()
    {
        Api.Enqueue(ScriptedReply.StallAfter(1), ScriptedReply.Text("Use the queue."));
        await using var agent = await OpenAsync("2025-11-25", "--session", "codex");

        var tools = await agent.ListToolsAsync(cancellationToken: CancellationToken);
        var down = await AskAsync(agent);
        var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var asking = AskAsync(agent);
        await (await Api.WaitForRequestsAsync(1, Limit)).Silent.WaitAsync(Limit, CancellationToken);
        await relay.KillAsync();
        var broken = await asking;
        await using var next = await RelayProcess.StartAsync(Home, CancellationToken);
        var answer = await AskAsync(agent);

        Assert.Equal(4, tools.Count);
        Assert.True(down.IsError);
        Assert.StartsWith("The relay is not running. Nothing was sent.", Text(down), StringComparison.Ordinal);
        Assert.Contains("relay run starts it", Text(down), StringComparison.Ordinal);
        Assert.True(broken.IsError);
        Assert.Contains("ask the same again", Text(broken), StringComparison.Ordinal);
        Assert.Equal("Use the queue.", Text(answer));
        Assert.Equal(1, await Home.CountAsync("SELECT COUNT(*) FROM messages", CancellationToken));
    }

    [Fact]
    public async Task A_token_that_was_revoked_is_told_and_another_name_than_its_own_is_refused()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var book = new Relay.Configuration.ConnectionBook(Home.Paths, TimeProvider.System);
        var (_, token) = await book.OpenAsync("codex", folder: null, CancellationToken);
        await using var agent = await OpenAsync("2025-11-25", token);
        await using var other = await OpenAsync("2025-11-25", token, "--session", "gemini");

        var own = await CallAsync(agent, "relay_status");
        var foreign = await CallAsync(other, "relay_status");
        await book.RevokeAsync("codex", CancellationToken);
        var revoked = await CallAsync(agent, "relay_status");

        Assert.Contains("This session is codex.", Text(own), StringComparison.Ordinal);
        Assert.Contains("its token is for another", Text(foreign), StringComparison.Ordinal);
        Assert.Contains("refuses this session's token", Text(revoked), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_a_connections_own_speaks_by_that_and_a_revoked_one_is_not_made_anew()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var book = new Relay.Configuration.ConnectionBook(Home.Paths, TimeProvider.System);
        await book.OpenAsync("codex", folder: null, CancellationToken);
        await book.OpenAsync("codex-2", folder: null, CancellationToken);
        await using var second = await OpenAsync("2025-11-25", "--session", "codex-2");
        var own = await CallAsync(second, "relay_status");
        await book.RevokeAsync("codex", CancellationToken);
        await using var first = await OpenAsync("2025-11-25", "--session", "codex-3");
        var revoked = await CallAsync(first, "relay_status");

        Assert.Contains("This session is codex-2.", Text(own), StringComparison.Ordinal);
        Assert.True(revoked.IsError);
        Assert.Contains("refuses this session's token", Text(revoked), StringComparison.Ordinal);
        Assert.NotNull(book.List().Single(entry => entry.Name == "codex").RevokedAt);
    }

    [Fact]
    public async Task A_client_that_closes_its_side_first_gets_its_answers_still()
    {
        Api.Enqueue(ScriptedReply.Text("Use the queue."));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        using var bridge = Start();
        await bridge.StandardInput.WriteAsync(Begin + Call(2, "ask_advisor", """{"question":"Queue or poll?"}""") + "garbage\n");
        bridge.StandardInput.Close();

        var said = await bridge.StandardOutput.ReadToEndAsync(CancellationToken).WaitAsync(Limit, CancellationToken);
        await bridge.WaitForExitAsync(CancellationToken).WaitAsync(Limit, CancellationToken);

        Assert.Equal(0, bridge.ExitCode);
        Assert.Contains("Use the queue.", said, StringComparison.Ordinal);
        Assert.Contains("-32700", said, StringComparison.Ordinal);
        await ConsumedAsync();
    }

    [Fact]
    public async Task Of_an_answer_that_was_read_before_the_end_is_said_once_that_it_was()
    {
        Api.Enqueue(ScriptedReply.Text("Use the queue."));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var book = new Relay.Configuration.ConnectionBook(Home.Paths, TimeProvider.System);
        var (_, token) = await book.OpenAsync("codex", folder: null, CancellationToken);
        var receipts = 0;
        await using var proxy = await TokenProxy.StartAsync(relay.Url, token, async request =>
        {
            if (request.Path.StartsWithSegments("/mcp/receipts") || request.Path.StartsWithSegments("/receipts"))
                if (Interlocked.Increment(ref receipts) == 1) // On its way, while the client has its answer and closes its side.
                    await Eventually.WithinAsync(TimeSpan.FromSeconds(2), () => Volatile.Read(ref receipts) > 1, CancellationToken);
        });
        using var bridge = Start(token, "--address", proxy.Address.ToString());
        await bridge.StandardInput.WriteAsync(Begin + Call(2, "ask_advisor", """{"question":"Queue or poll?"}"""));
        await bridge.StandardInput.FlushAsync(CancellationToken);
        for (var line = ""; !line!.Contains("Use the queue.", StringComparison.Ordinal);)
            line = await bridge.StandardOutput.ReadLineAsync(CancellationToken).AsTask().WaitAsync(Limit, CancellationToken) ?? "";
        bridge.StandardInput.Close();
        await bridge.WaitForExitAsync(CancellationToken).WaitAsync(Limit, CancellationToken);

        Assert.Equal(1, receipts);
        await ConsumedAsync();
    }

    [Fact]
    public async Task A_reply_that_could_not_be_written_comes_again()
    {
        Api.Enqueue(ScriptedReply.Text("Use the queue."));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        using var bridge = Start();
        await bridge.StandardInput.WriteAsync(Begin);
        await bridge.StandardInput.FlushAsync(CancellationToken);
        await bridge.StandardOutput.ReadLineAsync(CancellationToken);
        bridge.StandardOutput.Close(); // As a client that is killed.
        await bridge.StandardInput.WriteAsync(Call(2, "ask_advisor", """{"question":"Queue or poll?"}"""));
        await bridge.StandardInput.FlushAsync(CancellationToken);
        await bridge.WaitForExitAsync(CancellationToken).WaitAsync(Limit, CancellationToken);
        Assert.Equal(1, bridge.ExitCode);
        Assert.Equal(0, await Home.CountAsync("SELECT COUNT(*) FROM dispatches WHERE state = 'consumed'", CancellationToken));

        await using var next = await OpenAsync("2025-11-25", "--session", "codex");
        var (again, then) = (Text(await CallAsync(next, "check_replies")), Text(await CallAsync(next, "check_replies")));

        Assert.Equal("Use the queue.", again);
        Assert.StartsWith("No replies wait", then, StringComparison.Ordinal);
        await ConsumedAsync();
    }

    private const string Begin =
        """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"""
        + """ "clientInfo":{"name":"c","version":"1"}}}""" + "\n"
        + """{"jsonrpc":"2.0","method":"notifications/initialized"}""" + "\n";

    private static string Call(int id, string tool, string arguments) =>
        $$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"tools/call","params":{"name":"{{{tool}}}","arguments":{{{arguments}}}}}""" + "\n";

    private Process Start(string? token = null, params string[] options)
    {
        var start = new ProcessStartInfo(
            RelayProcess.Program(), ["mcp", "--session", "codex", .. token is null ? ["--home", Home.Paths.Root] : options])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        if (token is not null)
            start.Environment["RELAY_SESSION_TOKEN"] = token;
        return Process.Start(start)!;
    }

    private Task<McpClient> OpenAsync(string version, string tokenOrOption, params string[] options) =>
        tokenOrOption.StartsWith("--", StringComparison.Ordinal)
            ? StartAsync(version, token: null, [tokenOrOption, .. options])
            : StartAsync(version, tokenOrOption, options);

    private Task<McpClient> StartAsync(string version, string? token, IReadOnlyList<string> options)
    {
        var transport = new StdioClientTransport(new()
        {
            Command = RelayProcess.Program(),
            Arguments = ["mcp", "--home", Home.Paths.Root, .. options],
            EnvironmentVariables = new Dictionary<string, string?> { ["RELAY_SESSION_TOKEN"] = token },
        });
        return McpClient.CreateAsync(transport, new McpClientOptions { ProtocolVersion = version }, null, CancellationToken);
    }

    private static Task<CallToolResult> AskAsync(McpClient agent) =>
        CallAsync(agent, "ask_advisor", new Dictionary<string, object?> { ["question"] = "Queue or poll?" });

    private static async Task<CallToolResult> CallAsync(
        McpClient agent, string tool, IReadOnlyDictionary<string, object?>? arguments = null) =>
        await agent.CallToolAsync(tool, arguments, cancellationToken: CancellationToken);

    private static string Text(CallToolResult result) => Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text;

    private static IEnumerable<string> Shown(IEnumerable<McpClientTool> tools) => tools
        .OrderBy(tool => tool.Name, StringComparer.Ordinal)
        .Select(tool => $"{tool.Name} {tool.Description} {tool.JsonSchema} {tool.ProtocolTool.Annotations?.DestructiveHint}");

    /// <summary>One reply is: that is recorded a moment after the agent has it.</summary>
    private async Task ConsumedAsync()
    {
        await Eventually.WithinAsync(Limit, () => Count().GetAwaiter().GetResult() > 0, CancellationToken);
        Assert.Equal(1, await Count());

        Task<long> Count() => Home.CountAsync("SELECT COUNT(*) FROM dispatches WHERE state = 'consumed'", CancellationToken);
    }

    private sealed class Seen(ConcurrentQueue<string> progress) : IProgress<ProgressNotificationValue>
    {
        public void Report(ProgressNotificationValue value) => progress.Enqueue(value.Message ?? "");
    }
}
