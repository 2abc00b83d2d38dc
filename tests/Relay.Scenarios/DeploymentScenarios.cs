using System.Diagnostics;
using System.Globalization;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios;

/// <summary>docs/deployment.md: the daemon under a user of its own, sessions under theirs, with real users of the system.</summary>
public sealed class DeploymentScenarios : Stage
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly OtherUser Relay = new(54_201), Alice = new(54_202), Eve = new(54_203);

    protected override string Config => string.Create(
        CultureInfo.InvariantCulture, $"sessions: [{{session_id: alice-1, user: {Alice.Id}}}, {{session_id: session-1}}]\n");

    private static string Program => RelayProcess.Program();

    private string Url => File.ReadAllText(Home.Paths.EndpointFile).Split("\"url\":\"")[1].Split('"')[0];

    [Fact]
    public async Task A_session_s_user_reaches_the_relay_over_loopback_and_nothing_of_its_home()
    {
        await using var daemon = await StartAsync();
        var home = Home.Paths;
        var pid = daemon.Process.Id.ToString(CultureInfo.InvariantCulture);
        string[] attempts =
        [
            $"cat {home.EnvFile}",
            $"ls {home.Root}",
            $"head -c 1 {home.DatabaseFile}",
            $"cat {home.EndpointFile}",
            $"echo '{{}}' > {home.Queue}/forged.json",
            $"echo allow > {home.State}/jc_input.txt",
            $"ls {home.State}/*.sock {home.State}/.lock",
            $"kill -0 {pid}",
            $"head -c 1 /proc/{pid}/environ",
            $"head -c 1 /proc/{pid}/mem",
            $"{Program} status --home {home.Root}",
            $"{Program} answer yes --home {home.Root}",
            $"{Program} run --home {home.Root}",
        ];

        foreach (var attempt in attempts)
        {
            var done = await Alice.ShellAsync(attempt);
            Assert.True(done.Exit != 0, $"{attempt}\n{done.Output}");
        }

        Assert.Equal("200", (await HttpAsync(Alice, "healthz", "")).Output);
        Assert.Equal("401", (await HttpAsync(Alice, "status", "")).Output);
        Assert.False(daemon.Process.HasExited);
        foreach (var mine in (string[])[$"cat {home.EnvFile}", $"kill -0 {pid}", $"{Program} status --home {home.Root}"])
            Assert.Equal(0, (await Relay.ShellAsync(mine)).Exit); // What was tried is there to be had.
    }

    [Fact]
    public async Task With_a_connection_s_token_it_asks_in_its_name_and_does_nothing_of_the_operator_s()
    {
        await using var daemon = await StartAsync();
        var made = await Relay.RunAsync(Program, "token", "alice-1", "--home", Home.Paths.Root);
        Assert.Equal(0, made.Exit);
        var bearer = $"-H 'Authorization: Bearer {made.Output.Trim()}'";

        var asked = await AskAsync("alice-1", bearer);
        var forged = await AskAsync("session-1", bearer);
        var answered = await HttpAsync(Alice, "answers", bearer + """ --json '{"text":"yes"}' """);
        var seen = await HttpAsync(Alice, "status", bearer);

        Assert.Equal("200", asked.Output);
        Assert.Equal(["403", "403", "403"], [forged.Output, answered.Output, seen.Output]);
        Assert.Equal(1, await Home.CountAsync("SELECT COUNT(*) FROM messages", CancellationToken));
    }

    [Fact]
    public async Task Where_the_queue_is_open_to_users_each_speaks_for_his_own_session()
    {
        OtherUser.Require();
        File.SetUnixFileMode(Home.Paths.Root, (UnixFileMode)0b111_001_001);
        File.SetUnixFileMode(Home.Paths.Queue, (UnixFileMode)0b1_111_011_011);
        await using var daemon = await StartAsync();

        await DropAsync(Alice, "mine", "alice-1");
        await DropAsync(Eve, "forged", "alice-1");
        await DropAsync(Eve, "stranger", "session-1");
        await Eve.ShellAsync($"ls {Home.Paths.Queue} ; rm -f {Home.Paths.Queue}/mine.json");
        await Eventually.ThatAsync(
            Patience,
            () => Reasons().Count == 2 && !File.Exists(Path.Combine(Home.Paths.Queue, "mine.json")), // It is removed once it is accepted.
            () => string.Join('\n', Reasons()),
            CancellationToken);

        Assert.All(Reasons(), reason => Assert.Contains($"belongs to uid {Eve.Id}", reason, StringComparison.Ordinal));
        var senders = await Home.QueryAsync("SELECT session_id FROM messages", row => row.Text(), CancellationToken);
        Assert.Equal(["alice-1"], senders);
    }

    private async Task<Daemon> StartAsync()
    {
        OtherUser.Require();
        Relay.Give(Home.Paths.Root);
        var daemon = new Daemon(Relay.Start(Program, "run", "--home", Home.Paths.Root));
        await Eventually.ThatAsync(
            Patience,
            () => File.Exists(Home.Paths.EndpointFile) || daemon.Process.HasExited,
            () => "it did not start",
            CancellationToken);
        Assert.False(daemon.Process.HasExited);
        return daemon;
    }

    /// <summary>The relay as its user runs it. At the end it is gone before its home is.</summary>
    private sealed class Daemon : IAsyncDisposable
    {
        public Daemon(Process process)
        {
            Process = process;
            process.BeginOutputReadLine(); // Nobody reads it, and a full pipe would hold the relay up.
            process.BeginErrorReadLine();
        }

        public Process Process { get; }

        public async ValueTask DisposeAsync()
        {
            Process.Kill();
            await Process.WaitForExitAsync(CancellationToken.None).WaitAsync(Patience);
            Process.Dispose();
        }
    }

    private List<string> Reasons() => Directory.Exists(Home.Paths.Rejected)
        ? [.. Directory.GetFiles(Home.Paths.Rejected, "*.reason.txt").Select(File.ReadAllText)]
        : [];

    private Task<Done> DropAsync(OtherUser user, string name, string session) => user.ShellAsync(
        $$"""umask 022; printf '{"session_id":"{{session}}","content":"hello"}' > {{Home.Paths.Queue}}/{{name}}.json""");

    private Task<Done> AskAsync(string session, string options) => HttpAsync(
        Alice, "ask", options + $$""" --json '{"session_id":"{{session}}","content":"Left or right?","id":"1"}' """);

    /// <summary>The output is the status.</summary>
    private Task<Done> HttpAsync(OtherUser user, string path, string options) =>
        user.ShellAsync($"curl -q -s -m 20 -o /dev/null -w '%{{http_code}}' {options} {Url}/{path}");
}
