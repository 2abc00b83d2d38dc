using System.Text.Json.Nodes;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>Of a relay that runs as another user, only its address and a token are known.</summary>
public sealed class OthersRelayConnectTests : IAsyncDisposable
{
    private readonly CliHome _relay = new("listen: 127.0.0.1:7477\n");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-connect-");

    private string Project => _folder.CreateSubdirectory("shop").FullName;

    private string Mcp => Path.Combine(Project, ".mcp.json");

    private string Local => Path.Combine(Project, ".claude", "settings.local.json");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        await _relay.DisposeAsync();
    }

    [Theory]
    [InlineData("option")]
    [InlineData("environment")]
    [InlineData("input")]
    public async Task Another_users_relay_is_connected_by_its_address_and_a_token_and_its_home_is_not_named(string way)
    {
        var token = (await _relay.RunAsync("token", "alice-shop")).Output.Trim();
        _relay.Environment["XDG_CONFIG_HOME"] = Path.Combine(_folder.FullName, "config");
        string[] command = ["connect", "claude-code", "--project", Project, "--address", "http://127.0.0.1:7420/"];
        if (way == "environment")
            _relay.Environment["RELAY_SESSION_TOKEN"] = token;

        var connected = way switch
        {
            "option" => await _relay.RunAsync([.. command, "--token", token]),
            "input" => await _relay.PipeAsync(token + "\n", command),
            _ => await _relay.RunAsync(command),
        };

        var script = Path.Combine(_folder.FullName, "config", "relay", "claude-code", "relay-hook");
        var local = JsonNode.Parse(await File.ReadAllTextAsync(Local, Cancel))!;
        Assert.Equal((0, ""), (connected.Exit, connected.Error));
        Assert.Equal(token, (string?)local["env"]!["RELAY_SESSION_TOKEN"]);
        Assert.Equal($"sh {script} 4 || :", (string?)local["hooks"]!["PostToolUse"]![0]!["hooks"]![0]!["command"]);
        foreach (var file in (string[])[Local, Mcp, script])
            Assert.DoesNotContain(_relay.Home.Root, await File.ReadAllTextAsync(file, Cancel), StringComparison.Ordinal);
        Assert.DoesNotContain("Read(", local["permissions"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(token, connected.Output, StringComparison.Ordinal);
        await _relay.RunAsync("disconnect", "claude-code", "--project", Project);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Project));
        Assert.False(Directory.Exists(Path.GetDirectoryName(script)));
    }

    [Fact]
    public async Task The_script_stays_while_another_project_uses_it()
    {
        var token = (await _relay.RunAsync("token", "alice-shop")).Output.Trim();
        var config = Path.Combine(_folder.FullName, "config");
        _relay.Environment["XDG_CONFIG_HOME"] = config;
        var other = _folder.CreateSubdirectory("other").FullName;
        foreach (var project in (string[])[Project, other])
            Assert.Equal(0, (await _relay.RunAsync(
                "connect", "claude-code", "--project", project, "--address", "http://127.0.0.1:7420", "--token", token)).Exit);
        var script = Path.Combine(config, "relay", "claude-code", "relay-hook");

        await _relay.RunAsync("disconnect", "claude-code", "--project", Project);
        await _relay.RunAsync("disconnect", "claude-code", "--project", Project); // Twice is no other's.
        Assert.True(File.Exists(script));
        var last = await _relay.RunAsync("disconnect", "claude-code", "--project", other);

        Assert.Contains($"removed {script}", last.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(script));
    }
}
