using System.Runtime.InteropServices;

namespace Relay.Files.Platform;

/// <summary>What this process creates in a home is for its owner alone, whatever the umask of the shell it was started from.</summary>
internal static partial class FileModes
{
    private const uint OwnerAlone = 0b000_111_111;

    private static readonly Lock Changing = new();
    private static uint? _asStarted;

    public static void KeepPrivate()
    {
        lock (Changing)
            _asStarted ??= SetUmask(OwnerAlone);
    }

    /// <summary>For what others are to read: what the umask that this process was started with leaves of a mode.</summary>
    public static UnixFileMode AsStarted(UnixFileMode mode)
    {
        lock (Changing)
        {
            var mask = _asStarted ?? SetUmask(OwnerAlone);
            if (_asStarted is null)
                _ = SetUmask(mask); // It can be asked for only by setting it.
            return mode & ~(UnixFileMode)mask;
        }
    }

    /// <summary>For other programs: with the umask this process was started with.</summary>
    public static T AsStarted<T>(Func<T> work)
    {
        lock (Changing)
        {
            if (_asStarted is not { } mask)
                return work();
            _ = SetUmask(mask);
            try
            {
                return work();
            }
            finally
            {
                _ = SetUmask(OwnerAlone);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint SetUmask(uint mask);
}
