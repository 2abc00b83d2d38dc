using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>A project may be a cloned repository that holds anything: connect writes into it and nowhere else.</summary>
public sealed class ConnectedFilesTests : IAsyncDisposable
{
    private const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly CliHome _relay = new("listen: 127.0.0.1:7477\n");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-connected-");

    private string Project => Directory.CreateDirectory(Path.Combine(_folder.FullName, "project")).FullName;

    private string Mcp => Path.Combine(Project, ".mcp.json");

    private string Settings => Path.Combine(Project, ".claude", "settings.json");

    private string Outside => Path.Combine(_folder.FullName, "outside.json");

    public async ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        await _relay.DisposeAsync();
    }

    [Theory]
    [InlineData(".mcp.json")]
    [InlineData(".mcp.json.relay-backup")]
    [InlineData(".claude/settings.json")]
    [InlineData(".claude/settings.json.relay-backup")]
    public async Task A_link_that_leads_out_of_the_project_is_refused_by_name(string name)
    {
        File.WriteAllText(Outside, "{}");
        File.WriteAllText(Mcp, "{}");
        Directory.CreateDirectory(Path.Combine(Project, ".claude"));
        File.WriteAllText(Settings, "{}");
        File.Delete(Path.Combine(Project, name));
        File.CreateSymbolicLink(Path.Combine(Project, name), Outside);

        var ran = await ConnectAsync();

        Assert.Equal(1, ran.Exit);
        Assert.Contains($"{Path.Combine(Project, name)} is a link that leads out of", ran.Error, StringComparison.Ordinal);
        Assert.Equal("{}", File.ReadAllText(Outside));
        Assert.Equal(1, (await DisconnectAsync()).Exit);
        Assert.Equal("{}", File.ReadAllText(Outside));
    }

    [Theory]
    [InlineData("outside", true)]
    [InlineData("nowhere", false)]
    public async Task A_folder_that_is_a_link_out_of_the_project_is_refused(string name, bool isThere)
    {
        var outside = Path.Combine(_folder.FullName, name);
        if (isThere)
            Directory.CreateDirectory(outside);
        Directory.CreateSymbolicLink(Path.Combine(Project, ".claude"), outside);

        var ran = await ConnectAsync();

        Assert.Equal(1, ran.Exit);
        Assert.Contains("leads out of", ran.Error, StringComparison.Ordinal);
        Assert.False(isThere && Directory.EnumerateFileSystemEntries(outside).Any());
        Assert.False(File.Exists(Mcp));
    }

    [Fact]
    public async Task A_name_that_could_be_foreseen_is_not_written_through()
    {
        File.WriteAllText(Outside, "precious");
        File.WriteAllText(Mcp, "{}");
        File.CreateSymbolicLink(Mcp + ".relay-tmp", Outside);

        Assert.Equal(0, (await ConnectAsync()).Exit);

        Assert.Equal("precious", File.ReadAllText(Outside));
    }

    [Fact]
    public async Task A_link_within_the_project_stays_one_and_its_file_is_written()
    {
        var real = Path.Combine(Project, "shared.json");
        File.WriteAllText(real, "{}");
        File.CreateSymbolicLink(Mcp, real);

        Assert.Equal(0, (await ConnectAsync()).Exit);
        Assert.Contains("mcpServers", File.ReadAllText(real), StringComparison.Ordinal);
        Assert.Equal(0, (await DisconnectAsync()).Exit);

        Assert.Equal(real, new FileInfo(Mcp).LinkTarget);
        Assert.Equal("{}", File.ReadAllText(real));
    }

    [Fact]
    public async Task What_others_may_not_read_stays_so_and_so_does_its_backup()
    {
        File.WriteAllText(Mcp, """{"secret": 1}""");
        File.SetUnixFileMode(Mcp, OwnerAlone);

        Assert.Equal(0, (await ConnectAsync()).Exit);

        Assert.Equal(OwnerAlone, File.GetUnixFileMode(Mcp));
        Assert.Equal(OwnerAlone, File.GetUnixFileMode(Mcp + ".relay-backup"));
    }

    [Theory]
    [InlineData(".mcp.json")]
    [InlineData(".mcp.json.relay-backup")]
    [InlineData(".claude/settings.json")]
    public async Task A_FIFO_in_the_place_of_a_file_is_refused_at_once(string name)
    {
        Directory.CreateDirectory(Path.Combine(Project, ".claude"));
        Unix.Fifo(Path.Combine(Project, name));

        var ran = await Task.Run(() => ConnectAsync())
            .WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(1, ran.Exit);
        Assert.Contains("no regular file", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_without_end_or_of_any_size_is_not_read()
    {
        File.CreateSymbolicLink(Mcp, "/dev/zero");
        var endless = await ConnectAsync();
        File.Delete(Mcp);
        await using (var sparse = File.Create(Mcp))
            sparse.SetLength(1L << 40);
        var large = await ConnectAsync();

        Assert.Equal((1, 1), (endless.Exit, large.Exit));
        Assert.Contains("leads out of", endless.Error, StringComparison.Ordinal);
        Assert.Contains("too large", large.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".claude-plugin")]
    [InlineData("hooks")]
    public async Task A_plugin_s_folder_leads_nowhere_either(string name)
    {
        var plugin = Path.Combine(_folder.FullName, "plugin");
        Assert.Equal(0, (await _relay.RunAsync("connect", "claude-code", "--plugin", plugin)).Exit);
        var outside = Path.Combine(_folder.FullName, "elsewhere");
        Directory.Move(Path.Combine(plugin, name), outside);
        Directory.CreateSymbolicLink(Path.Combine(plugin, name), outside);
        var before = Directory.GetFiles(outside).Select(File.ReadAllText).ToList();

        Assert.Equal(1, (await _relay.RunAsync("connect", "claude-code", "--plugin", plugin, "--session", "shop")).Exit);
        Assert.Equal(1, (await _relay.RunAsync("disconnect", "claude-code", "--plugin", plugin)).Exit);

        Assert.Equal(before, Directory.GetFiles(outside).Select(File.ReadAllText));
    }

    private Task<Ran> ConnectAsync() => _relay.RunAsync("connect", "claude-code", "--project", Project);

    private Task<Ran> DisconnectAsync() => _relay.RunAsync("disconnect", "claude-code", "--project", Project);
}
