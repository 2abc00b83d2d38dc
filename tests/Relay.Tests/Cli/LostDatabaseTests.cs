using Relay.Loopback;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>A home that had a database takes no other for it: not none, not an empty one, not half of it.</summary>
public sealed class LostDatabaseTests : IAsyncLifetime
{
    private readonly CliHome _relay = new(kind: SqlDialect.Sqlite.Name);
    private LoopbackNtfy _ntfy = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private string File => _relay.Home.DatabaseFile;

    public async ValueTask InitializeAsync()
    {
        _ntfy = await LoopbackNtfy.StartAsync();
        _relay.Environment["NTFY_SERVER"] = _ntfy.Address.ToString();
        await _relay.StartAsync();
        for (var number = 1; number <= 3; number++)
            Assert.Equal(0, (await _relay.RunAsync("ask", "--session", "s", $"Question {number}")).Exit);
        await _relay.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _ntfy.DisposeAsync();
    }

    [Theory]
    [InlineData("missing", "is missing")]
    [InlineData("zero bytes", "is empty (0 bytes)")]
    [InlineData("no database", "is no database of SQLite")]
    [InlineData("cut off", "is cut off: 20,000 of ")]
    [InlineData("a folder", "is no file")]
    [InlineData("no tables", "the database has no tables", "the database is empty")]
    [InlineData("another home's", "the database is another than this home's", "the database is another than this home's")]
    [InlineData("a page of noise", "", "is damaged")]
    public async Task It_is_refused_with_what_is_known_the_way_back_and_the_way_on(string kind, string read, string? start = null)
    {
        await System.IO.File.WriteAllBytesAsync(File + ".backup", [1], CancellationToken);
        await SpoilAsync(kind);
        var spoilt = Facts();

        var ran = await RefusedAsync();
        var status = await System.IO.File.ReadAllTextAsync(_relay.Home.StatusFile, CancellationToken);
        var log = await _relay.RunAsync("log");

        Assert.Equal((78, ""), (ran.Exit, ran.Output));
        var line = Assert.Single(ran.Error.Trim().Split('\n'));
        Assert.All(
            [start ?? read, "6 entries and 3 messages", "relay.db.backup", "from a backup", "relay run --forget"],
            part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.Equal(spoilt, Facts());
        Assert.Contains("\"state\": \"error\"", status, StringComparison.Ordinal);
        Assert.Contains(start ?? read, status.Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
        if (read.Length > 0)
        {
            Assert.Equal((78, ""), (log.Exit, log.Output));
            Assert.Contains(read, log.Error, StringComparison.Ordinal);
        }
        var page = Assert.Single(_ntfy.Pages, page => page.Title == "Relay error: cannot start");
        Assert.Contains("6 entries", page.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task However_often_it_is_started_there_is_one_page()
    {
        System.IO.File.Delete(File);
        for (var attempt = 0; attempt < 3; attempt++)
            Assert.Equal(78, (await RefusedAsync()).Exit);

        Assert.Single(_ntfy.Pages, page => page.Title == "Relay error: cannot start");
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("a page of noise")]
    [InlineData("no tables")]
    public async Task Told_to_forget_it_starts_empty_says_so_and_keeps_what_was_there(string kind)
    {
        await SpoilAsync(kind);
        var spoilt = Facts();

        var daemon = await _relay.StartAsync(forgets: true);
        var log = await _relay.RunAsync("log");
        await _ntfy.WaitForPageAsync(page => page.Message.Contains("starts with an empty database"), TimeSpan.FromSeconds(20));

        Assert.Contains("starts with an empty database", daemon.Warning, StringComparison.Ordinal);
        Assert.DoesNotContain("Question 1", log.Output, StringComparison.Ordinal);
        var kept = Directory.GetFiles(_relay.Home.State, "relay.db.forgotten-*");
        if (kind == "missing")
            Assert.Empty(kept);
        else
            Assert.Contains(kept, file => new FileInfo(file).Length == spoilt.Length);
        await _relay.StopAsync();
        await _relay.StartAsync();
    }

    [Fact]
    public async Task Told_to_forget_a_sound_one_it_forgets_nothing()
    {
        var daemon = await _relay.StartAsync(forgets: true);

        Assert.Null(daemon.Warning);
        Assert.Contains("Question 1", (await _relay.RunAsync("log")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_older_copy_of_it_is_taken_and_said()
    {
        System.IO.File.Copy(File, File + ".backup");
        await _relay.StartAsync();
        await _relay.RunAsync("ask", "--session", "s", "One more");
        await _relay.StopAsync();
        System.IO.File.Move(File + ".backup", File, overwrite: true);

        var daemon = await _relay.StartAsync();

        Assert.StartsWith(
            "the database has 6 entries and 3 messages, and this home knows of 8 entries and 4 messages", daemon.Warning,
            StringComparison.Ordinal);
        await _relay.StopAsync();
        Assert.Null((await _relay.StartAsync()).Warning);
    }

    [Fact]
    public async Task With_its_memory_damaged_a_home_still_knows_that_there_was_one()
    {
        await System.IO.File.WriteAllTextAsync(_relay.Home.KnownDatabaseFile, "{\"sqli", CancellationToken);
        await _relay.StartAsync();
        await _relay.StopAsync();
        await System.IO.File.WriteAllTextAsync(_relay.Home.KnownDatabaseFile, "", CancellationToken);
        System.IO.File.Delete(File);

        Assert.Equal(78, (await RefusedAsync()).Exit);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public async Task Doctor_names_the_fault_and_the_remedy()
    {
        System.IO.File.Delete(File);

        var ran = await _relay.RunAsync("doctor", "--json");

        var check = ran.Json.GetProperty("checks").EnumerateArray().Single(each => each.GetProperty("check").GetString() == "database");
        Assert.Equal("fault", check.GetProperty("state").GetString());
        Assert.Contains("is missing, and this home knows of 6 entries", check.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("--forget", check.GetProperty("fix").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_home_that_never_had_one_starts()
    {
        await using var fresh = new CliHome(kind: SqlDialect.Sqlite.Name);
        fresh.Home.CreateFolders();
        await System.IO.File.WriteAllBytesAsync(fresh.Home.DatabaseFile, [], CancellationToken); // Killed as SQLite made it.

        await fresh.StartAsync();

        Assert.Equal(0, (await fresh.RunAsync("status")).Exit);
    }

    /// <summary>One that starts would run on.</summary>
    private Task<Ran> RefusedAsync() => _relay.RunAsync("run").WaitAsync(TimeSpan.FromSeconds(20), CancellationToken);

    private (long Length, DateTime Changed) Facts() => System.IO.File.Exists(File)
        ? (new FileInfo(File).Length, System.IO.File.GetLastWriteTimeUtc(File))
        : (0, default);

    private async Task SpoilAsync(string kind)
    {
        switch (kind)
        {
            case "missing":
                System.IO.File.Delete(File);
                break;
            case "zero bytes":
                await System.IO.File.WriteAllBytesAsync(File, [], CancellationToken);
                break;
            case "no database":
                await System.IO.File.WriteAllTextAsync(File, new string('x', 5_000), CancellationToken);
                break;
            case "cut off":
                await using (var file = System.IO.File.OpenWrite(File))
                    file.SetLength(20_000);
                break;
            case "a folder":
                System.IO.File.Delete(File);
                Directory.CreateDirectory(File);
                break;
            case "a page of noise":
                SpoiltDatabase.Scramble(File);
                break;
            default:
                System.IO.File.Delete(File);
                await SpoiltDatabase.MakeAsync(File, withTables: kind != "no tables", CancellationToken);
                break;
        }
    }
}
