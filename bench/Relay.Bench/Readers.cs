using System.Diagnostics;

namespace Relay.Bench;

/// <summary>All sessions of a home, taking each reply at once by reading and deleting it. One watcher for all of them, as a watcher a
/// session would need more inotify instances than a user may have.</summary>
internal sealed class Readers : IAsyncDisposable
{
    private const string Reply = "input.txt";
    private static readonly TimeSpan LongestDeafness = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly IReadOnlyList<string> _inboxes;
    private readonly FileSystemWatcher _watcher;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _sweeping;
    private int _count;
    private long _lastTicks;

    /// <param name="dispatch">The folder of the sessions' folders, which are there already: the watcher notices a new one too late for its
    /// first reply.</param>
    public Readers(string dispatch)
    {
        _inboxes = [.. Directory.GetDirectories(dispatch).Where(folder => Path.GetFileName(folder)[0] != '.')];
        _watcher = new FileSystemWatcher(dispatch, Reply) { NotifyFilter = NotifyFilters.FileName, IncludeSubdirectories = true };
        _watcher.Created += (_, change) => Take(change.FullPath);
        _watcher.Renamed += (_, change) => Take(change.FullPath);
        _watcher.EnableRaisingEvents = true;
        _sweeping = Task.Run(SweepAsync);
    }

    public int Count => Volatile.Read(ref _count);

    /// <summary>Stopwatch ticks when the newest reply had been read, just before its file was deleted.</summary>
    public long LastTicks => Volatile.Read(ref _lastTicks);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _sweeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _watcher.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Finds what the watcher lost.</summary>
    private async Task SweepAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            await Task.Delay(LongestDeafness, TimeProvider.System, _stopping.Token);
            foreach (var inbox in _inboxes)
                Take(Path.Combine(inbox, Reply));
        }
    }

    private void Take(string file)
    {
        lock (_gate)
        {
            if (!File.Exists(file))
                return;
            File.ReadAllBytes(file);
            Volatile.Write(ref _lastTicks, Stopwatch.GetTimestamp());
            File.Delete(file);
            Volatile.Write(ref _count, _count + 1);
        }
    }
}
