using System.Text.Json.Nodes;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>Projects and files as relay connect may find them: it knows them again, and leaves what is not its own.</summary>
public sealed class ConnectOddTests : IAsyncDisposable
{
    private readonly CliHome _relay = new("listen: 127.0.0.1:7477\n");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-odd-");

    private string Project => _folder.CreateSubdirectory("shop").FullName;

    private string Local => Path.Combine(_folder.CreateSubdirectory("shop/.claude").FullName, "settings.local.json");

    private string Exclude => Path.Combine(Project, ".git", "info", "exclude");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ConnectOddTests()
    {
        _relay.Environment["HOME"] = _folder.FullName;
        _relay.Environment["PATH"] = "/nowhere";
    }

    public async ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        await _relay.DisposeAsync();
    }

    [Theory]
    [InlineData("shop/", "shop")]
    [InlineData("shop", "shop/")]
    [InlineData("shop/../shop/", "shop")]
    [InlineData("link", "shop")]
    [InlineData("shop", "link/")]
    public async Task A_project_is_known_again_however_it_is_written(string first, string then)
    {
        Directory.CreateDirectory(Path.Combine(Project, ".git", "info"));
        await File.WriteAllTextAsync(Path.Combine(Project, ".git", "HEAD"), "ref: refs/heads/main\n", Cancel);
        await File.WriteAllTextAsync(Exclude, "# mine\n", Cancel);
        Directory.CreateSymbolicLink(Path.Combine(_folder.FullName, "link"), Project);

        await ConnectAsync(Path.Combine(_folder.FullName, first));
        var again = await ConnectAsync(Path.Combine(_folder.FullName, then));
        var names = (await _relay.RunAsync("tokens", "--json")).Json.EnumerateArray()
            .Select(each => each.GetProperty("name").GetString()).ToList();
        await DisconnectAsync(Path.Combine(_folder.FullName, then));

        Assert.Contains("is connected as shop.", again.Output, StringComparison.Ordinal);
        Assert.Equal(["shop"], names);
        Assert.Equal("# mine\n", await File.ReadAllTextAsync(Exclude, Cancel));
        Assert.Equal([".git"], Directory.EnumerateFileSystemEntries(Project).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Where_a_line_of_gitignore_would_have_the_token_committed_nothing_is_written()
    {
        Directory.CreateDirectory(Path.Combine(Project, ".git", "info"));
        await File.WriteAllTextAsync(Path.Combine(Project, ".git", "HEAD"), "ref: refs/heads/main\n", Cancel);
        await File.WriteAllTextAsync(Path.Combine(Project, ".gitignore"), "*\n!*/\n!*.json\n", Cancel);

        var refused = await ConnectAsync(Project);
        await File.AppendAllTextAsync(Path.Combine(Project, ".gitignore"), ".claude/settings.local.json\n", Cancel);
        var connected = await ConnectAsync(Project);

        Assert.Equal((1, 0), (refused.Exit, connected.Exit));
        Assert.Contains(".gitignore:3 (!*.json)", refused.Error, StringComparison.Ordinal);
        Assert.Contains("nothing was changed", refused.Error, StringComparison.Ordinal);
    }

    /// <summary>The files beside them are for everybody, and these are not.</summary>
    [Fact]
    public async Task The_originals_that_are_kept_of_shared_files_are_not_committed_either()
    {
        Directory.CreateDirectory(Path.Combine(Project, ".git", "info"));
        await File.WriteAllTextAsync(Path.Combine(Project, ".git", "HEAD"), "ref: refs/heads/main\n", Cancel);
        await File.WriteAllTextAsync(Exclude, "# mine\n", Cancel);
        string[] shared = [Path.Combine(Project, ".mcp.json"), Path.Combine(Path.GetDirectoryName(Local)!, "settings.json")];
        foreach (var file in shared)
            await File.WriteAllTextAsync(file, "{}", Cancel);

        await ConnectAsync(Project, "--shared");
        var lines = await File.ReadAllLinesAsync(Exclude, Cancel);
        await ConnectAsync(Project);
        var alone = await File.ReadAllLinesAsync(Exclude, Cancel);
        await ConnectAsync(Project, "--shared");
        await DisconnectAsync(Project);

        string[] kept = [".mcp.json.relay-backup", ".claude/settings.json.relay-backup"];
        Assert.All(shared, file => Assert.Equal("{}", File.ReadAllText(file)));
        Assert.Subset(lines.ToHashSet(), kept.ToHashSet());
        Assert.DoesNotContain(".mcp.json", lines);
        Assert.DoesNotContain(kept[1], alone);
        Assert.Equal("# mine\n", await File.ReadAllTextAsync(Exclude, Cancel));
    }

    [Theory]
    [InlineData("shop/.claude/settings.local.json")]
    [InlineData("shop/.claude/settings.json")]
    [InlineData(".claude/settings.json")]
    public async Task Where_all_hooks_are_switched_off_it_says_that_it_brings_little(string file)
    {
        var path = Path.Combine(_folder.FullName, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, """{"disableAllHooks": false}""", Cancel);
        var before = await ConnectAsync(Project);
        await DisconnectAsync(Project);
        await File.WriteAllTextAsync(path, """{"disableAllHooks": true}""", Cancel);

        var connected = await ConnectAsync(Project);

        Assert.Equal((0, 0), (before.Exit, connected.Exit));
        Assert.DoesNotContain("disableAllHooks", before.Output, StringComparison.Ordinal);
        Assert.Contains($"{path} says disableAllHooks", connected.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"env": {"RELAY_SESSION_TOKEN": "mine"}, "z": 1.50}""")]
    [InlineData("""{"env": {"RELAY_SESSION_TOKEN": "mine"}, "permissions": {"deny": ["Bash(relay answer:*)"]}}""")]
    [InlineData("""{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "sh tools/relay-hooks/notify.sh"}]}]}}""")]
    [InlineData("""{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "sh bin/relay-hook-log 5 || :"}]}]}}""")]
    [InlineData("""{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "sh ~/relay-hook"}]}]}}""")]
    public async Task What_looks_like_ours_and_is_not_comes_back_byte_for_byte(string before)
    {
        await File.WriteAllTextAsync(Local, before, Cancel);

        await ConnectAsync(Project);
        await ConnectAsync(Project, "--mode", "relay");
        var local = JsonNode.Parse(await File.ReadAllTextAsync(Local, Cancel))!;
        await DisconnectAsync(Project);

        Assert.StartsWith("shop.", (string?)local["env"]!["RELAY_SESSION_TOKEN"], StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(Local, Cancel));
        Assert.Equal([Local], Directory.EnumerateFiles(Path.Combine(Project, ".claude")));
    }

    [Theory]
    [InlineData("""{"env": {"MINE": "\ud800"}}""")]
    [InlineData("""{"permissions": {"deny": ["Read(\udc00)"]}}""")]
    [InlineData("""{"\ud800": 1}""")]
    public async Task Half_a_character_is_refused_by_name_and_nothing_is_written(string content)
    {
        await File.WriteAllTextAsync(Local, content, Cancel);

        var connected = await ConnectAsync(Project);
        var disconnected = await DisconnectAsync(Project);

        Assert.Equal((1, 1), (connected.Exit, disconnected.Exit));
        Assert.StartsWith(Local, connected.Error, StringComparison.Ordinal);
        Assert.Contains("lone surrogate", connected.Error, StringComparison.Ordinal);
        Assert.Equal([Local], Directory.GetFiles(Project, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("pause")]
    [InlineData("resume")]
    [InlineData("budget")]
    public async Task The_operators_newer_commands_are_fenced_as_the_others(string command)
    {
        await ConnectAsync(Project);

        var denied = JsonNode.Parse(await File.ReadAllTextAsync(Local, Cancel))!["permissions"]!["deny"]!.AsArray();
        Assert.Contains($"Bash(relay {command}:*)", denied.Select(rule => (string?)rule));
    }

    private Task<Ran> ConnectAsync(string project, params string[] options) =>
        _relay.RunAsync(["connect", "claude-code", "--project", project, .. options]);

    private Task<Ran> DisconnectAsync(string project) => _relay.RunAsync("disconnect", "claude-code", "--project", project);
}
