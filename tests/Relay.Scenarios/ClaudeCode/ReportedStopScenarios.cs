using System.Text.Json.Nodes;
using Relay.Loopback;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

/// <summary>Stops that are no reports of the session, as the real client tells of them.</summary>
public sealed class ReportedStopScenarios : ClaudeStage
{
    private string Events => Path.Combine(Project, "events.jsonl");

    [Fact]
    public async Task A_turn_that_failed_sends_nothing_and_the_next_one_does()
    {
        Api.Always(ScriptedReply.Text("[DONE]"));
        await using var relay = await StartRelayAsync();
        await ConnectAsync("--mode", "relay");
        await RecordAsync();
        var isDown = true;
        await using var model = await ClientApi.StartAsync(turn => isDown
            ? new ClientReply.Fails("the model is not there")
            : new ClientReply.Says($"report {turn.Number}"));
        var client = Client(model);
        client.Seed(Project);

        await using var terminal = await Tmux.StartAsync(Project, client.Environment, ClientProgram());
        await terminal.SeesAsync("❯");
        await terminal.TypeAsync("build it");
        await terminal.SeesAsync("the model is not there");
        await EventuallyAsync("agents", "state = 'idle'");
        var sent = await CountAsync("messages", "1 = 1");
        isDown = false;
        await terminal.TypeAsync("again");
        await EventuallyAsync("messages", "content LIKE 'report %'");

        var failure = Assert.Single(await EventsAsync(), each => (string?)each["hook_event_name"] == "StopFailure");
        Say(failure.ToJsonString());
        Assert.Equal(0, sent);
    }

    /// <summary>By the project's settings and by a plugin.</summary>
    [Fact]
    public async Task A_stop_that_two_hooks_report_is_one_message_and_goes_on_once()
    {
        Api.Enqueue(ScriptedReply.Text("Write the test first."), ScriptedReply.Text("[DONE]"));
        await using var relay = await StartRelayAsync();
        await ConnectAsync("--mode", "relay", "--session", "project");
        var plugin = Path.Combine(Folder("plugins"), "relay");
        await RelayAsync("connect", "claude-code", "--plugin", plugin, "--mode", "relay");
        await RecordAsync();
        await using var model = await ClientApi.StartAsync(turn => new ClientReply.Says($"report {turn.Number}"));

        var run = await Client(model).RunAsync(Project, "build it", "--plugin-dir", plugin);

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(2, (await EventsAsync()).Count(each => (string?)each["hook_event_name"] == "Stop"));
        Assert.Equal(2, model.Turns.Count);
        Assert.Equal(2, Api.Requests.Count);
        Assert.Equal(2, await CountAsync("messages", "speaker = 'session'"));
        Assert.Equal(1, model.Turns[1].News.Split("Stop hook feedback:").Length - 1);
    }

    /// <summary>Another hook of the project keeps the events as they come.</summary>
    private async Task RecordAsync()
    {
        JsonArray group = [new JsonObject { ["hooks"] = new JsonArray(new JsonObject
        {
            ["type"] = "command",
            ["command"] = $"cat >>'{Events}'; echo >>'{Events}'",
        }) }];
        var hooks = new JsonObject();
        foreach (var name in (string[])["SessionStart", "UserPromptSubmit", "Stop", "StopFailure"])
            hooks[name] = group.DeepClone();
        var file = Path.Combine(Project, ".claude", "settings.json");
        await File.WriteAllTextAsync(file, new JsonObject { ["hooks"] = hooks }.ToJsonString(), CancellationToken);
    }

    private async Task<List<JsonNode>> EventsAsync() =>
        [.. (await File.ReadAllLinesAsync(Events, CancellationToken)).Where(line => line.Length > 0).Select(line => JsonNode.Parse(line)!)];
}
