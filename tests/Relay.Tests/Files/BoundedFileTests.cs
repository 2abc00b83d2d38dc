using Relay.Files;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Files;

/// <summary>Each way of reading, on what a path may turn out to be.</summary>
public sealed class BoundedFileTests : IDisposable
{
    private const uint Somebody = 4242;

    private readonly string _folder = Directory.CreateTempSubdirectory("relay-bounded-").FullName;

    public static TheoryData<string> Ways => ["any", "own", "state"];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_FIFO_and_a_device_without_end_are_no_files_and_nobody_waits_for_them(string way)
    {
        Unix.Fifo(At("pipe"));
        File.CreateSymbolicLink(At("endless"), "/dev/zero");
        File.CreateSymbolicLink(At("piped"), At("pipe"));

        foreach (var name in (string[])["pipe", "endless", "piped", "."])
            Assert.Contains("no regular file", await ReasonAsync(way, At(name)), StringComparison.Ordinal);
        Assert.Contains("no regular file", await ReasonAsync(way, "/dev/zero"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void What_is_not_there_is_missing_and_what_is_there_comes_whole(string way)
    {
        File.WriteAllText(At("file"), new string('x', 100_000));

        Assert.IsType<FileContent.Missing>(Read(way, At("nothing")));
        Assert.Equal(100_000, Read(way, At("file")).Found?.Length);
    }

    [Fact]
    public void No_more_than_the_limit_is_read()
    {
        File.WriteAllText(At("file"), new string('x', 100));

        Assert.Equal(100, BoundedFile.Read(At("file"), 100).Found?.Length);
        var over = Assert.IsType<FileContent.Unreadable>(BoundedFile.Read(At("file"), 99));
        Assert.Equal("the file is too large; allowed: 99 bytes", over.Reason);
        Assert.IsType<FileContent.Unreadable>(BoundedFile.Read("/proc/self/status", 100)); // Its size is said to be 0.
    }

    [Fact]
    public void A_link_of_ones_own_is_followed_but_not_in_the_state()
    {
        File.WriteAllText(At("file"), "x");
        File.CreateSymbolicLink(At("link"), At("file"));

        Assert.NotNull(BoundedFile.ReadOwn(At("link"), 10).Found);
        Assert.Null(BoundedFile.ReadState(At("link")).Found);
    }

    [Fact]
    public void What_another_user_has_written_is_not_obeyed()
    {
        File.WriteAllText(At("theirs"), "x");
        Unix.Give(At("theirs"), Somebody);
        File.CreateSymbolicLink(At("link"), At("theirs"));

        foreach (var name in (string[])["theirs", "link"])
            Assert.Contains($"belongs to uid {Somebody}", Assert.IsType<FileContent.Unreadable>(BoundedFile.ReadOwn(At(name), 10)).Reason);
        Assert.Null(BoundedFile.ReadState(At("theirs")).Found);
        Assert.NotNull(BoundedFile.Read(At("theirs"), 10).Found);
    }

    private static FileContent Read(string way, string path) => way switch
    {
        "any" => BoundedFile.Read(path, 1_000_000),
        "own" => BoundedFile.ReadOwn(path, 1_000_000),
        _ => BoundedFile.ReadState(path),
    };

    private static async Task<string> ReasonAsync(string way, string path)
    {
        var read = Task.Run(() => Read(way, path));
        return Assert.IsType<FileContent.Unreadable>(
            await read.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, TestContext.Current.CancellationToken)).Reason;
    }

    private string At(string name) => Path.Combine(_folder, name);
}
