using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Relay.Files.Platform;

/// <summary>The calls that are different on macOS, for arm64 and x64. Each returns an error number, or 0 for success.
/// Written for macOS, not yet run on it. The constants are from its kernel's headers, bsd/ in the source of xnu.</summary>
internal static partial class MacOs
{
    public const int NonBlocking = 0x4, NoFollow = 0x100, CloseOnExec = 0x1000000; // sys/fcntl.h: O_NONBLOCK, O_NOFOLLOW, O_CLOEXEC
    public const int IsLink = 62; // sys/errno.h: ELOOP
    public const int NotSupported = 45, NoSuchCall = 78, WouldBlock = 35; // sys/errno.h: ENOTSUP, ENOSYS, EWOULDBLOCK

    private const int CurrentFolder = -2; // sys/fcntl.h: AT_FDCWD
    private const int FullSync = 51; // sys/fcntl.h: F_FULLFSYNC
    private const uint Exclusive = 4; // sys/stdio.h: RENAME_EXCL

    private static bool IsX64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    public static int Lstat(string path, out FileFacts facts)
    {
        var error = Errno.Of(IsX64 ? LstatX64(path, out var status) : LstatArm64(path, out status));
        facts = status.ToFacts();
        return error;
    }

    /// <summary>Of what a link leads to.</summary>
    public static int Stat(string path, out FileFacts facts)
    {
        var error = Errno.Of(IsX64 ? StatX64(path, out var status) : StatArm64(path, out status));
        facts = status.ToFacts();
        return error;
    }

    public static int Stat(SafeFileHandle file, out FileFacts facts)
    {
        var error = Errno.Of(IsX64 ? FstatX64(file, out var status) : FstatArm64(file, out status));
        facts = status.ToFacts();
        return error;
    }

    public static int RenameNoReplace(string from, string to) => Errno.Of(RenameX(from, to, Exclusive));

    /// <summary>Uses linkat, because link follows a symbolic link.</summary>
    public static int Link(string from, string to) => Errno.Of(LinkAt(CurrentFolder, from, CurrentFolder, to, flags: 0));

    /// <summary>Lets the drive write what fsync has only put into its cache (see fsync(2) of macOS). Some file systems do not support
    /// that, such as exFAT and network file systems. There fsync is the best that can be done.</summary>
    public static int FlushDrive(SafeFileHandle file)
    {
        var error = Errno.Of(Control(file, FullSync));
        return error is NotSupported or Errno.NotForThisFile or Errno.InvalidArgument ? Errno.None : error;
    }

    // On x64 the names without $INODE64 use an older struct stat. arm64 has no older one (sys/cdefs.h: __DARWIN_SUF_64_BIT_INO_T).
    [LibraryImport("libc", EntryPoint = "lstat$INODE64", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LstatX64(string path, out Status status);

    [LibraryImport("libc", EntryPoint = "lstat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LstatArm64(string path, out Status status);

    [LibraryImport("libc", EntryPoint = "stat$INODE64", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX64(string path, out Status status);

    [LibraryImport("libc", EntryPoint = "stat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatArm64(string path, out Status status);

    [LibraryImport("libc", EntryPoint = "fstat$INODE64", SetLastError = true)]
    private static partial int FstatX64(SafeFileHandle file, out Status status);

    [LibraryImport("libc", EntryPoint = "fstat", SetLastError = true)]
    private static partial int FstatArm64(SafeFileHandle file, out Status status);

    [LibraryImport("libc", EntryPoint = "renamex_np", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameX(string from, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkAt(int fromFolder, string from, int toFolder, string to, int flags);

    /// <summary>F_FULLFSYNC needs no third argument. .NET could not pass one, because fcntl expects it on the stack.</summary>
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command);

    /// <summary>struct stat with 64-bit inodes, __DARWIN_STRUCT_STAT64 of sys/stat.h.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 144)]
    internal readonly struct Status
    {
        [FieldOffset(0)] private readonly uint _device;
        [FieldOffset(4)] private readonly ushort _mode;
        [FieldOffset(6)] private readonly ushort _links;
        [FieldOffset(8)] private readonly ulong _inode;
        [FieldOffset(16)] private readonly uint _owner;
        [FieldOffset(48)] private readonly long _modifiedSeconds;
        [FieldOffset(56)] private readonly long _modifiedNanoseconds;
        [FieldOffset(64)] private readonly long _changedSeconds;
        [FieldOffset(72)] private readonly long _changedNanoseconds;
        [FieldOffset(80)] private readonly long _bornSeconds;
        [FieldOffset(88)] private readonly long _bornNanoseconds;
        [FieldOffset(96)] private readonly long _size;

        public FileFacts ToFacts() => new(
            FileFacts.KindOf(_mode),
            _size,
            FileFacts.Nanoseconds(_modifiedSeconds, _modifiedNanoseconds),
            _inode,
            FileFacts.Nanoseconds(_bornSeconds, _bornNanoseconds))
        {
            ChangedNanoseconds = FileFacts.Nanoseconds(_changedSeconds, _changedNanoseconds),
            Links = _links,
            Owner = _owner,
            Mode = FileFacts.PermissionsOf(_mode),
            Device = _device,
        };
    }
}
