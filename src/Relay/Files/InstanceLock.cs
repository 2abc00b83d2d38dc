using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>Allows one relay for a home, by an advisory lock on state/.lock. The lock ends with its process,
/// so nothing is left to clean up after a kill -9.</summary>
internal sealed class InstanceLock : IDisposable
{
    private readonly SafeFileHandle _handle;

    private InstanceLock(SafeFileHandle handle) => _handle = handle;

    public abstract record Taken
    {
        private Taken() { }

        public sealed record Mine(InstanceLock Lock) : Taken;

        /// <summary>Another process has the lock. Its id is null if it has not written it yet.</summary>
        public sealed record Other(int? ProcessId) : Taken;
    }

    /// <summary>Tries for a quarter of a second, because a command that checks who is running holds the lock for a moment.</summary>
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

    /// <summary>The id of the process that has the lock; 0 if it is not known, null if no process has it.</summary>
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
        // Not File.OpenHandle: .NET locks every file that it opens for writing, and fails if the file is locked.
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
        var written = Encoding.ASCII.GetString(text[..length]).Trim();
        return int.TryParse(written, CultureInfo.InvariantCulture, out var pid) ? pid : null;
    }
}
