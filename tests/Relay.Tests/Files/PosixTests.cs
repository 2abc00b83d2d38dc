using System.Diagnostics;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Relay.Files.Platform;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Files;

public sealed class PosixTests : IDisposable
{
    private const UnixFileMode OwnerReadsAndWrites = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Directory.CreateTempSubdirectory("relay-posix-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_regular_file_is_opened_for_reading()
    {
        File.WriteAllText(At("file"), "content");

        using var handle = Posix.OpenRegular(At("file"));

        Assert.Equal("content", Content(handle!));
        Assert.Throws<UnauthorizedAccessException>(() => RandomAccess.Write(handle!, "x"u8, fileOffset: 0));
    }

    [Fact]
    public void Nothing_else_is_opened_and_nobody_waits_for_a_pipe()
    {
        File.WriteAllText(At("file"), "content");
        Directory.CreateDirectory(At("folder"));
        File.CreateSymbolicLink(At("link"), At("file"));
        File.CreateSymbolicLink(At("dangling"), At("nowhere"));
        Unix.Fifo(At("pipe"));
        Unix.Socket(At("socket"));

        foreach (var name in (string[])["absent", "folder", "link", "dangling", "pipe", "socket"])
            Assert.Null(Posix.OpenRegular(At(name)));
    }

    [Fact]
    public void A_file_of_the_relays_own_is_made_for_its_owner_alone()
    {
        using var handle = Posix.OpenOrCreate(At("own"));

        RandomAccess.Write(handle, "written"u8, fileOffset: 0);

        Assert.Equal("written", File.ReadAllText(At("own")));
        Assert.Equal(OwnerReadsAndWrites, File.GetUnixFileMode(At("own")));
    }

    [Fact]
    public void A_file_of_the_relays_own_that_is_there_stays_as_it_is()
    {
        File.WriteAllText(At("own"), "content");
        File.CreateSymbolicLink(At("link"), At("own"));
        File.CreateSymbolicLink(At("dangling"), At("nowhere"));

        using (var handle = Posix.OpenOrCreate(At("own")))
            Assert.Equal("content", Content(handle));

        Assert.Throws<IOException>(() => Posix.OpenOrCreate(At("link")));
        Assert.Throws<IOException>(() => Posix.OpenOrCreate(At("dangling")));
        Assert.Null(Posix.Lstat(At("nowhere")));
    }

    [Fact]
    public void Many_who_make_one_file_at_once_open_one_file()
    {
        var opened = new FileFacts[8];
        using var start = new Barrier(opened.Length);
        var threads = Enumerable.Range(0, opened.Length).Select(each => new Thread(() =>
        {
            start.SignalAndWait();
            using var handle = Posix.OpenOrCreate(At("own"));
            opened[each] = Posix.Facts(handle);
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.All(opened, facts => Assert.True(facts.IsSameFileAs(Posix.Lstat(At("own"))!.Value)));
    }

    [Fact]
    public void A_file_that_another_has_locked_is_opened_all_the_same()
    {
        using var first = Posix.OpenOrCreate(At("lock"));
        Assert.True(Posix.TryLock(first));

        using var second = Posix.OpenOrCreate(At("lock"));

        Portable.Create(At("lock"));
        Assert.False(Posix.TryLock(second));
    }

    [Fact]
    public void A_lock_is_for_one_until_it_closes_the_file()
    {
        var first = Posix.OpenOrCreate(At("lock"));
        using var second = Posix.OpenOrCreate(At("lock"));
        Assert.True(Posix.TryLock(first));

        Assert.False(Posix.TryLock(second));
        Assert.False(Posix.TryLockShared(second));

        first.Dispose();
        Assert.True(Posix.TryLock(second));
    }

    [Fact]
    public void Several_may_look_at_once_and_nobody_locks_meanwhile()
    {
        using var file = Posix.OpenOrCreate(At("lock"));
        using var first = Posix.OpenRegular(At("lock"))!;
        using var second = Posix.OpenRegular(At("lock"))!;

        Assert.True(Posix.TryLockShared(first));
        Assert.True(Posix.TryLockShared(second));

        Assert.False(Posix.TryLock(file));
    }

    [Fact]
    public async Task A_program_that_was_started_meanwhile_does_not_keep_the_lock()
    {
        var file = Posix.OpenOrCreate(At("lock"));
        Assert.True(Posix.TryLock(file));
        using var child = Process.Start("sleep", "60");

        file.Dispose();

        using var next = Posix.OpenOrCreate(At("lock"));
        Assert.True(Posix.TryLock(next));
        child.Kill();
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Folders_and_files_are_synced_whoever_may_write_them()
    {
        using var written = Posix.OpenOrCreate(At("file"));
        using var read = Posix.OpenRegular(At("file"))!;

        Posix.SyncFile(written);
        Posix.SyncFile(read);
        Posix.SyncFolder(_folder);

        Assert.Throws<IOException>(() => Posix.SyncFolder(At("absent")));
    }

    private static string Content(SafeFileHandle handle)
    {
        var bytes = new byte[100];
        return Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(handle, bytes, fileOffset: 0));
    }

    private string At(string name) => Path.Combine(_folder, name);
}
