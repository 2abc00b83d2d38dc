using Relay.Agents.Connect;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>A file that git tracks gets no token, whatever form its index has, and one that only looks like it keeps nobody off.</summary>
public sealed class GitIndexTests : IDisposable
{
    private const string Local = ".claude/settings.local.json";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-index-");

    private string Top => _folder.FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("sha1", "2")]
    [InlineData("sha1", "3")]
    [InlineData("sha1", "4")]
    [InlineData("sha1", "split")]
    [InlineData("sha1", "split 4")]
    [InlineData("sha256", "2")]
    [InlineData("sha256", "4")]
    [InlineData("sha256", "split")]
    public async Task What_is_tracked_is_seen_and_nothing_else(string hash, string form)
    {
        await Programs.GitAsync(Top, "init", $"--object-format={hash}");
        string[] tracked = [".claude/settings.json", Local, "web/.mcp.json", "z", new string('l', 200) + "/x"];
        foreach (var file in tracked)
            Write(file);
        await Programs.GitAsync(Top, "add", "-A", "-f");
        if (form.Contains('4', StringComparison.Ordinal))
            await Programs.GitAsync(Top, "update-index", "--index-version", "4");
        if (form.StartsWith("split", StringComparison.Ordinal))
            await Programs.GitAsync(Top, "update-index", "--split-index");
        if (form == "3")
        {
            Write("later");
            await Programs.GitAsync(Top, "add", "-N", "later");
        }

        var git = GitExclude.Of(Top)!;
        var below = GitExclude.Of(Path.Combine(Top, "web"))!;

        Assert.All(tracked, file => Assert.True(git.Tracks(file), file));
        Assert.True(below.Tracks(".mcp.json"));
        Assert.False(git.Tracks(".mcp.json"));
        Assert.False(below.Tracks(Local));
        Assert.False(git.Tracks("settings.local.json"));
    }

    /// <summary>As git says itself.</summary>
    [Theory]
    [InlineData("*\n!*/\n!*.json")]
    [InlineData("*\n!*.json")]
    [InlineData("!.claude/settings.local.json")]
    [InlineData("!/.claude/*")]
    [InlineData("!.claude/")]
    [InlineData("!**/settings.local.json\r\n")]
    [InlineData("!.claude/**")]
    [InlineData(".claude/*\n!.claude/settings.json")]
    [InlineData("!*.json\n.claude/settings.local.json")]
    [InlineData("!*.json\n.claude/")]
    [InlineData("!settings.lo[ab-d]al.jso?")]
    [InlineData("!settings.lo[!c]al.json")]
    [InlineData("!settings.local.json   ")]
    [InlineData("\\!settings.local.json")]
    [InlineData("# !*.json\n\n!settings\\.local.json")]
    [InlineData("!local.json")]
    [InlineData("!claude/settings.local.json")]
    [InlineData("!**/*.j[s]on", "settings.local.json")]
    [InlineData("", "!*.json")]
    [InlineData("!*.json", "*.json")]
    [InlineData("!*.json\n[")]
    [InlineData("*.js[z-a]n\n![\n!\n!/\n!*.js[z-a]n")]
    public async Task A_line_that_takes_it_in_against_the_list_is_found(string top, string? inFolder = null)
    {
        await Programs.GitAsync(Top, "init");
        Write(Local);
        await File.WriteAllTextAsync(Path.Combine(Top, ".git", "info", "exclude"), Local + "\n", Cancel);
        await File.WriteAllTextAsync(Path.Combine(Top, ".gitignore"), top, Cancel);
        if (inFolder is not null)
            await File.WriteAllTextAsync(Path.Combine(Top, ".claude", ".gitignore"), inFolder, Cancel);

        var status = await Programs.GitAsync(Top, "status", "--porcelain", "-uall");

        Assert.Equal(status.Contains("settings.local.json", StringComparison.Ordinal), GitExclude.Of(Top)!.TakesIn(Local) is not null);
    }

    [Fact]
    public async Task What_is_taken_out_of_the_index_is_tracked_no_more()
    {
        await Programs.GitAsync(Top, "init");
        Write(Local);
        await Programs.GitAsync(Top, "add", "-f", Local);
        await Programs.GitAsync(Top, "rm", "--cached", Local);

        Assert.False(GitExclude.Of(Top)!.Tracks(Local));
    }

    [Fact]
    public async Task An_index_that_cannot_be_read_is_said_and_not_taken_for_one_without_the_file()
    {
        await Programs.GitAsync(Top, "init");
        Write(Local);
        await Programs.GitAsync(Top, "add", "-f", Local);
        var index = Path.Combine(Top, ".git", "index");
        foreach (var spoilt in new[] { "DIRC", "no index at all", "DIRC\0\0\0\u0009\0\0\0\u0001" })
        {
            await File.WriteAllTextAsync(index, spoilt, Cancel);
            Assert.Contains(index, Assert.Throws<ConnectFault>(() => GitExclude.Of(Top)!.Tracks(Local)).Message, StringComparison.Ordinal);
        }
    }

    private void Write(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Top, file))!);
        File.WriteAllText(Path.Combine(Top, file), "{}");
    }
}
