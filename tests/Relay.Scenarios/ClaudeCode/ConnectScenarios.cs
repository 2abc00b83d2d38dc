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
}
