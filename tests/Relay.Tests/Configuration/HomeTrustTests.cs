using Relay.Configuration;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Configuration;

public sealed class HomeTrustTests : IDisposable
{
    private readonly TempHome _temp = new();

    private RelayHome Home { get; }

    public HomeTrustTests()
    {
        Home = new RelayHome(Path.Combine(_temp.Root, "home"));
        Home.CreateFolders();
        File.WriteAllText(Home.ConfigFile, "");
        File.WriteAllText(Home.EnvFile, "");
        foreach (var file in (string[])[Home.ConfigFile, Home.EnvFile])
            File.SetUnixFileMode(file, (UnixFileMode)0b110_000_000);
    }

    public void Dispose() => _temp.Dispose();

    [Theory]
    [InlineData("", 0b111_010_000)]
    [InlineData("", 0b111_111_101)]
    [InlineData("", 0b111_000_010)]
    [InlineData("", 0b1_111_111_111)] // The sticky bit keeps nobody from adding a .env.
    [InlineData("state", 0b111_111_000)]
    [InlineData("dispatch", 0b111_000_011)]
    [InlineData("config.yaml", 0b110_110_110)]
    [InlineData(".env", 0b110_000_110)]
    public void A_home_that_others_may_write_is_refused(string what, int mode)
    {
        if (what.Length > 0)
            File.SetUnixFileMode(Home.Root, (UnixFileMode)0b111_001_001); // Others may pass through.
        Assert.Null(HomeTrust.WhyNot(Home));

        File.SetUnixFileMode(Path.Combine(Home.Root, what), (UnixFileMode)mode);

        Assert.Contains("others may write to", HomeTrust.WhyNot(Home), StringComparison.Ordinal);
        Assert.Contains("chmod", HomeTrust.WhyNot(Home), StringComparison.Ordinal);
    }

    [Fact]
    public void Within_a_closed_home_nobody_gets_at_an_open_file()
    {
        File.SetUnixFileMode(Home.ConfigFile, (UnixFileMode)0b110_110_110);
        File.SetUnixFileMode(Home.State, (UnixFileMode)0b111_111_111);

        Assert.Null(HomeTrust.WhyNot(Home));
        Assert.Empty(HomeTrust.ReadableByOthers(Home));
    }

    [Theory]
    [InlineData(0b111_101_101, true)]
    [InlineData(0b111_101_000, true)]
    [InlineData(0b111_000_100, true)]
    [InlineData(0b111_001_001, false)]
    [InlineData(0b111_000_000, false)]
    public void A_home_that_others_may_look_into_is_told_apart_from_one_they_may_pass_through(int mode, bool isReadable)
    {
        File.SetUnixFileMode(Home.Root, (UnixFileMode)mode);

        Assert.Null(HomeTrust.WhyNot(Home));
        Assert.Equal(isReadable ? [Home.Root] : [], HomeTrust.ReadableByOthers(Home));
    }

    [Fact]
    public void Where_they_may_pass_through_what_is_open_within_is_named()
    {
        File.SetUnixFileMode(Home.Root, (UnixFileMode)0b111_001_001);
        File.SetUnixFileMode(Home.EnvFile, (UnixFileMode)0b110_100_100);
        File.SetUnixFileMode(Home.Queue, (UnixFileMode)0b1_111_011_011); // Open on purpose, and not to be listed.

        Assert.Null(HomeTrust.WhyNot(Home));
        Assert.Equal([Home.EnvFile], HomeTrust.ReadableByOthers(Home));
    }

    [Fact]
    public void Who_may_rename_a_folder_above_may_put_another_in_the_place_of_the_home()
    {
        Assert.Empty(HomeTrust.UnsafeParents(Home)); // Below /tmp, which has the sticky bit.

        File.SetUnixFileMode(_temp.Root, (UnixFileMode)0b111_101_111);

        Assert.Equal([$"others may write to {_temp.Root}"], HomeTrust.UnsafeParents(Home));
        File.SetUnixFileMode(_temp.Root, (UnixFileMode)0b111_000_000);
        Unix.Give(_temp.Root, 4242);
        Assert.Equal([$"{_temp.Root} belongs to uid 4242"], HomeTrust.UnsafeParents(Home));
    }

    [Theory]
    [InlineData("", "status")]
    [InlineData("", "doctor")]
    [InlineData("", "mcp")]
    [InlineData("state", "status")]
    [InlineData("state", "run")]
    public async Task A_home_that_this_user_cannot_look_into_is_a_fault_of_configuration(string closed, string command)
    {
        Assert.SkipUnless(Unix.IsRoot && File.Exists("/usr/bin/setpriv"), "needs root and setpriv");
        foreach (var open in (string[])[_temp.Root, Home.Root, Home.State])
            File.SetUnixFileMode(open, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(Path.Combine(Home.Root, closed), (UnixFileMode)0b111_000_000);

        var (exit, output, error) = await Programs.RunAsync(
            "/usr/bin/setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", Programs.Relay, command, "--home", Home.Root],
            input: "", ("HOME", _temp.Root));

        Assert.Equal((78, ""), (exit, output));
        Assert.Contains("is closed to this user", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_user_s_home_is_not_run_not_even_by_root()
    {
        Unix.Give(Home.Root, 4242);

        Assert.Null(HomeTrust.WhyNot(Home)); // Root may look after it.
        Assert.Contains("belongs to uid 4242", HomeTrust.WhyNotRun(Home), StringComparison.Ordinal);
    }
}
