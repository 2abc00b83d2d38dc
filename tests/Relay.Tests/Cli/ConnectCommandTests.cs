using System.Text.Json.Nodes;
using Relay.Agents.Connect;
using Relay.Cli;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>The form that a team commits, and what is common to all forms; what is one person's alone is in LocalConnectTests.</summary>
public sealed class ConnectCommandTests : IAsyncDisposable
{
    private const string Address = "http://127.0.0.1:7477";

    private readonly CliHome _relay = new("listen: 127.0.0.1:7477\nagents: {max_rounds: 12}\n");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-connect-");

    private string Project => _folder.FullName;

    private string Mcp => Path.Combine(Project, ".mcp.json");

    private string Settings => Path.Combine(Project, ".claude", "settings.json");

    public async ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        await _relay.DisposeAsync();
    }

    [Fact]
    public async Task A_project_without_files_gets_them_and_loses_them_again()
    {
        var connected = await ConnectAsync();
        var server = Read(Mcp)["mcpServers"]!["relay"]!;
        var disconnected = await DisconnectAsync();

        Assert.Equal((0, 0), (connected.Exit, disconnected.Exit));
        Assert.Equal(
            """
            {"type":"http","url":"http://127.0.0.1:7477/mcp","alwaysLoad":true,
            "headers":{"Authorization":"Bearer ${RELAY_SESSION_TOKEN}","X-Relay-Session":"${RELAY_SESSION:-none}"}}
            """.ReplaceLineEndings(""),
            server.ToJsonString());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Project));
    }

    [Fact]
    public async Task The_hooks_say_what_each_event_needs()
    {
        await ConnectAsync("--mode", "relay", "--session", "shop", "--permissions");

        var settings = Read(Settings);
        var hooks = settings["hooks"]!.AsObject();
        var stop = hooks["Stop"]![0]!["hooks"]![0]!;
        var waiter = hooks["Stop"]![1]!["hooks"]![0]!;
        var start = hooks["SessionStart"]![0]!["hooks"]![0]!;
        Assert.Equal(
            ["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Notification", "Stop", "StopFailure", "SessionEnd",
                "PermissionRequest", "PostToolUseFailure", "PostToolBatch"],
            hooks.Select(hook => hook.Key));
        Assert.Equal(1_200, (int)stop["timeout"]!);
        Assert.Equal(
            "sh \"$CLAUDE_PROJECT_DIR\"/.claude/relay-hook 1195 X-Relay-Session:shop tell X-Relay-Mode:relay X-Relay-Hold:1150 || :",
            (string?)stop["command"]);
        Assert.True((bool)waiter["asyncRewake"]!);
        var options = $"--home {_relay.Home.Root} --url {Address} --session shop --form 2";
        Assert.EndsWith($" hook wait {options}", (string?)waiter["command"], StringComparison.Ordinal);
        Assert.EndsWith($" hook session-start {options}", (string?)start["command"], StringComparison.Ordinal);
        Assert.Equal("mcp__relay__.*|mcp__plugin_relay_relay__.*", (string?)hooks["PreToolUse"]![0]!["matcher"]);
        Assert.Equal(600, (int)hooks["PermissionRequest"]![0]!["hooks"]![0]!["timeout"]!);
        Assert.Equal("13", (string?)settings["env"]!["CLAUDE_CODE_STOP_HOOK_BLOCK_CAP"]);
    }

    [Fact]
    public async Task The_operators_token_is_written_nowhere()
    {
        const string token = "a-token-nobody-may-see";
        _relay.Environment["RELAY_TOKEN"] = token;

        var ran = await ConnectAsync();
        await _relay.RunAsync("connect", "claude-code");

        foreach (var file in (string[])[.. FilesIn(Project), .. FilesIn(_relay.Home.Root)])
        {
            var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            Assert.DoesNotContain(token, text, StringComparison.Ordinal);
        }
        Assert.DoesNotContain(token, ran.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "{\n\t\"hooks\": {\n\t\t\"Stop\": [ {\"hooks\": [{\"type\": \"command\", \"command\": \"say\"}]} ]\n\t},\n"
        + "\t\"model\": \"x\", \"z\": 1.50\n}")]
    [InlineData("{\r\n    \"env\": {\"A\": \"\\u00e9\"},\r\n    \"hooks\": {}\r\n}\r\n")]
    [InlineData("{\"hooks\":{\"Stop\":[]},\"env\":{\"CLAUDE_CODE_STOP_HOOK_BLOCK_CAP\":\"99\"}}")]
    [InlineData("\uFEFF{}")]
    public async Task What_was_there_stays_and_comes_back_byte_for_byte(string settings)
    {
        const string mcp = "{ \"mcpServers\": { \"other\": { \"command\": \"x\" } } }\n";
        Directory.CreateDirectory(Path.GetDirectoryName(Settings)!);
        await File.WriteAllTextAsync(Settings, settings, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Mcp, mcp, TestContext.Current.CancellationToken);
        var before = await File.ReadAllBytesAsync(Settings, TestContext.Current.CancellationToken);

        Assert.Equal(0, (await ConnectAsync()).Exit);
        var once = await File.ReadAllBytesAsync(Settings, TestContext.Current.CancellationToken);
        Assert.Equal(0, (await ConnectAsync("--mode", "relay", "--permissions")).Exit);
        Assert.Equal(0, (await ConnectAsync()).Exit);

        Assert.Equal(once, await File.ReadAllBytesAsync(Settings, TestContext.Current.CancellationToken));
        Assert.Equal(["other", "relay"], Read(Mcp)["mcpServers"]!.AsObject().Select(server => server.Key));
        Assert.Equal(before, await File.ReadAllBytesAsync(Settings + ".relay-backup", TestContext.Current.CancellationToken));
        Assert.Equal(0, (await DisconnectAsync()).Exit);
        Assert.Equal(before, await File.ReadAllBytesAsync(Settings, TestContext.Current.CancellationToken));
        Assert.Equal(mcp, await File.ReadAllTextAsync(Mcp, TestContext.Current.CancellationToken));
        Assert.Equal([".claude", ".mcp.json", "settings.json"], NamesIn(Project));
    }

    [Fact]
    public async Task Foreign_entries_keep_their_places_and_values()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Settings)!);
        await File.WriteAllTextAsync(
            Settings,
            """
            {
                "z": 1,
                "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "mine"}]}]},
                "env": {"CLAUDE_CODE_STOP_HOOK_BLOCK_CAP": "99"},
                "a": 2
            }
            """,
            TestContext.Current.CancellationToken);

        await ConnectAsync();

        var settings = Read(Settings);
        Assert.Equal(["z", "hooks", "env", "a"], settings.Select(entry => entry.Key));
        Assert.Equal("mine", (string?)settings["hooks"]!["Stop"]![0]!["hooks"]![0]!["command"]);
        Assert.Equal(3, settings["hooks"]!["Stop"]!.AsArray().Count);
        Assert.Equal("99", (string?)settings["env"]!["CLAUDE_CODE_STOP_HOOK_BLOCK_CAP"]);
    }

    [Fact]
    public async Task What_others_changed_meanwhile_stays_and_only_our_entries_go()
    {
        await File.WriteAllTextAsync(Mcp, "{\"mcpServers\":{}}", TestContext.Current.CancellationToken);
        await ConnectAsync();
        var mcp = Read(Mcp);
        mcp["mcpServers"]!["later"] = new JsonObject { ["command"] = "x" };
        await File.WriteAllTextAsync(Mcp, mcp.ToJsonString(), TestContext.Current.CancellationToken);
        var settings = Read(Settings);
        var theirs = new JsonObject { ["type"] = "command", ["command"] = "mine" };
        settings["hooks"]!["Stop"]!.AsArray().Add(new JsonObject { ["hooks"] = new JsonArray(theirs) });
        await File.WriteAllTextAsync(Settings, settings.ToJsonString(), TestContext.Current.CancellationToken);

        await DisconnectAsync();

        Assert.Equal("""{"mcpServers":{"later":{"command":"x"}}}""", Read(Mcp).ToJsonString());
        Assert.Equal("""{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"mine"}]}]}}""", Read(Settings).ToJsonString());
    }

    [Theory]
    [InlineData("{\n  \"a\": 1, // mine\n}", ":2:11: not JSON")]
    [InlineData("[]", "a JSON object is expected")]
    [InlineData("", "not JSON")]
    [InlineData("{\"hooks\": []}", "hooks is not an object")]
    [InlineData("{\"hooks\": {\"Stop\": {}}}", "hooks.Stop is not a list")]
    [InlineData("{\"a\": 1, \"a\": 2}", "not JSON")]
    public async Task What_cannot_be_merged_into_is_refused_and_nothing_is_written(string settings, string reason)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Settings)!);
        await File.WriteAllTextAsync(Settings, settings, TestContext.Current.CancellationToken);

        var ran = await ConnectAsync();

        Assert.Equal(1, ran.Exit);
        Assert.Contains(Settings, ran.Error, StringComparison.Ordinal);
        Assert.Contains(reason, ran.Error, StringComparison.Ordinal);
        Assert.Equal([".claude", "settings.json"], NamesIn(Project));
        Assert.Equal(settings, await File.ReadAllTextAsync(Settings, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_server_of_the_same_name_that_is_not_ours_is_left_alone()
    {
        await File.WriteAllTextAsync(Mcp, """{"mcpServers":{"relay":{"command":"another"}}}""", TestContext.Current.CancellationToken);

        var ran = await ConnectAsync();

        Assert.Equal(1, ran.Exit);
        Assert.Contains("a server named relay is there", ran.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Settings));
    }

    [Fact]
    public async Task Print_shows_everything_and_changes_nothing()
    {
        var ran = await ConnectAsync("--print");

        Assert.Equal(0, ran.Exit);
        Assert.Contains("# " + Mcp, ran.Output, StringComparison.Ordinal);
        Assert.Contains("# " + Settings, ran.Output, StringComparison.Ordinal);
        Assert.Contains("\"alwaysLoad\": true", ran.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Project));
        Assert.False(File.Exists(_relay.Home.EnvFile));
    }

    [Fact]
    public async Task Without_a_place_the_plugin_goes_into_the_home_and_out_again()
    {
        var plugin = Path.Combine(_relay.Home.Root, "claude-plugin");

        var ran = await _relay.RunAsync("connect", "claude-code");
        var files = FilesIn(plugin).Select(file => Path.GetRelativePath(plugin, file)).Order(StringComparer.Ordinal).ToList();
        var manifest = Read(Path.Combine(plugin, ".claude-plugin", "plugin.json"));
        await _relay.RunAsync("disconnect", "claude-code");

        Assert.Equal([".claude-plugin/plugin.json", ".mcp.json", "hooks/hooks.json", "hooks/relay-hook", "skills/relay/SKILL.md"], files);
        Assert.Equal("relay", (string?)manifest["name"]);
        Assert.Contains("claude --plugin-dir " + plugin, ran.Output, StringComparison.Ordinal);
        Assert.Matches($"eval \"\\$\\(.* env NAME --home {_relay.Home.Root}\\)\"", ran.Output);
        Assert.False(Directory.Exists(plugin));
    }

    [Fact]
    public async Task A_folder_with_something_else_in_it_becomes_no_plugin()
    {
        await File.WriteAllTextAsync(Path.Combine(Project, "notes.txt"), "mine", TestContext.Current.CancellationToken);

        var ran = await _relay.RunAsync("connect", "claude-code", "--plugin", Project);

        Assert.Equal(1, ran.Exit);
        Assert.Contains("is not empty", ran.Error, StringComparison.Ordinal);
        Assert.Equal(["notes.txt"], Directory.EnumerateFileSystemEntries(Project).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_running_relay_is_asked_where_it_listens_and_without_one_port_zero_is_no_address()
    {
        await using var other = new CliHome();

        var refused = await other.RunAsync("connect", "claude-code", "--project", Project);
        var daemon = await other.StartAsync();
        await other.RunAsync("connect", "claude-code", "--project", Project);

        Assert.Equal(69, refused.Exit);
        Assert.Contains("port 0", refused.Error, StringComparison.Ordinal);
        Assert.Equal(daemon.Url + "/mcp", (string?)Read(Mcp)["mcpServers"]!["relay"]!["url"]);
    }

    [Theory]
    [InlineData("--session", "no spaces please")]
    [InlineData("--mode", "other")]
    [InlineData("--plugin", "elsewhere")]
    public async Task Impossible_options_are_a_usage_error(string option, string value)
    {
        Assert.Equal(2, (await ConnectAsync(option, value)).Exit);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Project));
    }

    [Fact]
    public void The_program_is_named_so_that_a_shell_starts_it()
    {
        Assert.Equal("'/opt/a b/relay'", ProgramCommand.Of("/opt/a b/relay", "/opt/a b"));
        Assert.Equal("/usr/bin/dotnet '/it'\\''s/relay.dll'", ProgramCommand.Of("/usr/bin/dotnet", "/it's"));
        Assert.Equal("''", ShellWord.Quote(""));
    }

    private static string[] FilesIn(string folder) => Directory.GetFiles(folder, "*", SearchOption.AllDirectories);

    private static IEnumerable<string?> NamesIn(string folder) =>
        Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Select(Path.GetFileName).Order();

    private Task<Ran> ConnectAsync(params string[] options) =>
        _relay.RunAsync(["connect", "claude-code", "--project", Project, "--shared", .. options]);

    private Task<Ran> DisconnectAsync() => _relay.RunAsync("disconnect", "claude-code", "--project", Project);

    private static JsonObject Read(string file) => JsonNode.Parse(File.ReadAllText(file))!.AsObject();
}
