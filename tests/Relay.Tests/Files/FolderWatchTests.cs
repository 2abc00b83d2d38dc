using Relay.Files;
using Relay.Running;
using Xunit;

namespace Relay.Tests.Files;

public sealed class FolderWatchTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("relay-watch-").FullName;
    private readonly ChangeFeed _changes = new();
    private readonly Subscription _heard;

    public FolderWatchTests() => _heard = _changes.Subscribe(Topic.Queue);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _heard.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_change_in_the_folder_is_heard()
    {
        var folder = Path.Combine(_folder, "watched");
        using var watch = new FolderWatch(folder, FolderEvents.Come | FolderEvents.Write, Changed);
        await RenewAsync(watch);

        await File.WriteAllTextAsync(Path.Combine(folder, "a"), "x", CancellationToken);

        await HeardAsync();
    }

    [Fact]
    public async Task It_hears_again_after_the_folder_was_replaced()
    {
        var folder = Path.Combine(_folder, "watched");
        using var watch = new FolderWatch(folder, FolderEvents.Come | FolderEvents.Write, Changed);
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
        using var watch = new FolderWatch(folder, FolderEvents.Come | FolderEvents.Write, Changed);
        await RenewAsync(watch);
        Directory.Delete(folder);

        watch.Renew();

        Assert.True(Directory.Exists(folder));
    }

    [Fact]
    public async Task It_hears_again_after_more_happened_than_the_system_keeps()
    {
        var folder = Path.Combine(_folder, "watched");
        using var watch = new FolderWatch(folder, FolderEvents.Come | FolderEvents.Write, Changed);
        await RenewAsync(watch);
        for (var index = 0; index < 30_000; index++) // The kernel keeps 16,384 events.
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

    /// <summary>Renews the watch and drops the changes that were reported so far.</summary>
    private async Task RenewAsync(FolderWatch watch)
    {
        watch.Renew();
        await _heard.WaitAsync(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken);
        await _heard.WaitAsync(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken);
    }

    private void Changed() => _changes.Publish(Topic.Queue);

    private async Task HeardAsync()
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        await _heard.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, CancellationToken);
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10), "nothing was heard");
    }
}
