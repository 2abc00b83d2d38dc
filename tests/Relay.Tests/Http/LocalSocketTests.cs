using System.Net.Sockets;
using System.Text.Json;
using Relay.Cli;
using Relay.Files;
using Relay.Files.Platform;
using Relay.Tests.Cli;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Http;

/// <summary>The commands of this machine speak to the daemon over a socket that only its owner can reach.</summary>
public sealed class LocalSocketTests
{
    private const string Config = "advisor: simulated\nlisten: 127.0.0.1:0\n";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public static TheoryData<string> OddFolders =>
        ["home", "two  words", "ünïcode ☂ 家", "it's \"quoted\" & $(odd)", new string('x', 200), new string('ü', 100) + " long"];

    [Theory]
    [MemberData(nameof(OddFolders))]
    public async Task Commands_reach_the_daemon_wherever_its_home_lies(string folder)
    {
        await using var relay = new CliHome(Config, folder: folder);
        await relay.StartAsync();

        var asked = await relay.RunAsync("ask", "--session", "s1", "Hello", "--timeout", "30s");
        var doctor = await relay.RunAsync("doctor", "--json");

        Assert.Equal((0, ""), (asked.Exit, asked.Error));
        Assert.Contains("runs and is healthy", doctor.Output);
        Assert.Equal(Path.Combine(relay.Home.State, "relay.sock"), SocketOf(relay));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketOf(relay)));
        await relay.StopAsync();
        Assert.False(File.Exists(Path.Combine(relay.Home.State, "relay.sock")));
    }

    [Theory]
    [MemberData(nameof(OddFolders))]
    public async Task Hooks_and_waiters_reach_it_too(string folder)
    {
        await using var relay = new CliHome(Config, folder: folder);
        var daemon = await relay.StartAsync();
        var token = ("RELAY_SESSION_TOKEN", (await relay.RunAsync("token", "s1")).Output.Trim());

        var started = await Programs.HookAsync("session-start", relay.Home, daemon.Url, token);
        await relay.RunAsync("answer", "@s1: go on");
        var waited = await Programs.HookAsync(
            "wait", relay.Home, daemon.Url, token, ("CLAUDE_CODE_SESSION_ATTENDED", "1"), ("CLAUDE_PID", $"{Environment.ProcessId}"));

        Assert.Contains("Relay is connected: this session is s1", started.Output);
        Assert.Equal(2, waited.Exit);
        Assert.Contains("go on", waited.Error);
        // Nothing has shown that its model has it, so it comes once more when the session begins anew.
        Assert.Contains("go on", (await Programs.HookAsync("session-start", relay.Home, daemon.Url, token)).Output);
    }

    [Fact]
    public async Task What_a_killed_daemon_left_is_replaced()
    {
        await using var relay = new CliHome(Config);
        relay.Home.CreateFolders();
        Unix.Socket(Path.Combine(relay.Home.State, "relay.sock"));

        await relay.StartAsync();

        Assert.Equal(0, (await relay.RunAsync("status")).Exit);
    }

    [Fact]
    public async Task Where_the_home_cannot_hold_a_socket_a_folder_of_its_own_does()
    {
        await using var relay = new CliHome(Config, folder: new string('y', 150));
        relay.Home.CreateFolders();
        Directory.CreateDirectory(Path.Combine(relay.Home.State, "relay.sock", "in the way"));
        await relay.StartAsync();
        var elsewhere = Path.GetDirectoryName(SocketOf(relay))!;

        var asked = await relay.RunAsync("ask", "--session", "s1", "Hello", "--timeout", "30s");

        Assert.Equal(0, asked.Exit);
        Assert.NotEqual(relay.Home.State, elsewhere);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(elsewhere));
        await relay.StopAsync();
        Assert.False(Directory.Exists(elsewhere));
    }

    [Theory]
    [InlineData("/tmp/relay.sock")]
    [InlineData("relay.sock")]
    [InlineData("/tmp/../tmp/other.sock")]
    public async Task A_socket_in_a_folder_of_others_is_not_spoken_to(string path)
    {
        await using var relay = new CliHome(Config);
        await relay.StartAsync();
        await File.WriteAllTextAsync(
            relay.Home.EndpointFile, $$"""{"url":"http://127.0.0.1:9","pid":1,"socket":"{{path}}"}""", CancellationToken);

        Assert.Null(LocalEndpoint.Of(relay.Home));
    }

    [Fact]
    public async Task The_token_is_needed_over_the_socket_as_well()
    {
        await using var relay = new CliHome(Config);
        await relay.StartAsync();

        foreach (var authorization in (string[])["", "Authorization: Bearer wrong\r\n"])
            Assert.StartsWith("HTTP/1.1 401", await SpeakAsync(
                SocketOf(relay), $"GET /status HTTP/1.1\r\nHost: localhost\r\n{authorization}Connection: close\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 403", await SpeakAsync(
            SocketOf(relay), "GET /status HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n"));
    }

    [Fact]
    public async Task Another_user_is_turned_away_though_he_could_open_the_socket()
    {
        Assert.SkipUnless(Unix.IsRoot && File.Exists("/usr/bin/setpriv") && File.Exists("/usr/bin/curl"), "needs root, setpriv and curl");
        await using var relay = new CliHome(Config);
        await relay.StartAsync();
        const UnixFileMode all = (UnixFileMode)0b111_111_111;
        foreach (var path in (string[])[Path.GetDirectoryName(relay.Home.Root)!, relay.Home.Root, relay.Home.State, SocketOf(relay)])
            File.SetUnixFileMode(path, all);
        string[] curl = ["/usr/bin/curl", "-s", "-m", "20", "--unix-socket", SocketOf(relay), "http://localhost/healthz"];

        var other = await Programs.RunAsync("/usr/bin/setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", .. curl]);
        var owner = await Programs.RunAsync(curl[0], curl[1..]);

        Assert.NotEqual(0, other.Exit);
        Assert.Equal("", other.Output);
        Assert.Contains("\"ok\"", owner.Output);
    }

    [Fact]
    public void The_other_end_is_known_by_its_user()
    {
        using var socket = new LocalSocket(Directory.CreateTempSubdirectory("relay-peer-").FullName);
        using var listener = socket.Bind();
        listener.Listen();
        using var client = LocalSocket.Connect(socket.Path!, TimeSpan.FromSeconds(20));
        using var server = listener.Accept();

        Assert.Equal(Peer.OwnUser, Peer.UserOf(server));
        Assert.True(Peer.IsTrusted(server, owner: 12_345));
        Assert.False(Peer.HasHungUp(server));
        client.Dispose();
        Assert.True(Peer.HasHungUp(server));
    }

    private static string SocketOf(CliHome relay) => JsonSerializer.Deserialize<JsonElement>(
        File.ReadAllBytes(relay.Home.EndpointFile)).GetProperty("socket").GetString()!;

    private static async Task<string> SpeakAsync(string path, string request)
    {
        using var socket = LocalSocket.Connect(path, TimeSpan.FromSeconds(20));
        using var stream = new NetworkStream(socket);
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(request), CancellationToken);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(CancellationToken);
    }
}
