using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Relay.Files.Platform;

/// <summary>What kind of thing a path is, without opening it.</summary>
internal enum FileKind
{
    Regular,
    Folder,
    SymbolicLink,
    Other,
}

/// <summary>What lstat says of a path. Times are in nanoseconds since the Unix epoch; the birth, 0 where the file system keeps none, tells apart
/// what took over the inode of a removed one.</summary>
internal readonly record struct FileFacts(FileKind Kind, long Size, long ModifiedNanoseconds, ulong Inode, long BornNanoseconds);

/// <summary>The few Linux calls .NET has no word for: lstat, open without following, rename without replacing, fsync of a folder, flock.</summary>
internal static partial class Posix
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int SymlinkNoFollow = 0x100;
    private const int EmptyPath = 0x1000;
    private const uint BasicStatsAndBirth = 0xfff;
    private const int ReadOnly = 0, ReadWrite = 2, Create = 0x40, NonBlocking = 0x800, CloseOnExec = 0x80000;
    private const int LockShared = 1, LockExclusive = 2, LockNonBlocking = 4;
    private const uint NoReplace = 1;
    private const uint OwnerReadsAndWrites = 0x180; // 0600
    private const int NoSuchEntry = 2, Exists = 17, InvalidArgument = 22, NotImplemented = 38;

    private static readonly int NoFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    /// <summary>Null when there is nothing at the path.</summary>
    public static FileFacts? Lstat(string path)
    {
        if (StatX(CurrentFolder, path, SymlinkNoFollow, BasicStatsAndBirth, out var status) == 0)
            return status.ToFacts();
        var error = Marshal.GetLastPInvokeError();
        return error == NoSuchEntry ? null : throw Failed("stat", path, error);
    }

    /// <summary>Opens a regular file for reading; never follows a link and never blocks on a FIFO. Null when it is gone or is no regular file.</summary>
    public static SafeFileHandle? OpenRegular(string path)
    {
        if (Lstat(path) is not { Kind: FileKind.Regular })
            return null;
        var handle = Open(path, ReadOnly | NoFollow | NonBlocking | CloseOnExec, mode: 0);
        if (handle.IsInvalid)
        {
            var error = Marshal.GetLastPInvokeError();
            return error == NoSuchEntry ? null : throw Failed("open", path, error);
        }
        if (Facts(handle).Kind == FileKind.Regular)
            return handle;
        handle.Dispose(); // It was swapped between lstat and open.
        return null;
    }

    /// <summary>Opens a file of the relay's own for reading and writing, with no lock on it.</summary>
    public static SafeFileHandle OpenOrCreate(string path)
    {
        var handle = Open(path, ReadWrite | Create | NoFollow | CloseOnExec, OwnerReadsAndWrites);
        return handle.IsInvalid ? throw Failed("open", path, Marshal.GetLastPInvokeError()) : handle;
    }

    public static FileFacts Facts(SafeFileHandle handle) =>
        StatX(handle, "", EmptyPath, BasicStatsAndBirth, out var status) == 0
            ? status.ToFacts()
            : throw Failed("stat", "an open file", Marshal.GetLastPInvokeError());

    /// <summary>Makes the entries of a folder durable: a rename is on disk only after this.</summary>
    public static void SyncFolder(string path)
    {
        using var handle = Open(path, ReadOnly | CloseOnExec, mode: 0);
        if (handle.IsInvalid || Sync(handle) != 0)
            throw Failed("fsync", path, Marshal.GetLastPInvokeError());
    }

    /// <summary>False when the target exists; nothing is ever replaced.</summary>
    public static bool RenameNoReplace(string from, string to)
    {
        if (RenameAt2(CurrentFolder, from, CurrentFolder, to, NoReplace) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        if (error == Exists)
            return false;
        if (error is not (InvalidArgument or NotImplemented))
            throw Failed("rename", $"{from} to {to}", error);
        if (Lstat(to) is not null) // A file system without RENAME_NOREPLACE: the relay is the only one who creates these names.
            return false;
        File.Move(from, to, overwrite: false);
        return true;
    }

    /// <summary>An advisory lock that dies with the process. False when another holds it.</summary>
    public static bool TryLock(SafeFileHandle handle) => Lock(handle, LockExclusive | LockNonBlocking) == 0;

    /// <summary>A look at the lock: several may look at once. False when one holds it for itself.</summary>
    public static bool TryLockShared(SafeFileHandle handle) => Lock(handle, LockShared | LockNonBlocking) == 0;

    private static IOException Failed(string call, string what, int error) =>
        new($"{call} {what}: {Marshal.GetPInvokeErrorMessage(error)}", error);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, out Status status);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(SafeFileHandle file, string path, int flags, uint mask, out Status status);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int fromFolder, string from, int toFolder, string to, uint flags);

    /// <summary>struct statx: unlike struct stat, its layout is the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(28)] private readonly ushort _mode;
        [FieldOffset(32)] private readonly ulong _inode;
        [FieldOffset(40)] private readonly ulong _size;
        [FieldOffset(80)] private readonly long _bornSeconds;
        [FieldOffset(88)] private readonly uint _bornNanoseconds;
        [FieldOffset(112)] private readonly long _modifiedSeconds;
        [FieldOffset(120)] private readonly uint _modifiedNanoseconds;

        public readonly FileFacts ToFacts() => new(
            (_mode & 0xF000) switch
            {
                0x8000 => FileKind.Regular,
                0x4000 => FileKind.Folder,
                0xA000 => FileKind.SymbolicLink,
                _ => FileKind.Other,
            },
            (long)_size,
            _modifiedSeconds * 1_000_000_000 + _modifiedNanoseconds,
            _inode,
            _bornSeconds * 1_000_000_000 + _bornNanoseconds);
    }
}
