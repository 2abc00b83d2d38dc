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

        Assert.Equal("/from/option", Resolve("/from/option/", RelayHomeSet, _temp.Root));
    }

    [Fact]
    public void RELAY_HOME_goes_before_the_current_folder()
    {
        _temp.Write("config.yaml", "");

        Assert.Equal("/from/environment", Resolve(null, RelayHomeSet, _temp.Root));
    }

    [Theory]
    [InlineData("config.yaml")]
    [InlineData("state/config.in-force.yaml")] // An editor that saves may take config.yaml away for a moment.
    [InlineData("state/relay.db")]
    [InlineData("state/endpoint.json")]
    public void The_current_folder_is_no_home_because_of_what_lies_in_it(string file)
    {
        Directory.CreateDirectory(_temp.Home.State);
        _temp.Write(file, "");

        var resolved = RelayHome.Resolve(null, TempHome.NoEnvironment, _temp.Root, "/user");

        Assert.Equal(_temp.Root, Assert.IsType<RelayHome.Resolved.Unknown>(resolved).Home.Root);
    }

    [Fact]
    public void The_current_folder_is_one_when_the_user_has_made_it_one()
    {
        using var user = new TempHome();
        _temp.Write("config.yaml", "");

        KnownHomes.Of(TempHome.NoEnvironment, user.Root).Remember(_temp.Root);

        Assert.Equal(_temp.Root, Resolve(null, TempHome.NoEnvironment, _temp.Root, user.Root));
    }

    [Fact]
    public void The_users_own_home_is_one_from_within_too()
    {
        var own = Directory.CreateDirectory(Path.Combine(_temp.Root, ".relay")).FullName;
        File.WriteAllText(Path.Combine(own, "config.yaml"), "");

        Assert.Equal(own, Resolve(null, TempHome.NoEnvironment, own, _temp.Root));
    }

    [Fact]
    public void Otherwise_it_is_the_folder_in_the_users_home()
    {
        _temp.Write(".env", "ANTHROPIC_API_KEY=of-another-program"); // As many projects have.

        Assert.Equal("/user/.relay", Resolve(null, TempHome.NoEnvironment, _temp.Root));
    }

    [Theory]
    [InlineData("sub", "/projects/sub")]
    [InlineData("../other", "/other")]
    [InlineData(".", "/projects")]
    public void A_relative_path_is_relative_to_the_current_folder(string option, string expected)
    {
        Assert.Equal(expected, Resolve(option, TempHome.NoEnvironment, "/projects"));
    }

    [Fact]
    public void A_blank_RELAY_HOME_is_none()
    {
        var blank = new Dictionary<string, string> { ["RELAY_HOME"] = " " };

        Assert.Equal("/user/.relay", Resolve("", blank, _temp.Root));
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

    private static string Resolve(
        string? option, IReadOnlyDictionary<string, string> environment, string currentFolder, string userHome = "/user") =>
        Assert.IsType<RelayHome.Resolved.Meant>(RelayHome.Resolve(option, environment, currentFolder, userHome)).Home.Root;
}
