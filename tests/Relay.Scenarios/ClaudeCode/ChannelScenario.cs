using System.Text.Json.Nodes;
using ModelContextProtocol.Client;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

public sealed class ChannelScenario : ClaudeStage
{
    [Fact]
    public async Task The_channel_pushes_what_waits_for_its_session()
    {
        Api.Enqueue(ScriptedReply.Text("Do it.\n@watcher:\nLook at the tests."));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        using var http = new HttpClient { BaseAddress = relay.Url };
        var token = await TokenAsync("watcher");
        http.DefaultRequestHeaders.Authorization = new("Bearer", token); // Its replies go through the client and not into its folder.
        using var start = new StringContent("""{"hook_event_name":"SessionStart","session_id":"claude-1","cwd":"/tmp"}""");
        using var started = await http.PostAsync("hooks/claude-code", start, CancellationToken);
        var pushed = new TaskCompletionSource<JsonNode?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = new McpClientOptions
        {
            ProtocolVersion = "2025-11-25",
            Handlers = new McpClientHandlers
            {
                NotificationHandlers = [new("notifications/claude/channel", (notification, _) =>
                {
                    pushed.TrySetResult(notification.Params);
                    return ValueTask.CompletedTask;
                })],
            },
        };
        var channel = new StdioClientTransport(new()
        {
            Command = RelayProcess.Program(),
            Arguments = ["channel", "--home", Home.Paths.Root],
            EnvironmentVariables = new Dictionary<string, string?> { ["RELAY_SESSION_TOKEN"] = token },
        });
        await using var client = await McpClient.CreateAsync(channel, options, null, CancellationToken);
        await using var session = new Session(Home, "session-1");

        session.Say("May I?");
        var said = await pushed.Task.WaitAsync(Limit, CancellationToken);

        Assert.True(client.ServerCapabilities.Experimental!.ContainsKey("claude/channel"));
        Assert.Matches(@"^\[advisor, on session-1's message \w+\]\nLook at the tests\.$", (string?)said!["content"]);
        Assert.Equal("watcher", (string?)said["meta"]!["session"]);
        await Eventually.ThatAsync(Limit, () => Consumed() == 1, () => "not consumed", CancellationToken);
    }

    private long Consumed() => Home
        .CountAsync("SELECT COUNT(*) FROM dispatches WHERE state = 'consumed' AND channel = 'agent'", CancellationToken)
        .GetAwaiter().GetResult();
}
