namespace Relay.Files.Platform;

/// <summary>What kind of thing a path is, without opening it.</summary>
internal enum FileKind
{
    Regular,
    Folder,
    SymbolicLink,
    Other,
}

/// <summary>What lstat says of a path. Times are in nanoseconds since the Unix epoch; the birth, 0 where the file system keeps none, tells
/// apart what took over the inode of a removed one. Equal means: the same file with the same content, as far as a look can tell.</summary>
internal readonly record struct FileFacts(FileKind Kind, long Size, long ModifiedNanoseconds, ulong Inode, long BornNanoseconds)
{
    // sys/stat.h of Linux and macOS alike: S_IFMT, S_IFREG, S_IFDIR, S_IFLNK
    private const int TypeMask = 0xF000, Regular = 0x8000, Folder = 0x4000, SymbolicLink = 0xA000;

    /// <summary>When its content, name, mode or owner last changed: the one time a program cannot set.</summary>
    public long ChangedNanoseconds { get; init; }

    /// <summary>How many names it has.</summary>
    public uint Links { get; init; }

    /// <summary>The user id of its owner.</summary>
    public uint Owner { get; init; }

    /// <summary>The file system it is on: inodes are unique only within one.</summary>
    public ulong Device { get; init; }

    // Only what is in the first line: a rename or a chmod between two looks leaves a file the same.
    public bool Equals(FileFacts other) =>
        (Kind, Size, ModifiedNanoseconds, Inode, BornNanoseconds)
        == (other.Kind, other.Size, other.ModifiedNanoseconds, other.Inode, other.BornNanoseconds);

    public override int GetHashCode() => HashCode.Combine(Kind, Size, ModifiedNanoseconds, Inode, BornNanoseconds);

    public bool IsSameFileAs(FileFacts other) => (Device, Inode) == (other.Device, other.Inode);

    public static FileKind KindOf(int mode) => (mode & TypeMask) switch
    {
        Regular => FileKind.Regular,
        Folder => FileKind.Folder,
        SymbolicLink => FileKind.SymbolicLink,
        _ => FileKind.Other,
    };

    public static long Nanoseconds(long seconds, long nanoseconds) => (seconds * 1_000_000_000) + nanoseconds;
}
