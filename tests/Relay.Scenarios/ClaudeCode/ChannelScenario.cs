using System.Text.Json.Nodes;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Xunit;
using Relay.Loopback;
using Relay.Scenarios.Harness;

namespace Relay.Scenarios.ClaudeCode;

public sealed class ChannelScenario : Stage
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task The_channel_pushes_what_waits_for_its_session()
    {
        Api.Enqueue(ScriptedReply.Text("Do it.\n@watcher:\nLook at the tests."));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        using var http = new HttpClient { BaseAddress = relay.Url };
        http.DefaultRequestHeaders.Authorization = new("Bearer", "token");
        http.DefaultRequestHeaders.Add("X-Relay-Session", "watcher"); // Known as a session that takes its replies through the client.
        using var started = await http.PostAsync(
            "hooks/claude-code", new StringContent("""{"hook_event_name":"SessionStart","session_id":"claude-1","cwd":"/tmp"}"""), CancellationToken);
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
        await using var client = await McpClient.CreateAsync(
            new StdioClientTransport(new() { Command = RelayProcess.Program(), Arguments = ["channel", "--session", "watcher", "--home", Home.Paths.Root] }), options, null, CancellationToken);
        await using var session = new Session(Home, "session-1");

        session.Say("May I?");
        var said = await pushed.Task.WaitAsync(Limit, CancellationToken);

        Assert.True(client.ServerCapabilities.Experimental!.ContainsKey("claude/channel"));
        Assert.Equal("Look at the tests.", (string?)said!["content"]);
        Assert.Equal("watcher", (string?)said["meta"]!["session"]);
        await Eventually.ThatAsync(Limit, () => Home.CountAsync("SELECT COUNT(*) FROM dispatches WHERE state = 'consumed' AND channel = 'agent'", CancellationToken).GetAwaiter().GetResult() == 1, () => "not consumed", CancellationToken);
    }
}
