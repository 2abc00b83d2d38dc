using Relay.Files.Platform;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Files;

/// <summary>The system's own call, and link and unlink for file systems without it, must do the same.</summary>
public sealed class RenameNoReplaceTests : IDisposable
{
    private const string Own = "the system's call", Portable = "link and unlink";

    private readonly string _folder = Directory.CreateTempSubdirectory("relay-rename-").FullName;

    public static TheoryData<string> Ways => [Own, Portable];

    public static TheoryData<string, string> WaysAndThings =>
        new MatrixTheoryData<string, string>([Own, Portable], ["file", "folder", "link", "dangling link", "pipe", "socket"]);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory, MemberData(nameof(Ways))]
    public void A_file_gets_the_free_name_and_stays_the_same_file(string way)
    {
        File.WriteAllText(At("a"), "a");
        var before = Posix.Lstat(At("a"));

        Assert.True(Rename(way, At("a"), At("b")));

        Assert.Equal("a", File.ReadAllText(At("b")));
        Assert.Equal(before, Posix.Lstat(At("b")));
        Assert.Null(Posix.Lstat(At("a")));
    }

    [Theory, MemberData(nameof(Ways))]
    public void A_file_goes_from_one_folder_to_another(string way)
    {
        Directory.CreateDirectory(At("from"));
        Directory.CreateDirectory(At("to"));
        File.WriteAllText(At("from/a"), "a");

        Assert.True(Rename(way, At("from/a"), At("to/a")));

        Assert.Equal("a", File.ReadAllText(At("to/a")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(At("from")));
    }

    [Theory, MemberData(nameof(WaysAndThings))]
    public void Nothing_that_has_the_name_is_replaced(string way, string thing)
    {
        File.WriteAllText(At("a"), "a");
        Put(thing, At("b"));
        var before = Posix.Lstat(At("b"));

        Assert.False(Rename(way, At("a"), At("b")));

        Assert.Equal(before, Posix.Lstat(At("b")));
        Assert.Equal("a", File.ReadAllText(At("a")));
    }

    [Theory, MemberData(nameof(Ways))]
    public void What_is_not_there_cannot_be_renamed(string way)
    {
        File.WriteAllText(At("b"), "b");

        Assert.Throws<IOException>(() => Rename(way, At("absent"), At("c")));
        Assert.Throws<IOException>(() => Rename(way, At("absent"), At("b")));
        Assert.Throws<IOException>(() => Rename(way, At("b"), At("absent/c")));

        Assert.Equal([At("b")], Directory.EnumerateFileSystemEntries(_folder));
    }

    [Theory, MemberData(nameof(Ways))]
    public void A_file_renamed_to_its_own_name_stays(string way)
    {
        File.WriteAllText(At("a"), "a");

        Assert.False(Rename(way, At("a"), At("a")));

        Assert.Equal("a", File.ReadAllText(At("a")));
    }

    [Theory, MemberData(nameof(Ways))]
    public void A_symbolic_link_is_renamed_itself(string way)
    {
        File.WriteAllText(At("file"), "content");
        File.CreateSymbolicLink(At("link"), At("file"));

        Assert.True(Rename(way, At("link"), At("moved")));

        Assert.Equal(At("file"), new FileInfo(At("moved")).LinkTarget);
        Assert.Equal("content", File.ReadAllText(At("file")));
        Assert.Null(Posix.Lstat(At("link")));
    }

    /// <summary>A folder cannot be linked, so the portable way checks the new name and then renames.</summary>
    [Theory, MemberData(nameof(Ways))]
    public void What_cannot_be_linked_is_renamed_too(string way)
    {
        Directory.CreateDirectory(At("folder"));
        File.WriteAllText(At("taken"), "there");

        Assert.False(Rename(way, At("folder"), At("taken")));
        Assert.True(Rename(way, At("folder"), At("free")));

        Assert.True(Directory.Exists(At("free")));
        Assert.Equal("there", File.ReadAllText(At("taken")));
    }

    [Theory, MemberData(nameof(Ways))]
    public void Of_many_who_want_one_name_exactly_one_gets_it(string way)
    {
        const int racers = 8;
        for (var round = 0; round < 20; round++)
        {
            var target = At($"target-{round}");
            using var start = new Barrier(racers);
            var won = new bool[racers];
            var threads = Enumerable.Range(0, racers).Select(racer => new Thread(() =>
            {
                var source = At($"{round}-{racer}");
                File.WriteAllText(source, $"{racer}");
                start.SignalAndWait();
                won[racer] = Rename(way, source, target);
            })).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());

            var winner = Assert.Single(Enumerable.Range(0, racers), racer => won[racer]);
            Assert.Equal($"{winner}", File.ReadAllText(target));
            Assert.Equal(racers - 1, Directory.EnumerateFiles(_folder, $"{round}-*").Count());
        }
    }

    [Fact]
    public void A_rename_killed_between_link_and_unlink_is_ended_by_the_next()
    {
        File.WriteAllText(At("a"), "a");
        Unix.HardLink(At("a"), At("b"));

        Assert.True(Rename(Portable, At("a"), At("b")));

        Assert.Equal("a", File.ReadAllText(At("b")));
        Assert.Null(Posix.Lstat(At("a")));
    }

    [Fact]
    public void Who_may_not_remove_the_old_name_has_renamed_nothing()
    {
        Assert.SkipWhen(Unix.IsRoot, "root may remove everything");
        Directory.CreateDirectory(At("from"));
        File.WriteAllText(At("from/a"), "a");
        File.SetUnixFileMode(At("from"), UnixFileMode.UserRead | UnixFileMode.UserExecute);

        Assert.Throws<UnauthorizedAccessException>(() => Rename(Portable, At("from/a"), At("b")));

        File.SetUnixFileMode(At("from"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Equal("a", File.ReadAllText(At("from/a")));
        Assert.Null(Posix.Lstat(At("b")));
    }

    private static bool Rename(string way, string from, string to) =>
        way == Portable ? Relay.Files.Platform.Portable.RenameNoReplace(from, to) : Posix.RenameNoReplace(from, to);

    private void Put(string thing, string path)
    {
        switch (thing)
        {
            case "file":
                File.WriteAllText(path, "there");
                break;
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "link":
                File.CreateSymbolicLink(path, At("a"));
                break;
            case "dangling link":
                File.CreateSymbolicLink(path, At("nowhere"));
                break;
            case "pipe":
                Unix.Fifo(path);
                break;
            case "socket":
                Unix.Socket(path);
                break;
        }
    }

    private string At(string name) => Path.Combine(_folder, name);
}
