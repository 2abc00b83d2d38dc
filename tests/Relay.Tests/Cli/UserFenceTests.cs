using System.Text.Json.Nodes;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>relay connect --user writes the rules of --project into the client's settings of this user, and takes them back.</summary>
public sealed class UserFenceTests : IAsyncDisposable
{
    private readonly CliHome _relay = new("listen: 127.0.0.1:7477\n");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-fence-");

    private string Settings => Path.Combine(_folder.FullName, ".claude", "settings.json");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public UserFenceTests()
    {
        _relay.Environment["HOME"] = _folder.FullName;
        _relay.Environment["PATH"] = "/nowhere";
    }

    public async ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        await _relay.DisposeAsync();
    }

    [Fact]
    public async Task Every_session_is_kept_from_the_home_and_the_operators_commands_until_it_is_disconnected()
    {
        var project = _folder.CreateSubdirectory("shop").FullName;
        await _relay.RunAsync("connect", "claude-code", "--project", project);
        var connected = await ConnectAsync();
        var rules = Rules();
        await ConnectAsync();

        Assert.Equal(RulesIn(Path.Combine(project, ".claude", "settings.local.json")), rules);
        Assert.Contains($"Read(/{_relay.Home.Root}/**)", rules);
        Assert.Contains("Bash(relay answer:*)", rules);
        Assert.Equal(rules, Rules());
        Assert.Contains($"{Settings}: rules that keep a session from your home", connected.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await DisconnectAsync()).Exit);
        Assert.False(File.Exists(Settings));
        Assert.False(File.Exists(Settings + ".relay-backup"));
    }

    [Theory]
    [InlineData("{\n\t\"model\": \"x\",\n\t\"permissions\": {\"deny\": [\"Bash(relay drop:*)\", \"Bash(rm:*)\"]}, \"z\": 1.50\n}")]
    [InlineData("{\"permissions\":{\"deny\":[]}}")]
    [InlineData("{}\r\n")]
    public async Task What_was_there_comes_back_byte_for_byte(string before)
    {
        await WriteAsync(before);

        await ConnectAsync();
        await ConnectAsync("--mode", "relay");
        Assert.Contains($"Edit(/{_relay.Home.Root}/**)", Rules());
        Assert.Single(Rules(), "Bash(relay drop:*)");
        await DisconnectAsync();

        Assert.Equal(before, await File.ReadAllTextAsync(Settings, Cancel));
        Assert.Equal(["settings.json"], Directory.EnumerateFiles(Path.GetDirectoryName(Settings)!).Select(Path.GetFileName));
    }

    [Fact]
    public async Task What_others_wrote_meanwhile_stays()
    {
        await WriteAsync("""{"permissions":{"deny":["Bash(relay env:*)"]}}""");
        await ConnectAsync();
        var settings = JsonNode.Parse(await File.ReadAllTextAsync(Settings, Cancel))!;
        settings["permissions"]!["deny"]!.AsArray().Add("Bash(sudo:*)");
        settings["model"] = "y";
        await WriteAsync(settings.ToJsonString());

        await DisconnectAsync();

        Assert.Equal(["Bash(relay env:*)", "Bash(sudo:*)"], Rules());
        Assert.Equal("y", (string?)JsonNode.Parse(await File.ReadAllTextAsync(Settings, Cancel))!["model"]);
    }

    [Fact]
    public async Task Who_was_never_connected_keeps_his_own_rules()
    {
        const string own = """{"permissions":{"deny":["Bash(relay answer:*)"]}}""";
        await WriteAsync(own);

        await DisconnectAsync();

        Assert.Equal(own, await File.ReadAllTextAsync(Settings, Cancel));
    }

    [Theory]
    [InlineData("[]", "a JSON object is expected")]
    [InlineData("{\"permissions\":{\"deny\":1}}", "permissions.deny is not a list")]
    [InlineData("{ // mine\n}", "not JSON")]
    public async Task Settings_that_cannot_be_merged_into_are_refused_and_nothing_is_written(string before, string reason)
    {
        await WriteAsync(before);

        var refused = await ConnectAsync();

        Assert.Equal(1, refused.Exit);
        Assert.Contains(reason, refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(Settings, Cancel));
        Assert.False(Directory.Exists(Path.Combine(_relay.Home.Root, "claude-marketplace")));
    }

    [Fact]
    public async Task A_link_to_where_the_user_keeps_his_settings_stays_one()
    {
        var real = Path.Combine(_folder.CreateSubdirectory("dotfiles").FullName, "claude.json");
        await File.WriteAllTextAsync(real, "{}", Cancel);
        Directory.CreateDirectory(Path.GetDirectoryName(Settings)!);
        File.CreateSymbolicLink(Settings, real);

        await ConnectAsync();
        Assert.Equal(real, new FileInfo(Settings).LinkTarget);
        Assert.NotEmpty(Rules());
        await DisconnectAsync();

        Assert.Equal("{}", await File.ReadAllTextAsync(real, Cancel));
    }

    /// <summary>Its own sessions must read it, but for the secrets.</summary>
    [Fact]
    public async Task A_home_that_is_a_project_is_closed_only_where_its_secrets_are()
    {
        Directory.CreateDirectory(Path.Combine(_relay.Home.Root, ".git"));

        await ConnectAsync();

        var root = _relay.Home.Root;
        Assert.Equal(
            [$"Read(/{root}/.env)", $"Edit(/{root}/.env)", $"Read(/{root}/state/**)", $"Edit(/{root}/state/**)"],
            Rules().Where(rule => !rule.StartsWith("Bash(", StringComparison.Ordinal)));
        await DisconnectAsync();
        Assert.False(File.Exists(Settings));
    }

    [Fact]
    public async Task Where_the_client_keeps_its_settings_elsewhere_they_are_written_there_and_shown_alone_they_are_not()
    {
        _relay.Environment["CLAUDE_CONFIG_DIR"] = Path.Combine(_folder.FullName, "elsewhere");

        var shown = await ConnectAsync("--print");
        Assert.Contains("Bash(relay answer:*)", shown.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_relay.Environment["CLAUDE_CONFIG_DIR"]));
        await ConnectAsync();

        Assert.True(File.Exists(Path.Combine(_relay.Environment["CLAUDE_CONFIG_DIR"], "settings.json")));
        Assert.False(File.Exists(Settings));
    }

    private async Task WriteAsync(string settings)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Settings)!);
        await File.WriteAllTextAsync(Settings, settings, Cancel);
    }

    private List<string> Rules() => RulesIn(Settings);

    private static List<string> RulesIn(string file) =>
        [.. JsonNode.Parse(File.ReadAllText(file))!["permissions"]!["deny"]!.AsArray().Select(rule => (string)rule!)];

    private Task<Ran> ConnectAsync(params string[] more) => _relay.RunAsync(["connect", "claude-code", "--user", .. more]);

    private Task<Ran> DisconnectAsync() => _relay.RunAsync("disconnect", "claude-code", "--user");
}
