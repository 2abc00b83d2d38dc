using Relay.Files;
using Relay.Files.Platform;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Files;

public sealed class UntrustedFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("relay-untrusted-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

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
