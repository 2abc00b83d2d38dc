using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>Makes the names in a folder durable. Those who ask while the disk is at work share the next time it is asked. Thread-safe.</summary>
internal sealed class SharedFolderSync(string folder)
{
    private readonly Lock _lock = new();
    private Task _running = Task.CompletedTask;
    private Task? _next;

    /// <summary>Returns when all that was in the folder at the call is there to stay.</summary>
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
            (_running, _next) = (_next!, null); // Who comes from here on may have come too late for this one.
        Sync();
    }

    private void Sync() => Posix.SyncFolder(folder);
}
