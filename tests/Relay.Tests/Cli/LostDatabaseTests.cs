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

    /// <summary>What was said long ago is read when it is needed, and then it is late.</summary>
    [Theory]
    [InlineData("entries")]
    [InlineData("rulings")]
    [InlineData("message_events")]
    public async Task Noise_in_a_page_that_no_start_reads_is_found_by_looking_through_all_of_it(string table)
    {
        SpoiltDatabase.Scramble(File, table);

        var ran = await RefusedAsync();

        Assert.Equal((78, ""), (ran.Exit, ran.Output));
        Assert.Contains("is damaged: ", ran.Error, StringComparison.Ordinal);
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
    public async Task An_older_copy_is_refused_until_the_home_is_told_to_forget_and_then_taken_as_it_is()
    {
        System.IO.File.Copy(File, File + ".backup");
        await _relay.StartAsync();
        await _relay.RunAsync("ask", "--session", "s", "One more");
        await _relay.StopAsync();
        System.IO.File.Copy(File + ".backup", File, overwrite: true);

        var ran = await RefusedAsync();
        var log = await _relay.RunAsync("log");
        var status = await _relay.RunAsync("status");

        const string words = "has only 6 entries and 3 messages: it is an older copy, or what came last is lost, "
            + "and this home knows of 8 entries and 4 messages";
        Assert.Equal((78, ""), (ran.Exit, ran.Output));
        Assert.All(
            [words, "relay.db.backup", "relay run --forget goes on with what is there"],
            part => Assert.Contains(part, Assert.Single(ran.Error.Trim().Split('\n')), StringComparison.Ordinal));
        Assert.Equal((78, ""), (log.Exit, log.Output));
        Assert.Contains(words, status.Output + status.Error, StringComparison.Ordinal);
        Assert.Single(_ntfy.Pages, page => page.Title == "Relay error: cannot start");
        var daemon = await _relay.StartAsync(forgets: true);
        Assert.Contains("goes on with what is there", daemon.Warning, StringComparison.Ordinal);
        Assert.Contains("Question 3", (await _relay.RunAsync("log")).Output, StringComparison.Ordinal);
        await _relay.StopAsync();
        Assert.Null((await _relay.StartAsync()).Warning);
    }

    [Theory]
    [InlineData("status", "status.json says that it had 6 turns")]
    [InlineData("dispatch", "a reply lies in dispatch/s")]
    [InlineData("log", "tells of messages that were accepted")]
    public async Task Without_its_memory_what_else_lies_in_the_home_tells_of_it(string left, string words)
    {
        Directory.CreateDirectory(_relay.Home.SessionFolder("s"));
        await System.IO.File.WriteAllTextAsync(Path.Combine(_relay.Home.SessionFolder("s"), "input.json"), "{}", CancellationToken);
        System.IO.File.Delete(File);
        System.IO.File.Delete(_relay.Home.KnownDatabaseFile);
        if (left != "status")
            System.IO.File.Delete(_relay.Home.StatusFile);
        if (left == "log")
            Directory.Delete(_relay.Home.SessionFolder("s"), recursive: true);

        var ran = await RefusedAsync();

        Assert.Equal((78, ""), (ran.Exit, ran.Output));
        Assert.Contains(words, ran.Error, StringComparison.Ordinal);
        Assert.Equal(78, (await _relay.RunAsync("log")).Exit);
        Assert.False(System.IO.File.Exists(File));
        await _relay.StartAsync(forgets: true);
        await _relay.StopAsync();
        await _relay.StartAsync();
    }

    [Fact]
    public async Task What_the_older_relay_has_left_is_no_trace_of_one()
    {
        await using var old = new CliHome(kind: SqlDialect.Sqlite.Name);
        old.Home.CreateFolders();
        Directory.CreateDirectory(old.Home.SessionFolder("s"));
        await System.IO.File.WriteAllTextAsync(Path.Combine(old.Home.SessionFolder("s"), "input.txt"), "a reply", CancellationToken);
        await System.IO.File.WriteAllTextAsync(
            old.Home.StatusFile, """{"history_turns": 12, "last_dispatch_at": "2025-01-01T00:00:00Z"}""", CancellationToken);
        await System.IO.File.WriteAllTextAsync(old.Home.LogFile, "2025-01-01 INFO relay: accepted a message", CancellationToken);
        await System.IO.File.WriteAllTextAsync(
            old.Home.HistoryFile, """[{"role": "user", "content": "from before"}]""", CancellationToken);

        await old.StartAsync();

        Assert.Contains("from before", (await old.RunAsync("log")).Output, StringComparison.Ordinal);
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
