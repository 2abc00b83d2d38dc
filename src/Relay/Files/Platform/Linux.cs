using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Relay.Files.Platform;

/// <summary>The calls that are different on Linux. Each returns an error number, or 0 for success.
/// The constants are from the kernel's headers, include/uapi/ in its source.</summary>
internal static partial class Linux
{
    public const int NonBlocking = 0x800, CloseOnExec = 0x80000; // asm-generic/fcntl.h: O_NONBLOCK, O_CLOEXEC
    public const int IsLink = 40; // asm-generic/errno.h: ELOOP
    public const int NotSupported = 95, NoSuchCall = 38, WouldBlock = 11; // asm-generic/errno.h: EOPNOTSUPP, ENOSYS, EAGAIN

    /// <summary>O_NOFOLLOW: for arm64 from arch/arm64/include/uapi/asm/fcntl.h, for x64 from asm-generic/fcntl.h.</summary>
    public static readonly int NoFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    private const int CurrentFolder = -100; // linux/fcntl.h: AT_FDCWD
    private const int SymlinkNoFollow = 0x100, EmptyPath = 0x1000; // linux/fcntl.h: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH
    private const uint BasicStatsAndBirth = 0xfff; // linux/stat.h: STATX_BASIC_STATS | STATX_BTIME
    private const int NameInEntry = 19; // dirent.h: d_name of struct dirent, with 64 bits on x64 and arm64
    private const uint NoReplace = 1; // linux/fs.h: RENAME_NOREPLACE

    public static int Lstat(string path, out FileFacts facts)
    {
        var error = Errno.Of(StatX(CurrentFolder, path, SymlinkNoFollow, BasicStatsAndBirth, out var status));
        facts = status.ToFacts();
        return error;
    }

    /// <summary>Of what a link leads to.</summary>
    public static int Stat(string path, out FileFacts facts)
    {
        var error = Errno.Of(StatX(CurrentFolder, path, flags: 0, BasicStatsAndBirth, out var status));
        facts = status.ToFacts();
        return error;
    }

    public static int Stat(SafeFileHandle file, out FileFacts facts)
    {
        var error = Errno.Of(StatX(file, "", EmptyPath, BasicStatsAndBirth, out var status));
        facts = status.ToFacts();
        return error;
    }

    public static int RenameNoReplace(string from, string to) => Errno.Of(RenameAt2(CurrentFolder, from, CurrentFolder, to, NoReplace));

    public static int Link(string from, string to) => Errno.Of(LinkAt(CurrentFolder, from, CurrentFolder, to, flags: 0));

    /// <param name="path">Ended by a zero.</param>
    /// <param name="facts">What is there.</param>
    public static int Lstat(byte[] path, out FileFacts facts)
    {
        var error = Errno.Of(StatX(CurrentFolder, path, SymlinkNoFollow, BasicStatsAndBirth, out var status));
        facts = status.ToFacts();
        return error;
    }

    /// <summary>Renames a file. The new name must be free.</summary>
    public static int Rename(byte[] from, byte[] to)
    {
        var error = Errno.Of(RenameAt2(CurrentFolder, from, CurrentFolder, to, NoReplace));
        return error == Errno.InvalidArgument || Errno.IsMissingCall(error)
            ? Errno.Of(RenameAt2(CurrentFolder, from, CurrentFolder, to, flags: 0))
            : error;
    }

    /// <summary>The names in a folder, byte for byte.</summary>
    public static List<byte[]> NamesIn(string folder)
    {
        var names = new List<byte[]>();
        var stream = OpenFolder(folder);
        if (stream == 0)
            return names;
        try
        {
            for (var entry = ReadFolder(stream); entry != 0; entry = ReadFolder(stream))
            {
                var name = new List<byte>();
                for (var at = NameInEntry; Marshal.ReadByte(entry, at) is var next and not 0; at++)
                    name.Add(next);
                names.Add([.. name]);
            }
            return names;
        }
        finally
        {
            _ = CloseFolder(stream);
        }
    }

    [LibraryImport("libc", EntryPoint = "opendir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint OpenFolder(string path);

    [LibraryImport("libc", EntryPoint = "readdir", SetLastError = true)]
    private static partial nint ReadFolder(nint stream);

    [LibraryImport("libc", EntryPoint = "closedir", SetLastError = true)]
    private static partial int CloseFolder(nint stream);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int StatX(int folder, byte[] path, int flags, uint mask, out Status status);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true)]
    private static partial int RenameAt2(int fromFolder, byte[] from, int toFolder, byte[] to, uint flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, out Status status);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(SafeFileHandle file, string path, int flags, uint mask, out Status status);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkAt(int fromFolder, string from, int toFolder, string to, int flags);

    /// <summary>struct statx of linux/stat.h. Unlike struct stat, it has the same layout on all architectures.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private readonly struct Status
    {
        [FieldOffset(16)] private readonly uint _links;
        [FieldOffset(20)] private readonly uint _owner;
        [FieldOffset(28)] private readonly ushort _mode;
        [FieldOffset(32)] private readonly ulong _inode;
        [FieldOffset(40)] private readonly long _size;
        [FieldOffset(80)] private readonly long _bornSeconds;
        [FieldOffset(88)] private readonly uint _bornNanoseconds;
        [FieldOffset(96)] private readonly long _changedSeconds;
        [FieldOffset(104)] private readonly uint _changedNanoseconds;
        [FieldOffset(112)] private readonly long _modifiedSeconds;
        [FieldOffset(120)] private readonly uint _modifiedNanoseconds;
        [FieldOffset(136)] private readonly uint _deviceMajor;
        [FieldOffset(140)] private readonly uint _deviceMinor;

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
            Device = ((ulong)_deviceMajor << 32) | _deviceMinor,
        };
    }
}
