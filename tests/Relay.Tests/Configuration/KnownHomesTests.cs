using Relay.Configuration;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Configuration;

public sealed class KnownHomesTests : IDisposable
{
    private readonly TempHome _user = new();
    private readonly TempHome _other = new();

    private string Folder => Path.Combine(_user.Root, ".config", "relay");

    private KnownHomes Known => KnownHomes.Of(TempHome.NoEnvironment, _user.Root);

    private string Home => Directory.CreateDirectory(Path.Combine(_other.Root, "home")).FullName;

    public void Dispose()
    {
        _user.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void What_was_remembered_is_known_by_every_path_to_it_and_nothing_else_is()
    {
        Known.Remember(Home);
        Known.Remember(_user.Root);
        Directory.CreateSymbolicLink(Path.Combine(_other.Root, "link"), Home);

        Assert.True(Known.Contains(Home));
        Assert.True(Known.Contains(Path.Combine(_other.Root, "link")));
        Assert.True(Known.Contains(_user.Root));
        Assert.False(Known.Contains(_other.Root));
        Assert.False(Known.Contains(Path.Combine(_other.Root, "nowhere")));
    }

    [Fact]
    public void Another_folder_in_its_place_is_not_known()
    {
        Known.Remember(Home);

        Directory.Move(Home, Path.Combine(_other.Root, "kept")); // So that its inode is not given out again.

        Assert.False(Known.Contains(Home));
        Assert.False(Known.Contains(Path.Combine(_other.Root, "kept")));
    }

    [Fact]
    public void It_is_kept_where_the_user_keeps_such_things_for_him_alone()
    {
        var elsewhere = new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = Path.Combine(_other.Root, "xdg") };

        Known.Remember(Home);
        KnownHomes.Of(elsewhere, _user.Root).Remember(Home);

        foreach (var folder in (string[])[Folder, Path.Combine(_other.Root, "xdg", "relay")])
        {
            Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(folder));
            Assert.Equal((UnixFileMode)0b110_000_000, File.GetUnixFileMode(Path.Combine(folder, "homes.json")));
        }
        Assert.True(KnownHomes.Of(new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = "not/absolute" }, _user.Root).Contains(Home));
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("null")]
    [InlineData("{}")]
    public void A_list_that_cannot_be_read_is_an_empty_one(string text)
    {
        Known.Remember(Home);
        File.WriteAllText(Path.Combine(Folder, "homes.json"), text);

        Assert.False(Known.Contains(Home));
    }

    [Fact]
    public void What_others_may_have_written_says_nothing()
    {
        Known.Remember(Home);
        File.SetUnixFileMode(Folder, (UnixFileMode)0b111_111_111);
        Assert.False(Known.Contains(Home));
        File.SetUnixFileMode(Folder, (UnixFileMode)0b111_000_000);
        Assert.True(Known.Contains(Home));

        Unix.Give(Folder, 4242);
        Assert.False(Known.Contains(Home));
    }
}
