using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>One relay per home: an advisory lock on state/.lock that dies with the process, so a kill -9 leaves nothing to clean up.</summary>
internal sealed class InstanceLock : IDisposable
{
    private readonly SafeFileHandle _handle;

    private InstanceLock(SafeFileHandle handle) => _handle = handle;

    public abstract record Taken
    {
        private Taken() { }
        public sealed record Mine(InstanceLock Lock) : Taken;
        /// <summary>The pid is null in the instant between another's lock and its writing the pid.</summary>
        public sealed record Other(int? ProcessId) : Taken;
    }

    /// <summary>Tries for a quarter of a second: a command that looks who is running holds the lock for an instant.</summary>
    public static async Task<Taken> TakeAsync(string path, TimeProvider clock, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var taken = Take(path);
            if (taken is Taken.Mine || attempt == 5)
                return taken;
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, cancellationToken);
        }
    }

    /// <summary>Who holds the lock now, or null when nobody does.</summary>
    public static int? RunningProcess(string path)
    {
        if (!File.Exists(path))
            return null;
        using var handle = Posix.OpenRegular(path);
        if (handle is null || Posix.TryLockShared(handle))
            return null;
        return Holder(path) ?? 0;
    }

    public void Dispose() => _handle.Dispose();

    private static Taken Take(string path)
    {
        // Not File.OpenHandle: .NET takes a lock of its own on every file it opens for writing, whatever the sharing, and fails on another's.
        var handle = Posix.OpenOrCreate(path);
        if (!Posix.TryLock(handle))
        {
            handle.Dispose();
            return new Taken.Other(Holder(path));
        }
        var pid = Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        RandomAccess.SetLength(handle, 0);
        RandomAccess.Write(handle, pid, fileOffset: 0);
        return new Taken.Mine(new InstanceLock(handle));
    }

    private static int? Holder(string path)
    {
        using var handle = Posix.OpenRegular(path);
        if (handle is null)
            return null;
        Span<byte> text = stackalloc byte[16];
        var length = RandomAccess.Read(handle, text, fileOffset: 0);
        return int.TryParse(Encoding.ASCII.GetString(text[..length]).AsSpan().Trim(), CultureInfo.InvariantCulture, out var pid) ? pid : null;
    }
}
