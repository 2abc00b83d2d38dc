using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>Makes the names in a folder durable. All that call it while a sync runs share the next sync. Thread-safe.</summary>
internal sealed class SharedFolderSync(string folder)
{
    private readonly Lock _lock = new();
    private Task _running = Task.CompletedTask;
    private Task? _next;

    /// <summary>Ends when all names that were in the folder at the time of the call are durable.</summary>
    public Task SyncAsync()
    {
        lock (_lock)
        {
            if (_next is not null)
                return _next;
            return _running.IsCompleted ? _running = Task.Run(Sync) : _next = AfterAsync(_running);
        }
    }

    private async Task AfterAsync(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (_lock)
            (_running, _next) = (_next!, null); // For later callers this sync may be too early.
        Sync();
    }

    private void Sync() => Posix.SyncFolder(folder);
}
