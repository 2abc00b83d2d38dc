using System.Text.Json;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios;

/// <summary>What a machine and its people do to a program: it is stopped and goes on, may open too few files, is started many times at
/// once, and lives under any name.</summary>
public sealed class MachineScenarios : Stage
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Stopped_in_the_midst_of_a_call_and_going_on_nothing_is_lost_and_nothing_comes_twice()
    {
        await using var session = new Session(Home, "session-1");
        Api.Enqueue(ScriptedReply.StallAfter(1, "the reply"));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        session.Say("hello");
        await (await Api.WaitForRequestsAsync(1, Limit)).Silent.WaitAsync(Limit, CancellationToken);

        relay.Signal(RelayProcess.Stop);
        await Eventually.ThatAsync(Limit, () => StateOf(relay.Id) == 'T', () => "it does not stop", CancellationToken);
        await using var second = RelayProcess.Launch(Home); // The lock holds: nobody takes over from one that only sleeps.
        Assert.Equal(75, await second.ExitAsync(Limit));
        Assert.Contains($"already running (pid {relay.Id})", second.Error, StringComparison.Ordinal);
        Api.ReleaseStalled();
        session.Say("and this");
        Assert.Equal(0, session.Count);
        relay.Signal(RelayProcess.Continue);
        await Eventually.ThatAsync(Limit, () => session.Count == 2, () => $"{session.Count} replies\n{relay.Error}", CancellationToken);

        Assert.Equal(["the reply", "reply to: [session-1] and this"], session.Received.Select(reply => reply.Text));
        Assert.Equal(2, Api.Requests.Count);
        Assert.Equal(4, await Home.CountAsync("SELECT COUNT(*) FROM entries", CancellationToken));
    }

    [Theory]
    [InlineData("-n 64")]
    [InlineData("-n 300")]
    public async Task With_too_few_files_that_may_be_open_it_says_so_in_one_line(string limit)
    {
        await using var relay = RelayProcess.Launch(Home, limit: limit);

        var exit = await relay.ExitAsync(Limit);

        var line = Assert.Single((relay.Output + relay.Error).Trim().Split('\n'));
        Assert.Equal(78, exit);
        Assert.Contains($"may open only {limit.Split(' ')[1]} files, and needs 512", line, StringComparison.Ordinal);
        Assert.Contains("ulimit -n", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_as_many_as_it_says_it_needs_it_runs_and_answers()
    {
        await using var session = new Session(Home, "session-1");
        await using var relay = await RelayProcess.ReadyAsync(RelayProcess.Launch(Home, limit: "-n 512"), CancellationToken);

        session.Say("hello");
        await Eventually.ThatAsync(Limit, () => session.Count == 1, () => $"no reply\n{relay.Error}", CancellationToken);
    }

    [Fact]
    public async Task Of_five_started_in_one_instant_one_runs_and_four_name_it()
    {
        var all = Enumerable.Range(0, 5).Select(_ => RelayProcess.Launch(Home)).ToList();
        try
        {
            await Eventually.ThatAsync(
                Limit, () => all.Count(each => each.HasExited) == 4,
                () => $"{all.Count(each => each.HasExited)} ended\n{string.Join('\n', all.Select(each => each.Error))}", CancellationToken);
            var left = Assert.Single(all, each => !each.HasExited);

            Assert.True(await left.ReadyAsync(Limit, CancellationToken), left.Error);
            foreach (var each in all.Where(each => each != left))
                Assert.Equal(75, await each.ExitAsync(Limit));
            Assert.All(
                all.Where(each => each != left),
                each => Assert.Equal($"already running (pid {left.Id})", each.Error.Trim()));
        }
        finally
        {
            foreach (var each in all)
                await each.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_connect_writes_nobody_else_may_write_whatever_the_umask()
    {
        using var home = new ScenarioHome(Api.Address, Ntfy.Address);
        var project = Directory.CreateDirectory(Path.Combine(home.Paths.Root, "project")).FullName;
        string[] connect = ["connect", "claude-code", "--project", project, "--session", "shop", "--home", home.Paths.Root];
        await using var relay = await RelayProcess.StartAsync(home, CancellationToken);
        using var process = System.Diagnostics.Process.Start(
            "/bin/sh", ["-c", "umask 000; exec \"$0\" \"$@\"", RelayProcess.Program(), .. connect]);
        await process.WaitForExitAsync(CancellationToken);

        Assert.Equal(0, process.ExitCode);
        var written = Directory.GetFileSystemEntries(project, "*", SearchOption.AllDirectories);
        Assert.NotEmpty(written);
        Assert.All(written, path => Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(path) & (UnixFileMode)0b000_010_010));
    }

    [Theory]
    [InlineData("with spaces and 'quotes' \"both\"", null)]
    [InlineData("ünïcode-日本-🙂", null)]
    [InlineData("100% {0} {home} $HOME `x` *?", null)]
    [InlineData("a\nline", null)]
    [InlineData("-dash", null)]
    [InlineData("trailing", "trailing/")]
    [InlineData("relative", "./x/../relative/")]
    [InlineData("linked", "a link")]
    [InlineData("two hundred", null)]
    public async Task A_home_may_have_any_name(string name, string? named)
    {
        using var home = new ScenarioHome(Api.Address, Ntfy.Address, "", name: name == "two hundred" ? new string('n', 200) : name);
        var parent = Path.GetDirectoryName(home.Paths.Root)!;
        if (named == "a link")
            File.CreateSymbolicLink(Path.Combine(parent, named), home.Paths.Root);
        await using var session = new Session(home, "session-1");

        await using var relay = await RelayProcess.ReadyAsync(
            RelayProcess.Launch(home, named: named is null ? null : Named(parent, named)), CancellationToken);
        session.Say("hello");
        await Eventually.ThatAsync(Limit, () => session.Count == 1, () => $"no reply\n{relay.Error}", CancellationToken);

        relay.Signal(RelayProcess.Terminate);
        Assert.Equal(0, await relay.ExitAsync(RelayProcess.StopLimit));
        Assert.Equal("", relay.Error.Trim());
        using var status = JsonDocument.Parse(await File.ReadAllBytesAsync(home.Paths.StatusFile, CancellationToken));
        Assert.Equal("stopped", status.RootElement.GetProperty("state").GetString());
        Assert.Empty(await home.StrandedAsync());
    }

    /// <summary>The relay is started in the folder for temporary files.</summary>
    private static string Named(string parent, string named) => named.StartsWith('.')
        ? $"./{Path.GetFileName(parent)}/../{Path.GetFileName(parent)}/{Path.GetFileName(named.TrimEnd('/'))}/"
        : Path.Combine(parent, named);

    private static char StateOf(int process)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        var status = File.ReadAllText($"/proc/{process}/stat");
        return status[status.LastIndexOf(')') + 2];
    }
}
