using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>A turn among processes that change the same files: an advisory lock on a file of its own, which ends with its process.
/// </summary>
internal static class FileTurn
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Dispose it when the turn is over. Null where another process had it all the while.</summary>
    /// <param name="path">The file, which is made where it is not there.</param>
    /// <param name="patience">How long to wait for it.</param>
    /// <param name="clock">Measures that.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<IDisposable?> TakeAsync(
        string path, TimeSpan patience, TimeProvider clock, CancellationToken cancellationToken)
    {
        var handle = Posix.OpenOrCreate(path);
        try
        {
            for (var begun = clock.GetTimestamp(); !Posix.TryLock(handle);)
            {
                if (clock.GetElapsedTime(begun) > patience)
                {
                    handle.Dispose();
                    return null;
                }
                await Task.Delay(Pause, clock, cancellationToken);
            }
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
