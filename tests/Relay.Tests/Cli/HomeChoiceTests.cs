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
