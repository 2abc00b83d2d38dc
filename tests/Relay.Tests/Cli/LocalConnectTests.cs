using System.Text.Json.Nodes;
using Relay.Configuration;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>What relay connect --project writes unless it is told to share it: nothing that a team would commit.</summary>
public sealed class LocalConnectTests : IAsyncDisposable
{
    private const UnixFileMode Runnable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Keeps the servers where Claude Code keeps them, and what it was called with.</summary>
    private const string Client = """
        #!/bin/sh
        echo "$*" >>"$CLAUDE_CONFIG_DIR/calls"
        case "$2" in
        add-json) server="\"relay\":$6" ;;
        remove) server= ;;
        *) exit 3 ;;
        esac
        printf '{"projects":{"%s":{"mcpServers":{%s}}}}' "$PWD" "$server" >"$CLAUDE_CONFIG_DIR/.claude.json"
        """;

    private readonly CliHome _relay = new("listen: 127.0.0.1:7477\nagents: {max_rounds: 12}\n");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-connect-");

    private string Project => _folder.CreateSubdirectory("shop").FullName;

    private string Mcp => Path.Combine(Project, ".mcp.json");

    private string Local => Path.Combine(Project, ".claude", "settings.local.json");

    private string Config => Path.Combine(_folder.CreateSubdirectory("user").FullName, ".claude.json");

