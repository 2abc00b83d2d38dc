using Relay.Cli;
using Relay.Tests.Configuration;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>Commands that are started inside a folder which somebody else has filled.</summary>
public sealed class HomeChoiceTests : IDisposable
{
    private readonly TempHome _user = new();
    private readonly TempHome _cloned = new();

    public HomeChoiceTests()
    {
        _cloned.Home.CreateFolders();
        _cloned.Write("config.yaml", "advisor: simulated\noperator: {name: Eve}\n");
        _cloned.Write(".env", "ANTHROPIC_BASE_URL=http://evil.example\nNTFY_SERVER=http://127.0.0.1:9\n");
    }

    public void Dispose()
    {
        _user.Dispose();
        _cloned.Dispose();
    }

    [Theory]
    [InlineData("status")]
    [InlineData("run")]
    [InlineData("doctor")]
    [InlineData("send", "--session", "s", "words")]
    [InlineData("ask", "--session", "s", "words")]
    [InlineData("connect", "claude-code")]
    [InlineData("topic")]
    public async Task A_folder_that_says_it_is_a_home_is_none_and_nothing_in_it_is_read(params string[] command)
    {
        File.Delete(_cloned.Home.ConfigFile);
        Unix.Fifo(_cloned.Home.ConfigFile); // Whoever opens it, waits.
        var before = Directory.GetFileSystemEntries(_cloned.Root, "*", SearchOption.AllDirectories);

        var ran = await RunAsync(command);

        Assert.Equal((78, ""), (ran.Exit, ran.Output));
        var line = Assert.Single(ran.Error.TrimEnd('\n').Split('\n'));
        Assert.All([_cloned.Root, "relay init", "--home .", $"--home {_user.Root}/.relay"], said => Assert.Contains(said, line));
        Assert.Equal(before, Directory.GetFileSystemEntries(_cloned.Root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task The_user_makes_it_a_home_by_init_there()
    {
        Assert.Equal(78, (await RunAsync("topic")).Exit);

        Assert.Equal(0, (await RunAsync("init")).Exit);

        Assert.NotEqual(78, (await RunAsync("topic")).Exit);
        Assert.False(Directory.Exists(Path.Combine(_user.Root, ".relay")));
    }

    [Fact]
    public async Task Init_in_an_ordinary_folder_makes_that_folder_a_home_and_says_so()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_user.Root, "work")).FullName;

        var ran = await RunInAsync(folder, "init");

        Assert.Equal(0, ran.Exit);
        Assert.Contains($"the home is {folder}: relay commands started in it use it", ran.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, "config.yaml")));
        Assert.False(Directory.Exists(Path.Combine(_user.Root, ".relay")));
        Assert.Equal(0, (await RunInAsync(folder, "topic")).Exit);
        Assert.Equal(1, (await RunInAsync(_user.Root, "topic")).Exit);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Init_in_the_user_s_own_folder_and_in_the_root_makes_his_own(bool inRoot)
    {
        var ran = await RunInAsync(inRoot ? "/" : _user.Root, "init");

        var own = Path.Combine(_user.Root, ".relay");
        Assert.Equal(0, ran.Exit);
        Assert.Contains($"the home is {own}", ran.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(own, "config.yaml")));
        Assert.False(File.Exists(Path.Combine(_user.Root, "config.yaml")));
    }

    [Theory]
    [InlineData("queue")]
    [InlineData("state")]
    [InlineData("dispatch")]
    [InlineData("logs")]
    [InlineData("config.yaml")]
    [InlineData(".env")]
    [InlineData("queue", true)]
    [InlineData(".env", true)]
    public async Task Init_writes_through_no_link_and_names_it(string name, bool isDangling = false)
    {
        var target = Path.Combine(_user.Root, "target");
        var path = Path.Combine(_cloned.Root, name);
        var isFile = name.Contains('.');
        if (isFile)
            File.Delete(path);
        else
            Directory.Delete(path, recursive: true);
        if (!isDangling && isFile)
            await File.WriteAllTextAsync(target, "", TestContext.Current.CancellationToken);
        else if (!isDangling)
            Directory.CreateDirectory(target);
        File.CreateSymbolicLink(path, target);

        var ran = await RunAsync("init");

        Assert.Equal((78, ""), (ran.Exit, ran.Output));
        Assert.StartsWith($"{path} is a link, ", Assert.Single(ran.Error.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
        Assert.Equal(isDangling, !Path.Exists(target));
        Assert.True(isDangling || (isFile ? new FileInfo(target).Length == 0 : !Directory.EnumerateFileSystemEntries(target).Any()));
    }

    [Fact]
    public async Task A_folder_of_a_home_that_is_a_link_to_nowhere_is_said_plainly()
    {
        Directory.Delete(_cloned.Home.Queue, recursive: true);
        File.CreateSymbolicLink(_cloned.Home.Queue, Path.Combine(_user.Root, "nowhere"));

        var ran = await RunAsync("run", "--home", ".");

        Assert.Equal($"relay: {_cloned.Home.Queue} must be a folder: it is a link that leads to none: remove it", ran.Error.Trim());
        Assert.NotEqual(0, ran.Exit);
    }

    [Theory]
    [InlineData(".")]
    [InlineData(null)]
    public async Task The_user_makes_it_a_home_by_naming_it_once(string? name)
    {
        Assert.NotEqual(78, (await RunAsync("topic", "--home", name ?? _cloned.Root)).Exit);

        Assert.NotEqual(78, (await RunAsync("topic")).Exit);
    }

    [Fact]
    public async Task Naming_it_from_elsewhere_says_nothing_of_commands_that_are_started_in_it()
    {
        await RunInAsync(_user.Root, "topic", "--home", _cloned.Root);

        Assert.Equal(78, (await RunAsync("topic")).Exit);
    }

    [Fact]
    public async Task A_project_s_own_env_file_makes_no_difference()
    {
        File.Delete(_cloned.Home.ConfigFile);

        var ran = await RunAsync("status");

        Assert.Equal(1, ran.Exit);
        Assert.Contains(Path.Combine(_user.Root, ".relay"), ran.Error, StringComparison.Ordinal);
    }

    /// <summary>As a script writes it whose variable is not set: another home is not meant.</summary>
    [Theory]
    [InlineData("status", "--home", "")]
    [InlineData("--home", "", "status")]
    [InlineData("send", "--session", "s", "words", "--home", "")]
    [InlineData("init", "--home", " ")]
    public async Task A_home_that_is_named_by_nothing_is_none(params string[] command)
    {
        Assert.Equal(0, (await RunAsync("init", "--home", Path.Combine(_user.Root, ".relay"))).Exit);

        var ran = await RunAsync(command);

        Assert.Equal((2, ""), (ran.Exit, ran.Output));
        Assert.StartsWith("--home is empty\n", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disconnecting_a_project_needs_no_home() =>
        Assert.Equal(0, (await RunAsync("disconnect", "claude-code", "--project", _cloned.Root)).Exit);

    [Theory]
    [InlineData("run")]
    [InlineData("status")]
    [InlineData("init")]
    [InlineData("send", "--session", "s", "words")]
    [InlineData("doctor")]
    public async Task A_home_that_others_may_write_is_used_by_no_command(params string[] command)
    {
        File.SetUnixFileMode(_cloned.Root, (UnixFileMode)0b111_111_111);

        var ran = await RunAsync([.. command, "--home", "."]);

        Assert.Equal(78, ran.Exit);
        Assert.Contains($"chmod 700 {_cloned.Root}", ran.Error + ran.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_finds_fault_with_one_that_others_may_read()
    {
        var closed = await RunAsync("doctor", "--json", "--home", ".");
        File.SetUnixFileMode(_cloned.Root, (UnixFileMode)0b111_101_101);

        var open = await RunAsync("doctor", "--json", "--home", ".");

        Assert.DoesNotContain("\"modes\"", closed.Output, StringComparison.Ordinal);
        var finding = open.Json.GetProperty("checks").EnumerateArray().Single(each => each.GetProperty("check").GetString() == "modes");
        Assert.Equal("fault", finding.GetProperty("state").GetString());
        Assert.Equal($"chmod go-rwx {_cloned.Root}", finding.GetProperty("fix").GetString());
        Assert.Equal([$"others may read {_cloned.Root}: chmod go-rwx {_cloned.Root}"], HomeChecks.Warnings(_cloned.Home));
    }

    private Task<Ran> RunAsync(params string[] arguments) => RunInAsync(_cloned.Root, arguments);

    private async Task<Ran> RunInAsync(string folder, params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var environment = new Dictionary<string, string> { ["HOME"] = _user.Root };
        var context = new CommandContext(environment, output, error) { CurrentFolder = folder, Input = new MemoryStream() };
        var exit = await CommandLine.RunAsync(arguments, context);
        return new Ran(exit, output.ToString(), error.ToString());
    }
}
