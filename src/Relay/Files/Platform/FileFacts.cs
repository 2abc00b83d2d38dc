namespace Relay.Files.Platform;

/// <summary>What is at a path.</summary>
internal enum FileKind
{
    Regular,
    Folder,
    SymbolicLink,
    Other,
}

/// <summary>What lstat tells about a path. Times are in nanoseconds since the Unix epoch. The time of birth distinguishes a file from a
/// removed one whose inode it has got; it is 0 if the file system does not keep it. If two are equal, they are the same file with the
/// same content, as far as can be told without reading it.</summary>
internal readonly record struct FileFacts(FileKind Kind, long Size, long ModifiedNanoseconds, ulong Inode, long BornNanoseconds)
{
    // sys/stat.h of Linux and macOS alike: S_IFMT, S_IFREG, S_IFDIR, S_IFLNK
    private const int TypeMask = 0xF000, Regular = 0x8000, Folder = 0x4000, SymbolicLink = 0xA000;

    /// <summary>When its content, name, mode or owner last changed. This is the only time that a program cannot set.</summary>
    public long ChangedNanoseconds { get; init; }

    /// <summary>The number of its names (hard links).</summary>
    public uint Links { get; init; }

    /// <summary>The user id of its owner.</summary>
    public uint Owner { get; init; }

    /// <summary>Its permissions, with the sticky bit and its like (07777).</summary>
    public int Mode { get; init; }

    /// <summary>Its file system. Inodes are unique only within a file system.</summary>
    public ulong Device { get; init; }

    // The other properties do not count: after a rename or a chmod it is still the same file.
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

    public static int PermissionsOf(int mode) => mode & 0xFFF;

    /// <summary>Of a time before 1678 or after 2261, the furthest that there is: anybody can set one.</summary>
    public static long Nanoseconds(long seconds, long nanoseconds) =>
        (long)Int128.Clamp(((Int128)seconds * 1_000_000_000) + nanoseconds, long.MinValue, long.MaxValue);
}
