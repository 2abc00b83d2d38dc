using System.Data.Common;
using Microsoft.Extensions.Logging;
using Relay.Intake;
using Relay.Loopback;
using Relay.Running;
using Relay.Storage;
using Relay.Storage.Sqlite;
using Relay.Tests.Testing;
using Relay.Web.Status;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>What becomes of a database's file while the relay runs on it.</summary>
public sealed class DatabaseLossTests : IAsyncLifetime
{
    private LoopbackNtfy _ntfy = null!;
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private string File => _relay.Home.DatabaseFile;

    private string Aside => Path.Combine(_relay.Home.Root, "aside.db");

    public async ValueTask InitializeAsync()
    {
        _ntfy = await LoopbackNtfy.StartAsync();
        _relay = await TempRelay.CreateAsync(ntfy: _ntfy.Address, kind: SqlDialect.Sqlite.Name);
        await _relay.AcceptAsync("s", "before");
        await _relay.TakeTurnsAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _ntfy.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Removed_or_replaced_it_accepts_nothing_pages_at_once_keeps_all_and_goes_on_when_it_is_back(bool isReplaced)
    {
        await LoseAsync(isReplaced);
        var envelope = _relay.Drop("s", "while it is gone");

        await Assert.ThrowsAsync<DatabaseFaultException>(() => _relay.AcceptAsync("s", "by hand"));
        await Assert.ThrowsAsync<DatabaseFaultException>(_relay.RunAsync<QueueFolder>);
        await WatchAsync();
        await WatchAsync();

        Assert.True(System.IO.File.Exists(envelope));
        var status = await _relay.StatusAsync();
        Assert.Equal("error", status.State);
        Assert.Contains($"relay.db was {(isReplaced ? "replaced" : "removed")}", status.StateReason, StringComparison.Ordinal);
        var page = Assert.Single(_ntfy.Pages);
        Assert.Equal(("Relay error: the database", true), (page.Title, page.Message.Contains($"{File}.rescued")));
        Assert.Equal(2, await EntriesInAsync(File + ".rescued"));
        Assert.Single(_relay.Logs.GetSnapshot(), line => line.Level == LogLevel.Error && line.Message.StartsWith("The database:"));

        System.IO.File.Move(Aside, File, overwrite: true);
        await WatchAsync();
        await _relay.PassAsync();

        Assert.Equal(4, await _relay.CountAsync("SELECT COUNT(*) FROM entries"));
        Assert.Equal("running", (await _relay.StatusAsync()).State);
    }

    [Fact]
    public async Task Nothing_takes_its_place_by_itself()
    {
        await LoseAsync(isReplaced: false);
        await Assert.ThrowsAnyAsync<DbException>(() => ReadWithinAsync(depth: 8)); // More than wait open.
        await WatchAsync();

        Assert.False(System.IO.File.Exists(File));

        System.IO.File.Move(Aside, File);
        await WatchAsync();
    }

    [Fact]
    public async Task An_earlier_rescued_one_is_kept()
    {
        await System.IO.File.WriteAllTextAsync(File + ".rescued", "the only copy", CancellationToken);
        await LoseAsync(isReplaced: false);

        await WatchAsync();

        Assert.Equal("the only copy", await System.IO.File.ReadAllTextAsync(File + ".rescued.1", CancellationToken));
        Assert.Equal(2, await EntriesInAsync(File + ".rescued"));
        System.IO.File.Move(Aside, File);
        await WatchAsync();
    }

    [Theory]
    [InlineData("-wal")]
    [InlineData("-shm")]
    public async Task With_its_log_removed_all_goes_into_the_database_and_nothing_more_is_accepted(string part)
    {
        System.IO.File.Delete(File + part);

        await Assert.ThrowsAsync<DatabaseFaultException>(() => _relay.AcceptAsync("s", "by hand"));
        await WatchAsync();

        Assert.Contains("stop the relay and start it again", (await _relay.StatusAsync()).StateReason, StringComparison.Ordinal);
        System.IO.File.Copy(File, Aside);
        Assert.Equal(2, await EntriesInAsync(Aside));
        Assert.Single(_ntfy.Pages);
        await _relay.RestartAsync();
        Assert.Equal(2, await _relay.CountAsync("SELECT COUNT(*) FROM entries"));
    }

    [Fact]
    public async Task A_damaged_page_is_one_fault_with_file_and_remedy_one_page_and_one_line_in_the_log()
    {
        _relay.LeavesAllWell = false;
        await _relay.RestartAsync();
        SpoiltDatabase.Scramble(File);
        for (var minute = 0; minute < 30; minute++)
        {
            await Record.ExceptionAsync(() => _relay.WindowAsync());
            await Record.ExceptionAsync(_relay.TakeTurnsAsync);
            await WatchAsync();
            _relay.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        var fault = Assert.Single(_relay.Get<Faults>().All, fault => fault.Source == Faults.Database).Message;
        Assert.Contains($"{File} is damaged", fault, StringComparison.Ordinal);
        Assert.Contains("put relay.db back from a backup", fault, StringComparison.Ordinal);
        Assert.Contains(fault, (await _relay.StatusAsync()).StateReason, StringComparison.Ordinal);
        Assert.Equal("Relay error: the database", Assert.Single(_ntfy.Pages).Title);
        Assert.Single(_relay.Logs.GetSnapshot(), line => line.Level == LogLevel.Error && line.Message.StartsWith("The database:"));
    }

    [Fact]
    public async Task Known_to_be_damaged_it_accepts_nothing_though_it_could_be_written()
    {
        _relay.LeavesAllWell = false;
        await _relay.RestartAsync();
        var good = await System.IO.File.ReadAllBytesAsync(File, CancellationToken);
        SpoiltDatabase.Scramble(File);
        await Assert.ThrowsAsync<DatabaseFaultException>(_relay.TakeTurnsAsync);
        await using (var stream = new FileStream(File, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            await stream.WriteAsync(good, CancellationToken);
        await _relay.WriteAsync(writing => writing.Sql("CREATE TABLE written (a bigint)").ExecuteAsync(CancellationToken));

        var refused = await Assert.ThrowsAsync<DatabaseFaultException>(() => _relay.AcceptAsync("s", "Not into what is to be replaced."));

        Assert.Equal(DatabaseFault.Damaged, refused.Kind);
    }

    [Fact]
    public async Task A_full_disk_is_paged_once_from_memory_though_it_shows_again_and_again()
    {
        await _relay.WriteAsync(writing => writing.Sql("PRAGMA max_page_count = 1").ExecuteAsync(CancellationToken));
        var large = new string('x', 100_000);

        for (var attempt = 0; attempt < 5; attempt++)
        {
            var fault = await Assert.ThrowsAsync<DatabaseFaultException>(() => _relay.AcceptAsync("s", large));
            Assert.Equal(DatabaseFault.Full, fault.Kind);
            _relay.Get<Faults>().Set(Faults.Database, fault.Message);
            _relay.Get<Faults>().Set("writing the status", FullDisk.Explain(new IOException("No space left on device", 28)));
            await _relay.RunAsync<HealthWatch>();
            await _relay.RunAsync<DatabaseWatch>(); // There is room for what it tries.
            _relay.Get<Faults>().Clear("writing the status");
            await _relay.RunAsync<HealthWatch>();
            _relay.Clock.Advance(TimeSpan.FromSeconds(30));
        }

        Assert.Equal("Relay error: the disk is full", Assert.Single(_ntfy.Pages).Title);
        Assert.Equal(0, await _relay.CountAsync("SELECT COUNT(*) FROM pages WHERE kind = 'stuck'"));
        await _relay.WriteAsync(writing => writing.Sql("PRAGMA max_page_count = 1000000").ExecuteAsync(CancellationToken));
        await _relay.AcceptAsync("s", large);
        await _relay.TakeTurnsAsync();
    }

    [Fact]
    public async Task Once_it_is_quiet_the_log_is_emptied_and_then_left_alone()
    {
        var log = new FileInfo(File + "-wal");
        await _relay.RunAsync<DatabaseWatch>();
        log.Refresh();
        Assert.True(log.Length > 0);

        _relay.Clock.Advance(TimeSpan.FromSeconds(5));
        await _relay.RunAsync<DatabaseWatch>();
        log.Refresh();
        var (length, changed) = (log.Length, log.LastWriteTimeUtc);
        _relay.Clock.Advance(TimeSpan.FromSeconds(5));
        await _relay.RunAsync<DatabaseWatch>();
        log.Refresh();

        Assert.Equal((0, 0, changed), (length, log.Length, log.LastWriteTimeUtc));
        System.IO.File.Copy(File, Aside);
        Assert.Equal(2, await EntriesInAsync(Aside));
    }

    private async Task LoseAsync(bool isReplaced)
    {
        await _relay.RunAsync<DatabaseWatch>();
        System.IO.File.Move(File, Aside);
        if (!isReplaced)
            return;
        var other = Path.Combine(_relay.Home.Root, "other.db");
        await SpoiltDatabase.MakeAsync(other, withTables: true, CancellationToken);
        System.IO.File.Move(other, File);
    }

    private Task<long> ReadWithinAsync(int depth) => _relay.ReadAsync(reading => depth > 0
        ? ReadWithinAsync(depth - 1)
        : reading.Sql("SELECT COUNT(*) FROM entries").NumberAsync(CancellationToken));

    private async Task WatchAsync()
    {
        await _relay.RunAsync<DatabaseWatch>();
        await _relay.RunAsync<HealthWatch>();
    }

    private static async Task<long> EntriesInAsync(string file)
    {
        await using var database = SqliteDatabase.OpenReadOnly(file, TimeProvider.System);
        return await database.ReadAsync(
            reading => reading.Sql("SELECT COUNT(*) FROM entries").NumberAsync(CancellationToken), CancellationToken);
    }
}
