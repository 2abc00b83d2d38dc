using Relay.Files;
using Relay.Running;
using Relay.Storage;
using Xunit;

namespace Relay.Tests.Running;

public sealed class WakingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("relay-watch-").FullName;
    private readonly ChangeSignal _signal = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_signal_set_before_or_during_the_wait_ends_it()
    {
        _signal.Set();
        _signal.Set();
        await _signal.WaitAsync(TimeSpan.FromHours(1), TimeProvider.System, CancellationToken);

        var waiting = _signal.WaitAsync(TimeSpan.FromHours(1), TimeProvider.System, CancellationToken);
        Assert.False(waiting.IsCompleted);
        _signal.Set();
        await waiting;
    }

    [Fact]
    public async Task Without_a_signal_the_wait_ends_at_its_limit()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var waiting = _signal.WaitAsync(TimeSpan.FromSeconds(5), clock, CancellationToken);

        clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(waiting.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(0.2));

        await waiting;
    }

    [Fact]
    public async Task Cancelling_the_wait_is_no_signal()
    {
        using var stop = new CancellationTokenSource();
        var waiting = _signal.WaitAsync(TimeSpan.FromHours(1), TimeProvider.System, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task A_change_in_the_folder_is_heard()
    {
        var folder = Path.Combine(_folder, "watched");
        using var watch = new FolderWatch(folder, FolderWatch.NamesAndContents, _signal);
        await RenewAsync(watch);

        await File.WriteAllTextAsync(Path.Combine(folder, "a"), "x", CancellationToken);

        await HeardAsync();
    }

    [Fact]
    public async Task It_hears_again_after_the_folder_was_replaced()
    {
        var folder = Path.Combine(_folder, "watched");
        using var watch = new FolderWatch(folder, FolderWatch.NamesAndContents, _signal);
        await RenewAsync(watch);
        Directory.Delete(folder);
        Directory.CreateDirectory(folder);
        await RenewAsync(watch);

        await File.WriteAllTextAsync(Path.Combine(folder, "a"), "x", CancellationToken);

        await HeardAsync();
    }

    [Fact]
    public async Task A_folder_that_is_gone_is_made_again()
    {
        var folder = Path.Combine(_folder, "watched");
        using var watch = new FolderWatch(folder, FolderWatch.NamesAndContents, _signal);
        await RenewAsync(watch);
        Directory.Delete(folder);

        watch.Renew();

        Assert.True(Directory.Exists(folder));
    }

    [Fact]
    public async Task It_hears_again_after_more_happened_than_the_system_keeps()
    {
        var folder = Path.Combine(_folder, "watched");
        using var watch = new FolderWatch(folder, FolderWatch.NamesAndContents, _signal);
        await RenewAsync(watch);
        for (var index = 0; index < 30_000; index++) // The kernel keeps 16,384.
        {
            var path = Path.Combine(folder, $"{index}");
            await using (File.Create(path)) { }
            File.Delete(path);
        }
        await RenewAsync(watch);
        await RenewAsync(watch);

        await File.WriteAllTextAsync(Path.Combine(folder, "a"), "x", CancellationToken);

        await HeardAsync();
    }

    /// <summary>Renews and forgets what was heard so far.</summary>
    private async Task RenewAsync(FolderWatch watch)
    {
        watch.Renew();
        await _signal.WaitAsync(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken);
        await _signal.WaitAsync(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken);
    }

    private async Task HeardAsync()
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        await _signal.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, CancellationToken);
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10), "nothing was heard");
    }
}
