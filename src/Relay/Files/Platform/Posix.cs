using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Relay.Files.Platform;

/// <summary>The calls that .NET does not offer: lstat, open without following links, rename without replacing, fsync, flock.
/// What is different on Linux and macOS is in <see cref="Linux"/> and <see cref="MacOs"/>.</summary>
internal static partial class Posix
{
    private const int ReadOnly = 0, WriteOnly = 1, ReadWrite = 2; // fcntl.h
    private const int LongestPath = 4096; // linux/limits.h: PATH_MAX; on macOS it is less
    private const int LockShared = 1, LockExclusive = 2, LockNonBlocking = 4; // sys/file.h

    private static readonly int NoFollow = OperatingSystem.IsMacOS() ? MacOs.NoFollow : Linux.NoFollow;
    private static readonly int NonBlocking = OperatingSystem.IsMacOS() ? MacOs.NonBlocking : Linux.NonBlocking;
    private static readonly int CloseOnExec = OperatingSystem.IsMacOS() ? MacOs.CloseOnExec : Linux.CloseOnExec;
    private static readonly int IsLink = OperatingSystem.IsMacOS() ? MacOs.IsLink : Linux.IsLink;

    /// <summary>Null when there is nothing at the path, or a file where one of its folders should be.</summary>
    public static FileFacts? Lstat(string path)
    {
        var error = OperatingSystem.IsMacOS() ? MacOs.Lstat(path, out var facts) : Linux.Lstat(path, out facts);
        return error switch
        {
            Errno.None => facts,
            Errno.NoSuchEntry or Errno.NoFolder => null,
            _ => throw Errno.Failed("stat", path, error),
        };
    }

    /// <summary>As <see cref="Lstat"/>, but of what a link leads to. Null where it leads nowhere.</summary>
    public static FileFacts? Stat(string path)
    {
        var error = OperatingSystem.IsMacOS() ? MacOs.Stat(path, out var facts) : Linux.Stat(path, out facts);
        return error switch
        {
            Errno.None => facts,
            Errno.NoSuchEntry or Errno.NoFolder => null,
            _ => throw Errno.Failed("stat", path, error),
        };
    }

    public static FileFacts Facts(SafeFileHandle handle)
    {
        var error = OperatingSystem.IsMacOS() ? MacOs.Stat(handle, out var facts) : Linux.Stat(handle, out facts);
        return error == Errno.None ? facts : throw Errno.Failed("stat", "an open file", error);
    }

    /// <summary>Opens a regular file for reading. It never follows a link and never blocks on a FIFO.
    /// Null when the file is gone or is not a regular file.</summary>
    public static SafeFileHandle? OpenRegular(string path)
    {
        if (Lstat(path) is not { Kind: FileKind.Regular })
            return null;
        var handle = Open(path, ReadOnly | NoFollow | NonBlocking | CloseOnExec);
        if (handle.IsInvalid)
        {
            var error = Marshal.GetLastPInvokeError();
            return error == Errno.NoSuchEntry || error == IsLink ? null : throw Errno.Failed("open", path, error);
        }
        if (Facts(handle).Kind == FileKind.Regular)
            return handle;
        handle.Dispose(); // It was replaced between lstat and open.
        return null;
    }

    /// <summary>Opens a regular file for reading, through links. It never blocks on a FIFO, and opens no device.
    /// Null when it is gone or is not a regular file.</summary>
    public static SafeFileHandle? OpenRegularThroughLinks(string path)
    {
        if (Stat(path) is not { Kind: FileKind.Regular })
            return null;
        var handle = Open(path, ReadOnly | NonBlocking | CloseOnExec);
        if (handle.IsInvalid)
        {
            var error = Marshal.GetLastPInvokeError();
            return error == Errno.NoSuchEntry ? null : throw Errno.Failed("open", path, error);
        }
        if (Facts(handle).Kind == FileKind.Regular)
            return handle;
        handle.Dispose(); // It was replaced between stat and open.
        return null;
    }

    /// <summary>Opens a file of the relay for reading and writing, without locking it.</summary>
    public static SafeFileHandle OpenOrCreate(string path)
    {
        if (Lstat(path) is null)
            Portable.Create(path);
        var handle = Open(path, ReadWrite | NoFollow | NonBlocking | CloseOnExec);
        if (handle.IsInvalid)
            throw Errno.Failed("open", path, Marshal.GetLastPInvokeError());
        if (Facts(handle).Kind == FileKind.Regular)
            return handle;
        handle.Dispose();
        throw new IOException($"{path} is no regular file: remove it");
    }

