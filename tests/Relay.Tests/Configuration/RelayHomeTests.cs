using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Configuration;

public sealed class RelayHomeTests : IDisposable
{
    private readonly TempHome _temp = new();

    private static readonly Dictionary<string, string> RelayHomeSet = new() { ["RELAY_HOME"] = "/from/environment" };

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void The_option_goes_before_everything()
    {
        _temp.Write("config.yaml", "");

        Assert.Equal("/from/option", RelayHome.Resolve("/from/option/", RelayHomeSet, _temp.Root, "/user").Root);
    }

    [Fact]
    public void RELAY_HOME_goes_before_the_current_folder()
    {
        _temp.Write("config.yaml", "");

        Assert.Equal("/from/environment", RelayHome.Resolve(null, RelayHomeSet, _temp.Root, "/user").Root);
    }

    [Fact]
    public void The_current_folder_counts_when_it_holds_config_yaml()
    {
        _temp.Write("config.yaml", "");

        Assert.Equal(_temp.Root, RelayHome.Resolve(null, TempHome.NoEnvironment, _temp.Root, "/user").Root);
    }

    [Fact]
    public void Otherwise_it_is_the_folder_in_the_users_home()
    {
        Assert.Equal("/user/.relay", RelayHome.Resolve(null, TempHome.NoEnvironment, _temp.Root, "/user").Root);
    }

    [Theory]
    [InlineData("sub", "/projects/sub")]
    [InlineData("../other", "/other")]
    [InlineData(".", "/projects")]
    public void A_relative_path_is_relative_to_the_current_folder(string option, string expected)
    {
        Assert.Equal(expected, RelayHome.Resolve(option, TempHome.NoEnvironment, "/projects", "/user").Root);
    }

    [Fact]
    public void A_blank_RELAY_HOME_is_none()
    {
        var blank = new Dictionary<string, string> { ["RELAY_HOME"] = " " };

        Assert.Equal("/user/.relay", RelayHome.Resolve("", blank, _temp.Root, "/user").Root);
    }

    [Fact]
    public void Every_path_is_where_the_contract_says()
    {
        var home = new RelayHome("/h");

        Assert.Equal(
            [
                "/h/.env", "/h/config.yaml", "/h/queue", "/h/queue/.rejected", "/h/dispatch", "/h/dispatch/.staged", "/h/dispatch/s-1",
                "/h/state", "/h/state/relay.db", "/h/state/home.id", "/h/state/.lock", "/h/state/status.json", "/h/state/endpoint.json",
                "/h/state/conversation.json", "/h/state/.rejected", "/h/state/jc_input.txt", "/h/logs", "/h/logs/relay.log",
            ],
            [
                home.EnvFile, home.ConfigFile, home.Queue, home.Rejected, home.Dispatch, home.Staged, home.SessionFolder("s-1"),
                home.State, home.DatabaseFile, home.IdFile, home.LockFile, home.StatusFile, home.EndpointFile,
                home.HistoryFile, home.RefusedAnswers, home.OperatorFile("jc_input.txt"), home.Logs, home.LogFile,
            ]);
    }

    [Fact]
    public void Folders_are_created_and_only_the_owner_sees_the_root_and_the_state()
    {
        var home = new RelayHome(Path.Combine(_temp.Root, "a", "b"));

        home.CreateFolders();
        home.CreateFolders();

        string[] folders = [home.Queue, home.Rejected, home.Dispatch, home.Staged, home.State, home.RefusedAnswers, home.Logs];
        Assert.All(folders, folder => Assert.True(Directory.Exists(folder)));
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Assert.Equal(ownerOnly, File.GetUnixFileMode(home.Root));
        Assert.Equal(ownerOnly, File.GetUnixFileMode(home.State));
    }
}
