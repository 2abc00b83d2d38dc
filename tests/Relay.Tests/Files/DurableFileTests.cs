using Relay.Files;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Files;

public sealed class DurableFileTests : IDisposable
{
    private const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Directory.CreateTempSubdirectory("relay-durable-").FullName;

    private string Victim
    {
        get
        {
            File.WriteAllText(At("victim"), "precious");
            return At("victim");
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_link_at_the_place_is_replaced_and_never_written_through()
    {
        File.CreateSymbolicLink(At("replaced"), Victim);
        File.CreateSymbolicLink(At("written"), Victim);
        File.CreateSymbolicLink(At("unsynced"), Victim);
        File.CreateSymbolicLink(At("replaced.tmp"), Victim); // A name that could be foreseen, and once was used.

        DurableFile.Replace(At("replaced"), "new"u8);
        DurableFile.Write(At("written"), "new"u8);
        DurableFile.WriteUnsynced(At("unsynced"), "new"u8);

        Assert.Equal("precious", File.ReadAllText(At("victim")));
        Assert.All(["replaced", "written", "unsynced"], name =>
        {
            Assert.Null(new FileInfo(At(name)).LinkTarget);
            Assert.Equal("new", File.ReadAllText(At(name)));
        });
    }

    [Fact]
    public void A_new_file_is_made_only_where_nothing_is_not_even_a_link_to_nowhere()
    {
        File.CreateSymbolicLink(At("dangling"), At("elsewhere"));

        Assert.Throws<IOException>(() => DurableFile.WriteNew(At("dangling"), "x"u8, OwnerAlone));

        Assert.False(File.Exists(At("elsewhere")));
    }

    [Fact]
    public void Many_at_once_in_a_folder_do_not_meet_under_one_temporary_name()
    {
        Parallel.For(0, 100, number => DurableFile.Replace(At($"file-{number}"), "new"u8));

        Assert.Equal(100, Directory.EnumerateFiles(_folder).Count());
    }

    [Fact]
    public async Task A_FIFO_at_the_place_holds_nothing_up()
    {
        Unix.Fifo(At("pipe"));

        var writing = Task.Run(() => DurableFile.Write(At("pipe"), "x"u8), TestContext.Current.CancellationToken);
        await writing.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal("x", File.ReadAllText(At("pipe")));
    }

    [Fact]
    public void What_is_written_is_for_its_owner_alone_and_what_was_there_keeps_its_mode()
    {
        File.WriteAllText(At("shared"), "old");
        File.SetUnixFileMode(At("shared"), OwnerAlone | UnixFileMode.GroupRead);

        DurableFile.Replace(At("new"), "x"u8);
        DurableFile.Write(At("staged"), "x"u8);
        DurableFile.WriteUnsynced(At("beside"), "x"u8);
        DurableFile.ReplaceKeepingMode(At("shared"), "x"u8);
        DurableFile.ReplaceKeepingMode(At("made"), "x"u8);

        Assert.All(["new", "staged", "beside", "made"], name => Assert.Equal(OwnerAlone, File.GetUnixFileMode(At(name))));
        Assert.Equal(OwnerAlone | UnixFileMode.GroupRead, File.GetUnixFileMode(At("shared")));
    }

    [Fact]
    public void Nothing_is_left_beside_it_neither_now_nor_after_a_kill()
    {
        Directory.CreateDirectory(At("taken"));
        File.WriteAllText(At(".relay-0123456789abcdef.tmp"), "of one that was killed");

        Assert.Throws<IOException>(() => DurableFile.Replace(At("taken"), "x"u8));
        DurableFile.Replace(At("file"), "x"u8);
        DurableFile.Sweep(_folder);

        Assert.Equal(["file", "taken"], Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName).Order());
    }

    private string At(string name) => Path.Combine(_folder, name);
}