    /// <summary>Opens a regular file that is there, for writing over what is in it. Null where there is none, or it may not be
    /// written.</summary>
    public static SafeFileHandle? OpenToOverwrite(string path)
    {
        var handle = Open(path, WriteOnly | NoFollow | NonBlocking | CloseOnExec);
        if (!handle.IsInvalid && Facts(handle).Kind == FileKind.Regular)
            return handle;
        handle.Dispose();
        return null;
    }

    /// <summary>Makes the content of a file durable. It does not use <see cref="RandomAccess.FlushToDisk"/>: on macOS that calls only
    /// F_FULLFSYNC, so on a file system without it it does nothing, or fails (.NET's pal_io.c and FileStreamHelpers.Unix.cs).</summary>
    public static void SyncFile(SafeFileHandle handle)
    {
        var error = Errno.Of(Sync(handle));
        if (error == Errno.None && OperatingSystem.IsMacOS())
            error = MacOs.FlushDrive(handle);
        if (error != Errno.None)
            throw Errno.Failed("fsync", "an open file", error);
    }

    /// <summary>Makes the names in a folder durable. Only after this a rename survives a power cut.</summary>
    public static void SyncFolder(string path)
    {
        using var handle = OpenFolder(path);
        SyncFile(handle);
    }

    public static SafeFileHandle OpenFolder(string path)
    {
        var handle = Open(path, ReadOnly | CloseOnExec);
        return handle.IsInvalid ? throw Errno.Failed("open", path, Marshal.GetLastPInvokeError()) : handle;
    }

    /// <summary>Renames a file. False when the target exists, which is not replaced.</summary>
    public static bool RenameNoReplace(string from, string to)
    {
        var error = OperatingSystem.IsMacOS() ? MacOs.RenameNoReplace(from, to) : Linux.RenameNoReplace(from, to);
        return error switch
        {
            Errno.None => true,
            Errno.Exists => false,
            _ when error == Errno.InvalidArgument || Errno.IsMissingCall(error) => Portable.RenameNoReplace(from, to),
            _ => throw Errno.Failed("rename", $"{from} to {to}", error),
        };
    }

    /// <summary>Takes an advisory lock that ends with the process. False when another process has it.</summary>
    /// <exception cref="IOException">The file system has no locks, or they fail.</exception>
    public static bool TryLock(SafeFileHandle handle) => TryLock(handle, LockExclusive);

    /// <summary>Takes the lock together with others. False when a process has it for itself.</summary>
    /// <inheritdoc cref="TryLock(SafeFileHandle)" path="/exception"/>
    public static bool TryLockShared(SafeFileHandle handle) => TryLock(handle, LockShared);

    private static bool TryLock(SafeFileHandle handle, int kind)
    {
        var error = Errno.Of(Lock(handle, kind | LockNonBlocking));
        return error == Errno.None || (Errno.IsLocked(error) ? false : throw Errno.Failed("flock", "an open file", error));
    }

    /// <summary>The path without any link in it. Null when there is nothing at it.</summary>
    public static string? RealPath(string path)
    {
        var resolved = new byte[LongestPath];
        if (RealPath(path, resolved) != 0)
            return Encoding.UTF8.GetString(resolved, 0, Array.IndexOf(resolved, (byte)0));
        var error = Marshal.GetLastPInvokeError();
        return error == Errno.NoSuchEntry ? null : throw Errno.Failed("resolve", path, error);
    }

    /// <summary>Whether a process of this id is there that this user may signal: his own, and for root any.</summary>
    public static bool MaySignal(int process) => process > 0 && Kill(process, 0) == 0; // Signal 0 is not sent.

    /// <summary>The user this process works as.</summary>
    public static uint User => EffectiveUser();

    [LibraryImport("libc", EntryPoint = "realpath", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint RealPath(string path, byte[] resolved);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    /// <summary>Must not create a file: the mode would be a variable argument, which macOS on arm64 expects on the stack, while .NET
    /// passes it in a register (dotnet/runtime issue 48752).</summary>
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(SafeFileHandle file, int operation);
}
