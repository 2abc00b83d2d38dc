using System.Text.Json.Nodes;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

public sealed class ConnectScenarios : ClaudeStage
{
    [Fact]
    public async Task Connect_a_session_and_disconnect_leave_a_projects_files_as_they_were()
    {
        const string settings = """
            {
                "permissions": {"allow": ["Read"]},
                "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "touch stopped"}]}]}
            }
            """;
        var folder = Path.Combine(Project, ".claude");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "settings.json"), settings, CancellationToken);
        await using var relay = await StartRelayAsync();
        await using var model = await ClientApi.StartAsync(_ => new ClientReply.Says("done"));

        await ConnectAsync();
        await ConnectAsync("--mode", "relay", "--permissions");
        await ConnectAsync("--mode", "ask");
        var run = await Client(model).RunAsync(Project, "do the work");
        await RelayAsync("disconnect", "claude-code", "--project", Project);

        Assert.Equal("done", run.Result);
        Assert.Contains("Relay is connected", model.Turns[0].Everything, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Project, "stopped"))); // The project's own hook still ran.
        Assert.Equal(settings, await File.ReadAllTextAsync(Path.Combine(folder, "settings.json"), CancellationToken));
        var files = Directory.EnumerateFileSystemEntries(Project, "*", SearchOption.AllDirectories).Select(Path.GetFileName);
        Assert.Equal([".claude", "settings.json", "stopped"], files.Order());
    }

    [Fact]
    public async Task A_connected_session_is_kept_from_the_home_and_the_operators_commands_by_slip()
    {
        await using var relay = await StartRelayAsync();
        await using var model = await ClientApi.StartAsync(turn => turn.Number switch
        {
            1 => new ClientReply.Uses("Read", new JsonObject { ["file_path"] = Home.Paths.EnvFile }),
            2 => new ClientReply.Uses("Write", new JsonObject
            {
                ["file_path"] = Path.Combine(Home.Paths.State, "jc_input.txt"),
                ["content"] = "allow",
            }),
            3 => new ClientReply.Uses("Bash", new JsonObject { ["command"] = "relay token other", ["description"] = "x" }),
            4 => new ClientReply.Uses("Bash", new JsonObject { ["command"] = "relay answer allow", ["description"] = "x" }),
            5 => new ClientReply.Uses("Bash", new JsonObject { ["command"] = "echo fi''ne", ["description"] = "x" }),
            _ => new ClientReply.Says("done"),
        });

        await ConnectAsync();
        var run = await Client(model).RunAsync(Project, "do the work", "--allowedTools", "Read,Write,Bash");

        Assert.True(run.Result == "done", run.ToString());
        Assert.All(model.Turns.Skip(1).Take(4), turn => Assert.Contains("denied", turn.News, StringComparison.Ordinal));
        Assert.Contains("fine", model.Turns[5].News, StringComparison.Ordinal);
        Assert.DoesNotContain(Harness.ScenarioHome.OperatorToken, model.Turns[^1].Everything, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Home.Paths.State, "jc_input.txt")));
        Assert.DoesNotContain("settings", run.Error, StringComparison.OrdinalIgnoreCase); // The client takes every rule without a word.
    }
}
