using Xunit;
using Relay.Files;
using Relay.Files.Platform;
using Relay.Tests.Testing;

namespace Relay.Tests.Files;

public sealed class PosixTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("relay-posix-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_rename_without_replacing_moves_once_and_never_over_another()
    {
        File.WriteAllText(At("a"), "a");
        File.WriteAllText(At("b"), "b");
        File.CreateSymbolicLink(At("dangling"), "nowhere");

        Assert.False(Posix.RenameNoReplace(At("a"), At("b")));
        Assert.False(Posix.RenameNoReplace(At("a"), At("dangling")));
        Assert.True(Posix.RenameNoReplace(At("a"), At("c")));

        Assert.Equal(("b", "a"), (File.ReadAllText(At("b")), File.ReadAllText(At("c"))));
        Assert.False(File.Exists(At("a")));
        Assert.Throws<IOException>(() => Posix.RenameNoReplace(At("absent"), At("d")));
    }

    [Fact]
    public void What_a_path_is_is_known_without_opening_it()
    {
        File.WriteAllText(At("file"), "12345");
        Directory.CreateDirectory(At("folder"));
        File.CreateSymbolicLink(At("link"), At("file"));
        File.CreateSymbolicLink(At("dangling"), At("nowhere"));
        Unix.Fifo(At("pipe"));
        Unix.Socket(At("socket"));

        Assert.Equal((FileKind.Regular, 5), (Posix.Lstat(At("file"))!.Value.Kind, Posix.Lstat(At("file"))!.Value.Size));
        Assert.Equal(FileKind.Folder, Posix.Lstat(At("folder"))!.Value.Kind);
        Assert.Equal(FileKind.SymbolicLink, Posix.Lstat(At("link"))!.Value.Kind);
        Assert.Equal(FileKind.SymbolicLink, Posix.Lstat(At("dangling"))!.Value.Kind);
        Assert.Equal(FileKind.Other, Posix.Lstat(At("pipe"))!.Value.Kind);
        Assert.Equal(FileKind.Other, Posix.Lstat(At("socket"))!.Value.Kind);
        Assert.Null(Posix.Lstat(At("absent")));
    }

    [Fact]
    public void The_modification_time_is_that_of_the_file()
    {
        File.WriteAllText(At("file"), "x");
        var time = new DateTime(2026, 7, 1, 12, 0, 0, DateTimeKind.Utc).AddTicks(1_234_567);
        File.SetLastWriteTimeUtc(At("file"), time);

        Assert.Equal((time - DateTime.UnixEpoch).Ticks * 100, Posix.Lstat(At("file"))!.Value.ModifiedNanoseconds);
    }

    [Fact]
    public void Only_regular_files_are_opened_and_none_is_read_beyond_the_limit()
    {
        File.WriteAllText(At("file"), "12345");
        File.CreateSymbolicLink(At("link"), At("file"));
        Unix.Fifo(At("pipe"));
        var facts = Posix.Lstat(At("file"))!.Value;

        Assert.Equal("12345"u8.ToArray(), UntrustedFile.Read(At("file"), facts, limit: 5));
        Assert.Null(UntrustedFile.Read(At("file"), facts, limit: 4));
        Assert.Null(UntrustedFile.Read(At("file"), facts with { Inode = facts.Inode + 1 }, limit: 5));
        Assert.Null(UntrustedFile.Read(At("link"), facts, limit: 5));
        Assert.Null(UntrustedFile.Read(At("pipe"), facts, limit: 5));
        Assert.Null(UntrustedFile.Read(At("absent"), facts, limit: 5));
    }

    [Fact]
    public void Only_the_file_that_was_read_is_removed()
    {
        File.WriteAllText(At("file"), "old");
        var facts = Posix.Lstat(At("file"))!.Value;
        DurableFile.Replace(At("file"), "new"u8);

        UntrustedFile.Remove(At("file"), facts);
        Assert.Equal("new", File.ReadAllText(At("file")));

        UntrustedFile.Remove(At("file"), Posix.Lstat(At("file"))!.Value);
        Assert.False(File.Exists(At("file")));
    }

    private string At(string name) => Path.Combine(_folder, name);
}