    private string Script => Path.Combine(_relay.Home.Root, "claude-code", "relay-hook");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        await _relay.DisposeAsync();
    }

    [Fact]
    public async Task Git_sees_nothing_of_it_and_nothing_of_it_is_left()
    {
        await Programs.GitAsync(Project, "init");

        var connected = await ConnectAsync();
        var status = await Programs.GitAsync(Project, "status", "--porcelain", "-uall");
        var mcp = Read(Mcp)["mcpServers"]!["relay"]!;
        var local = Read(Local);
        var disconnected = await DisconnectAsync();

        Assert.Equal((0, 0, ""), (connected.Exit, disconnected.Exit, status));
        Assert.Equal("Bearer ${RELAY_SESSION_TOKEN}", (string?)mcp["headers"]!["Authorization"]);
        Assert.Equal(["relay"], local["enabledMcpjsonServers"]!.AsArray().Select(name => (string?)name));
        Assert.Equal("13", (string?)local["env"]!["CLAUDE_CODE_STOP_HOOK_BLOCK_CAP"]);
        Assert.StartsWith("shop.", (string?)local["env"]!["RELAY_SESSION_TOKEN"]);
        Assert.Equal([".git"], Directory.EnumerateFileSystemEntries(Project).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Git_sees_nothing_of_folders_of_one_repository_that_are_connected_at_once()
    {
        await Programs.GitAsync(Project, "init");
        List<string> folders = [.. Enumerable.Range(0, 8).Select(number => Directory.CreateDirectory($"{Project}/{number}/app").FullName)];

        var connected = await Task.WhenAll(
            folders.Select(folder => Task.Run(() => _relay.RunAsync("connect", "claude-code", "--project", folder))));
        var status = await Programs.GitAsync(Project, "status", "--porcelain", "-uall");
        var listed = new ConnectedFolders(_relay.Home).All().ToHashSet();
        await Task.WhenAll(folders.Select(folder => Task.Run(() => _relay.RunAsync("disconnect", "claude-code", "--project", folder))));

        Assert.All(connected, ran => Assert.Equal(0, ran.Exit));
        Assert.Equal("", status);
        Assert.Superset(folders.ToHashSet(), listed);
        Assert.Empty(new ConnectedFolders(_relay.Home).All());
        Assert.DoesNotContain(
            "relay connect", await File.ReadAllTextAsync($"{Project}/.git/info/exclude", Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_hooks_go_through_the_script_and_say_what_is_waited_for()
    {
        await ConnectAsync("--mode", "relay", "--session", "shop", "--permissions");

        var hooks = Read(Local)["hooks"]!.AsObject();
        var stop = hooks["Stop"]![0]!["hooks"]![0]!;
        Assert.DoesNotContain("\"http\"", hooks.ToJsonString(), StringComparison.Ordinal); // Those say at every event that they failed.
        Assert.Equal(
            $"sh {Script} 1195 X-Relay-Session:shop tell X-Relay-Mode:relay X-Relay-Hold:1150 || :", (string?)stop["command"]);
        Assert.Equal(1_200, (int)stop["timeout"]!);
        Assert.Equal("waiting for the advisor's reply", (string?)stop["statusMessage"]);
        Assert.Equal("asking the operator, too", (string?)hooks["PermissionRequest"]![0]!["hooks"]![0]!["statusMessage"]);
        Assert.Equal($"sh {Script} 4 X-Relay-Session:shop || :", (string?)hooks["PostToolUse"]![0]!["hooks"]![0]!["command"]);
        Assert.DoesNotContain("RELAY_SESSION_TOKEN=", await File.ReadAllTextAsync(Script, Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_the_client_at_hand_the_server_is_at_its_local_scope_and_no_file_of_the_project_has_it()
    {
        InstallClient();
        await Programs.GitAsync(Project, "init");

        var connected = await ConnectAsync();
        await ConnectAsync();
        var server = Read(Config)["projects"]![Project]!["mcpServers"]!["relay"]!;
        var files = Directory.EnumerateFiles(Path.Combine(Project, ".claude")).Select(Path.GetFileName).ToList();
        var hasMcp = File.Exists(Mcp);
        var trusts = Read(Local).ContainsKey("enabledMcpjsonServers");
        var disconnected = await DisconnectAsync();

        Assert.Equal((0, 0, false, false), (connected.Exit, disconnected.Exit, hasMcp, trusts));
        Assert.True((bool)server["alwaysLoad"]!);
        Assert.Null(server["timeout"]);
        Assert.EndsWith($" hook headers --home {_relay.Home.Root} --name shop", (string?)server["headersHelper"], StringComparison.Ordinal);
        Assert.Equal(["settings.local.json"], files);
        Assert.Empty(Read(Config)["projects"]![Project]!["mcpServers"]!.AsObject());
        var calls = await File.ReadAllLinesAsync(Path.Combine(_folder.FullName, "user", "calls"), Cancel);
        Assert.Equal(["add-json", "remove", "add-json", "remove"], calls.Select(call => call.Split(' ')[1]));
        Assert.DoesNotContain("shop.", string.Concat(calls), StringComparison.Ordinal); // No token where ps shows it.
    }

    [Fact]
    public async Task A_server_of_that_name_that_is_another_is_left_alone_and_nothing_is_written()
    {
        InstallClient();
        await File.WriteAllTextAsync(
            Config, "{\"projects\":{\"" + Project + "\":{\"mcpServers\":{\"relay\":{\"command\":\"another\"}}}}}", Cancel);

        var connected = await ConnectAsync();

        Assert.Equal(1, connected.Exit);
        Assert.Contains("claude mcp remove -s local relay", connected.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Local));
        await DisconnectAsync();
        Assert.Equal("another", (string?)Read(Config)["projects"]![Project]!["mcpServers"]!["relay"]!["command"]);
    }

    [Fact]
    public async Task A_client_that_the_project_brings_is_not_started()
    {
        InstallClient(Path.Combine(Project, "bin"));

        var connected = await ConnectAsync();

        Assert.Equal(0, connected.Exit);
        Assert.False(File.Exists(Path.Combine(_folder.FullName, "user", "calls")));
        Assert.True(File.Exists(Mcp));
    }

    /// <summary>The client keeps its local servers by repository: the other one's session would speak under this one's name.</summary>
    [Fact]
    public async Task A_further_work_tree_of_a_repository_has_its_server_to_itself()
    {
        InstallClient();
        await Programs.GitAsync(Project, "init");
        await Programs.GitAsync(Project, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--allow-empty", "-m", "first");
        var tree = Path.Combine(_folder.FullName, "tree");
        await Programs.GitAsync(Project, "worktree", "add", tree);

        await _relay.RunAsync("connect", "claude-code", "--project", tree);

        Assert.True(File.Exists(Path.Combine(tree, ".mcp.json")));
        Assert.False(File.Exists(Config));
        Assert.Equal("", await Programs.GitAsync(Project, "-C", tree, "status", "--porcelain", "-uall"));
    }

    [Fact]
    public async Task What_a_team_has_committed_loses_the_older_form_and_gets_it_back_as_it_was()
    {
        const string mcp = "{ \"mcpServers\": { \"other\": { \"command\": \"x\" } } }\n";
        const string settings = "{\"model\":\"x\", \"hooks\":{\"Stop\":[]}}";
        InstallClient();
        Directory.CreateDirectory(Path.GetDirectoryName(Local)!);
        var shared = Path.Combine(Project, ".claude", "settings.json");
        await File.WriteAllTextAsync(Mcp, mcp, Cancel);
        await File.WriteAllTextAsync(shared, settings, Cancel);
        await Programs.GitAsync(Project, "init");
        await Programs.GitAsync(Project, "add", "-A");

        await ConnectAsync("--shared");
        var between = await Programs.GitAsync(Project, "status", "--porcelain", "-uall");
        await ConnectAsync();

        Assert.Contains("AM .mcp.json", between, StringComparison.Ordinal);
        Assert.Equal(mcp, await File.ReadAllTextAsync(Mcp, Cancel));
        Assert.Equal(settings, await File.ReadAllTextAsync(shared, Cancel));
        Assert.DoesNotContain("AM", await Programs.GitAsync(Project, "status", "--porcelain", "-uall"), StringComparison.Ordinal);
        await ConnectAsync("--shared");
        Assert.DoesNotContain("hooks", Read(Local).Select(entry => entry.Key)); // Not twice at each event.
        Assert.Empty(Read(Config)["projects"]![Project]!["mcpServers"]!.AsObject());
        await DisconnectAsync();
        Assert.Equal(mcp, await File.ReadAllTextAsync(Mcp, Cancel));
        Assert.Equal(settings, await File.ReadAllTextAsync(shared, Cancel));
        Assert.False(File.Exists(Local));
    }

    [Fact]
    public async Task A_committed_list_of_servers_is_not_written_where_there_is_no_client_to_do_without()
    {
        await Programs.GitAsync(Project, "init");
        await File.WriteAllTextAsync(Mcp, "{}", Cancel);
        await Programs.GitAsync(Project, "add", "-A");

        var connected = await ConnectAsync();

        Assert.Equal(1, connected.Exit);
        Assert.Contains("--shared", connected.Error, StringComparison.Ordinal);
        Assert.Equal("{}", await File.ReadAllTextAsync(Mcp, Cancel));
        Assert.False(File.Exists(Local));
    }

    [Theory]
    [InlineData("""{"disabledMcpjsonServers":["relay"],"permissions":{"allow":["Read"]}}""")]
    [InlineData("""{"disabledMcpjsonServers":["a","relay"],"enabledMcpjsonServers":["b"],"hooks":{"Stop":[]}}""")]
    [InlineData("""{"enabledMcpjsonServers":["relay"],"env":{"CLAUDE_CODE_STOP_HOOK_BLOCK_CAP":"99"}}""")]
    public async Task A_refusal_at_the_trust_question_is_taken_back_and_the_file_comes_back_byte_for_byte(string before)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Local)!);
        await File.WriteAllTextAsync(Local, before, Cancel);

        await ConnectAsync();
        await ConnectAsync("--mode", "relay");
        var local = Read(Local);
        await DisconnectAsync();

        Assert.DoesNotContain("\"relay\"", local["disabledMcpjsonServers"]?.ToJsonString() ?? "", StringComparison.Ordinal);
        Assert.Contains("relay", local["enabledMcpjsonServers"]!.AsArray().Select(name => (string?)name));
        Assert.Equal(before, await File.ReadAllTextAsync(Local, Cancel));
    }

    [Fact]
    public async Task It_says_what_it_wrote_why_and_for_whom()
    {
        await Programs.GitAsync(Project, "init");

        var local = await ConnectAsync();
        var shared = await ConnectAsync("--shared");

        Assert.Contains(".claude/settings.local.json: the hooks, which hand events over", local.Output, StringComparison.Ordinal);
        Assert.Contains("yours alone, git leaves the file out", local.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing of it is for version control", local.Output, StringComparison.Ordinal);
        Assert.Contains("to be committed", shared.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--address", "http://127.0.0.1:7420", "--token", "sesame")]
    [InlineData("--address", "ftp://127.0.0.1", "--token", "x")]
    [InlineData("--address", "http://127.0.0.1:7420")]
    [InlineData("--token", "x")]
    [InlineData("--user")]
    [InlineData("--plugin", "x", "--shared")]
    public async Task What_cannot_be_meant_is_a_usage_error_and_nothing_is_written(params string[] options)
    {
        Assert.Equal(2, (await ConnectAsync(options)).Exit);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Project));
    }

    private void InstallClient(string? into = null)
    {
        var folder = into ?? Path.Combine(_folder.FullName, "bin");
        Directory.CreateDirectory(folder, Runnable);
        File.WriteAllText(Path.Combine(folder, "claude"), Client);
        File.SetUnixFileMode(Path.Combine(folder, "claude"), Runnable);
        _relay.Environment["PATH"] = $"{folder}:/usr/bin:/bin";
        _relay.Environment["CLAUDE_CONFIG_DIR"] = Path.GetDirectoryName(Config)!;
    }

    private Task<Ran> ConnectAsync(params string[] options) =>
        _relay.RunAsync(["connect", "claude-code", "--project", Project, .. options]);

    private Task<Ran> DisconnectAsync() => _relay.RunAsync("disconnect", "claude-code", "--project", Project);

    private static JsonObject Read(string file) => JsonNode.Parse(File.ReadAllText(file))!.AsObject();
}
