using System.Runtime.InteropServices;
using Relay.Files;
using Relay.Files.Platform;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Files;

/// <summary>Compares the facts with what .NET, another name or another file tells, so a field at a wrong offset is found.</summary>
public sealed class FileFactsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("relay-facts-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_a_path_is_is_known_without_opening_it()
    {
        File.WriteAllText(At("file"), "12345");
        Directory.CreateDirectory(At("folder"));
        File.CreateSymbolicLink(At("link"), At("file"));
        File.CreateSymbolicLink(At("dangling"), At("nowhere"));
        Unix.Fifo(At("pipe"));
        Unix.Socket(At("socket"));

        Assert.Equal((FileKind.Regular, 5), (Of("file").Kind, Of("file").Size));
        Assert.Equal(FileKind.Folder, Of("folder").Kind);
        Assert.Equal(FileKind.SymbolicLink, Of("link").Kind);
        Assert.Equal(FileKind.SymbolicLink, Of("dangling").Kind);
        Assert.Equal(FileKind.Other, Of("pipe").Kind);
        Assert.Equal(FileKind.Other, Of("socket").Kind);
        Assert.Null(Posix.Lstat(At("absent")));
        Assert.Null(Posix.Lstat(At("file/below")));
        Assert.Throws<IOException>(() => Posix.Lstat(At(new string('x', 300))));
    }

    [Fact]
    public void The_modification_time_is_that_of_the_file()
    {
        File.WriteAllText(At("file"), "x");
        var time = new DateTime(2026, 7, 1, 12, 0, 0, DateTimeKind.Utc).AddTicks(1_234_567);
        File.SetLastWriteTimeUtc(At("file"), time);

        Assert.Equal(Nanoseconds(time), Of("file").ModifiedNanoseconds);
    }

    [Theory]
    [InlineData(9_223_372_036, 854_775_807, long.MaxValue)]
    [InlineData(9_223_372_037, 0, long.MaxValue)]
    [InlineData(13_569_465_600, 0, long.MaxValue)] // The year 2400.
    [InlineData(-9_223_372_038, 0, long.MinValue)]
    [InlineData(-1, 5, -999_999_995)]
    public void A_time_that_is_too_far_away_is_the_furthest_there_is(long seconds, long nanoseconds, long expected) =>
        Assert.Equal(expected, FileFacts.Nanoseconds(seconds, nanoseconds));

    [Fact]
    public void The_times_that_nobody_can_set_are_those_of_the_making()
    {
        var before = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(-1); // The clock of the file system is less exact.
        File.WriteAllText(At("file"), "x");
        File.SetLastWriteTimeUtc(At("file"), new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var after = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(1);

        Assert.InRange(Of("file").ChangedNanoseconds, Nanoseconds(before), Nanoseconds(after));
        Assert.True(Of("file").BornNanoseconds == 0 || OperatingSystem.IsMacOS() // On macOS a file is never younger than its content.
            || (Of("file").BornNanoseconds >= Nanoseconds(before) && Of("file").BornNanoseconds <= Nanoseconds(after)));
    }

    [Fact]
    public void Two_names_of_one_file_have_one_identity_and_one_owner()
    {
        File.WriteAllText(At("file"), "x");
        File.WriteAllText(At("other"), "x");
        Unix.HardLink(At("file"), At("second name"));

        Assert.True(Of("file").IsSameFileAs(Of("second name")));
        Assert.False(Of("file").IsSameFileAs(Of("other")));
        Assert.Equal((2u, 1u), (Of("file").Links, Of("other").Links));
        Assert.Equal(Of("file").Device, Of("other").Device);
        Assert.NotEqual(Posix.Lstat("/dev")!.Value.Device, Of("file").Device);
        Assert.Equal(Unix.IsRoot, Of("file").Owner == 0);
    }

    [Fact]
    public void A_new_name_or_mode_leaves_it_equal_and_new_content_does_not()
    {
        File.WriteAllText(At("file"), "x");
        var before = Of("file");

        File.SetUnixFileMode(At("file"), UnixFileMode.UserRead);
        File.Move(At("file"), At("renamed"));

        Assert.Equal(before, Of("renamed"));
        Assert.Equal(before.GetHashCode(), Of("renamed").GetHashCode());
        Assert.True(Of("renamed").ChangedNanoseconds >= before.ChangedNanoseconds);
        DurableFile.Replace(At("renamed"), "y"u8);
        Assert.NotEqual(before, Of("renamed"));
    }

    [Fact]
    public void An_open_file_has_the_facts_of_its_path()
    {
        File.WriteAllText(At("file"), "x");
        using var handle = Posix.OpenRegular(At("file"))!;

        var (byHandle, byPath) = (Posix.Facts(handle), Of("file"));

        Assert.Equal(byPath, byHandle);
        Assert.Equal(byPath.ChangedNanoseconds, byHandle.ChangedNanoseconds);
        Assert.Equal((byPath.Owner, byPath.Device), (byHandle.Owner, byHandle.Device));
    }

    /// <summary>Not run on macOS. What can be checked here is that the offsets are those which a C compiler
    /// gives to the fields of the header.</summary>
    [Fact]
    public void The_layout_of_macOS_is_that_of_its_header()
    {
        AppleStat stat = new()
        {
            Device = 1,
            Mode = 0x81A4,
            Links = 2,
            Inode = 3,
            Owner = 4,
            ModifiedSeconds = 9,
            ModifiedNanoseconds = 10,
            ChangedSeconds = 11,
            ChangedNanoseconds = 12,
            BornSeconds = 13,
            BornNanoseconds = 14,
            Size = 15,
            Spare2 = -1,
        };

        var facts = MemoryMarshal.Read<MacOs.Status>(MemoryMarshal.AsBytes(new ReadOnlySpan<AppleStat>(in stat))).ToFacts();

        Assert.Equal(144, Marshal.SizeOf<AppleStat>());
        Assert.Equal(new FileFacts(FileKind.Regular, 15, 9_000_000_010, 3, 13_000_000_014), facts);
        Assert.Equal((11_000_000_012, 2u, 4u, 1ul), (facts.ChangedNanoseconds, facts.Links, facts.Owner, facts.Device));
    }

    private static long Nanoseconds(DateTime time) => (time - DateTime.UnixEpoch).Ticks * 100;

    private FileFacts Of(string name) => Posix.Lstat(At(name))!.Value;

    private string At(string name) => Path.Combine(_folder, name);

    /// <summary>The fields of __DARWIN_STRUCT_STAT64 in xnu's bsd/sys/stat.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct AppleStat
    {
        public int Device;
        public ushort Mode;
        public ushort Links;
        public ulong Inode;
        public uint Owner;
        public uint Group;
        public int DeviceType;
        public long AccessSeconds, AccessNanoseconds;
        public long ModifiedSeconds, ModifiedNanoseconds;
        public long ChangedSeconds, ChangedNanoseconds;
        public long BornSeconds, BornNanoseconds;
        public long Size;
        public long Blocks;
        public int BlockSize;
        public uint Flags;
        public uint Generation;
        public int Spare;
        public long Spare1, Spare2;
    }
}
