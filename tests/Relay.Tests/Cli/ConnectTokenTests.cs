using System.Text.Json.Nodes;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>Where relay connect puts the token: one file of its user's, out of version control.</summary>
public sealed class ConnectTokenTests : IAsyncDisposable
{
    private const string Ignored = ".claude/settings.local.json";

    private readonly CliHome _relay = new("listen: 127.0.0.1:7477\n");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-connect-");

    private string Project => _folder.CreateSubdirectory("shop").FullName;

    private string Local => Path.Combine(Project, Ignored);

    private string Exclude => Path.Combine(Project, ".git", "info", "exclude");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        await _relay.DisposeAsync();
    }

    [Fact]
    public async Task The_token_is_in_the_local_settings_for_their_owner_alone_and_in_no_other_file()
    {
        var ran = await ConnectAsync(Project);
        var token = (await _relay.RunAsync("token", "shop")).Output.Trim();

        Assert.Equal(0, ran.Exit);
        Assert.Equal(token, (string?)Read(Local)["env"]!["RELAY_SESSION_TOKEN"]);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Local));
        foreach (var file in Directory.GetFiles(Project, "*", SearchOption.AllDirectories).Where(file => file != Local))
            Assert.DoesNotContain(token, await File.ReadAllTextAsync(file, Cancel), StringComparison.Ordinal);
        Assert.DoesNotContain(token, ran.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("RELAY_TOKEN", await File.ReadAllTextAsync(Local, Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_is_kept_and_another_project_of_the_same_name_gets_its_own()
    {
        var other = _folder.CreateSubdirectory("other/shop").FullName;

        await ConnectAsync(Project);
        await ConnectAsync(other);
        await ConnectAsync(Project, "--mode", "relay");

        var names = (await _relay.RunAsync("tokens", "--json")).Json.EnumerateArray()
            .Select(each => (each.GetProperty("name").GetString()!, each.GetProperty("folder").GetString())).ToList();
        Assert.Equal(2, names.Count);
        Assert.Equal(("shop", Project), names[0]);
        Assert.Equal(other, names[1].Item2);
        Assert.Matches("^shop-f[0-9a-f]{4}$", names[1].Item1);
    }

    [Fact]
    public async Task The_rules_deny_the_home_and_the_operators_commands_and_go_again_without_those_that_were_there()
    {
        const string mine = """
            {
              "permissions": {"deny": ["Bash(relay answer:*)", "Read(//etc/**)"], "allow": ["Read"]}
            }
            """;
        Directory.CreateDirectory(Path.GetDirectoryName(Local)!);
        await File.WriteAllTextAsync(Local, mine, Cancel);
        File.SetUnixFileMode(Local, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        await ConnectAsync(Project);
        var once = await File.ReadAllTextAsync(Local, Cancel);
        await ConnectAsync(Project);
        var denied = Read(Local)["permissions"]!["deny"]!.AsArray().Select(rule => (string?)rule).ToList();

        Assert.Equal(once, await File.ReadAllTextAsync(Local, Cancel));
        foreach (var rule in (string[])[
            $"Read(/{_relay.Home.Root}/**)", $"Edit(/{_relay.Home.Root}/**)", "Bash(relay answer:*)", "Bash(relay token:*)",
            "Bash(relay env:*)", "Bash(relay retry:*)", "Bash(relay drop:*)", "Read(//etc/**)"])
            Assert.Single(denied, rule);
        await DisconnectAsync(Project);
        Assert.Equal(mine, await File.ReadAllTextAsync(Local, Cancel));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(Local));
    }

    [Fact]
    public async Task What_others_added_meanwhile_stays()
    {
        await ConnectAsync(Project);
        var local = Read(Local);
        local["permissions"]!["deny"]!.AsArray().Add("WebFetch");
        local["env"]!["MINE"] = "1";
        await File.WriteAllTextAsync(Local, local.ToJsonString(), Cancel);

        await DisconnectAsync(Project);

        Assert.Equal("""{"env":{"MINE":"1"},"permissions":{"deny":["WebFetch"]}}""", Read(Local).ToJsonString());
    }

    [Fact]
    public async Task A_project_within_the_home_keeps_its_own_files_open()
    {
        var project = Directory.CreateDirectory(Path.Combine(_relay.Home.Root, "work")).FullName;

        await ConnectAsync(project);

        var denied = Read(Path.Combine(project, Ignored))["permissions"]!["deny"]!.ToJsonString();
        Assert.Contains($"Read(/{_relay.Home.Root}/.env)", denied, StringComparison.Ordinal);
        Assert.Contains($"Read(/{_relay.Home.Root}/state/**)", denied, StringComparison.Ordinal);
        Assert.DoesNotContain($"Read(/{_relay.Home.Root}/**)", denied, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"env\": 1}")]
    [InlineData("{\"permissions\": {\"deny\": \"all\"}}")]
    public async Task What_cannot_be_merged_into_is_refused_and_nothing_is_written(string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Local)!);
        await File.WriteAllTextAsync(Local, content, Cancel);

        var ran = await ConnectAsync(Project);

        Assert.Equal(1, ran.Exit);
        Assert.Contains(Local, ran.Error, StringComparison.Ordinal);
        Assert.Equal([Local], Directory.GetFiles(Project, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Git_does_not_see_it_and_the_list_is_as_before_when_it_is_disconnected()
    {
        await Programs.GitAsync(Project, "init");
        var before = await File.ReadAllTextAsync(Exclude, Cancel);

        await ConnectAsync(Project);
        await ConnectAsync(Project);

        Assert.Single(await File.ReadAllLinesAsync(Exclude, Cancel), Ignored);
        Assert.DoesNotContain(
            "settings.local", await Programs.GitAsync(Project, "status", "--porcelain", "-uall"), StringComparison.Ordinal);
        await DisconnectAsync(Project);
        Assert.Equal(before, await File.ReadAllTextAsync(Exclude, Cancel));
    }

    [Fact]
    public async Task A_line_of_the_users_own_stays()
    {
        await Programs.GitAsync(Project, "init");
        await File.WriteAllTextAsync(Exclude, Ignored + "\n", Cancel);

        await ConnectAsync(Project);
        await DisconnectAsync(Project);

        Assert.StartsWith(Ignored + "\n", await File.ReadAllTextAsync(Exclude, Cancel), StringComparison.Ordinal);
        Assert.Single(await File.ReadAllLinesAsync(Exclude, Cancel), Ignored);
    }

    [Fact]
    public async Task Two_work_trees_share_the_list_and_the_last_one_takes_the_line_along()
    {
        await Programs.GitAsync(Project, "init");
        await Programs.GitAsync(Project, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--allow-empty", "-m", "first");
        var other = Path.Combine(_folder.FullName, "tree");
        await Programs.GitAsync(Project, "worktree", "add", other);

        await ConnectAsync(Project);
        await ConnectAsync(other);
        await DisconnectAsync(Project);

        Assert.DoesNotContain(
            "settings.local", await Programs.GitAsync(other, "status", "--porcelain", "-uall"), StringComparison.Ordinal);
        await DisconnectAsync(other);
        Assert.DoesNotContain(Ignored, await File.ReadAllTextAsync(Exclude, Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_below_the_top_of_the_work_tree_is_named_from_there()
    {
        await Programs.GitAsync(Project, "init");
        var below = Directory.CreateDirectory(Path.Combine(Project, "web app")).FullName;

        await ConnectAsync(below);

        Assert.DoesNotContain(
            "settings.local", await Programs.GitAsync(Project, "status", "--porcelain", "-uall"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_under_version_control_gets_no_token()
    {
        await Programs.GitAsync(Project, "init");
        Directory.CreateDirectory(Path.GetDirectoryName(Local)!);
        await File.WriteAllTextAsync(Local, "{}", Cancel);
        await Programs.GitAsync(Project, "add", "-A");

        var ran = await ConnectAsync(Project);

        Assert.Equal(1, ran.Exit);
        Assert.Contains("git rm --cached", ran.Error, StringComparison.Ordinal);
        Assert.Equal("{}", await File.ReadAllTextAsync(Local, Cancel));
    }

    [Fact]
    public async Task A_cloned_folder_does_not_choose_whose_list_is_written()
    {
        var victim = _folder.CreateSubdirectory("victim").FullName;
        await Programs.GitAsync(victim, "init");
        var list = Path.Combine(victim, ".git", "info", "exclude");
        var before = await File.ReadAllTextAsync(list, Cancel);
        await File.WriteAllTextAsync(Path.Combine(Project, ".git"), $"gitdir: {victim}/.git\n", Cancel);

        var ran = await ConnectAsync(Project);

        Assert.Equal(before, await File.ReadAllTextAsync(list, Cancel));
        Assert.Contains("keep it out of version control", ran.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_that_does_not_know_its_folder_is_not_said_to_leave_anything_out()
    {
        await Programs.GitAsync(_folder.FullName, "init", "--separate-git-dir", $"{_folder.FullName}/elsewhere", Project);

        var ran = await ConnectAsync(Project);

        Assert.DoesNotContain("is in no git repository", ran.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("git leaves the file out", ran.Output, StringComparison.Ordinal);
        Assert.Contains($"{Project}/.git leads to no repository that knows this folder", ran.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_project_that_still_has_the_operators_token_is_changed_over()
    {
        await ConnectAsync(Project, "--shared");
        foreach (var file in (string[])[Path.Combine(Project, ".mcp.json"), Path.Combine(Project, ".claude/settings.json")])
        {
            var old = (await File.ReadAllTextAsync(file, Cancel)).Replace("RELAY_SESSION_TOKEN", "RELAY_TOKEN", StringComparison.Ordinal);
            await File.WriteAllTextAsync(file, old, Cancel);
        }
        File.Delete(Local);

        await ConnectAsync(Project);

        foreach (var file in Directory.GetFiles(Project, "*", SearchOption.AllDirectories))
            Assert.DoesNotContain("RELAY_TOKEN", await File.ReadAllTextAsync(file, Cancel), StringComparison.Ordinal);
        Assert.True(File.Exists(Local));
    }

    [Fact]
    public async Task What_is_only_shown_makes_no_connection()
    {
        var ran = await ConnectAsync(Project, "--print");

        Assert.Contains("(what relay token shop prints)", ran.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(_relay.Home.ConnectionsFile));
    }

    private Task<Ran> ConnectAsync(string project, params string[] options) =>
        _relay.RunAsync(["connect", "claude-code", "--project", project, .. options]);

    private Task<Ran> DisconnectAsync(string project) => _relay.RunAsync("disconnect", "claude-code", "--project", project);

    private static JsonObject Read(string file) => JsonNode.Parse(File.ReadAllText(file))!.AsObject();
}
