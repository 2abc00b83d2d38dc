using System.Diagnostics;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Faults;

/// <summary>What modes and owners do to a relay that is not root's.</summary>
public sealed class OtherUserScenarios : FaultStage
{
    private const UnixFileMode ReadAlone = (UnixFileMode)0b101_101_101, OwnerAlone = (UnixFileMode)0b111_000_000;

    private static readonly OtherUser Relay = new(54_211), Eve = new(54_212);

    private static string Program => RelayProcess.Program();

    [Fact]
    public async Task A_state_folder_that_loses_its_leave_to_write_leaves_a_status_that_is_true()
    {
        await using var session = new Session(Home, "session-1");
        using var relay = await StartAsync();
        session.Say("before");
        await UntilAsync(() => session.Count == 1 && StateInFile() == "running", () => $"{session.Count}, {StateInFile()}");

        File.SetUnixFileMode(Home.Paths.State, ReadAlone);
        var closedAt = TimeProvider.System.GetUtcNow().UtcDateTime;
        session.Say("while it is closed");
        await UntilAsync(() => StateInFile() == "error", () => $"status.json: {StateInFile()}");
        var mode = File.GetUnixFileMode(Home.Paths.StatusFile);
        File.SetUnixFileMode(Home.Paths.State, OwnerAlone);
        await UntilAsync(() => session.Count == 2 && StateInFile() == "running", () => $"{session.Count}, {StateInFile()}");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode);
        await StopAsync(relay);
        using var next = await StartAsync();
        Assert.DoesNotContain( // One that was half way when the folder closed goes with the next start.
            Directory.GetFiles(Home.Paths.State, ".relay-*"), path => File.GetLastWriteTimeUtc(path) < closedAt);
        await StopAsync(next);
    }

    [Fact]
    public async Task A_stop_with_a_state_folder_without_leave_to_write_is_a_stop_in_order()
    {
        await using var session = new Session(Home, "session-1");
        using var relay = await StartAsync();
        session.Say("before");
        await UntilAsync(() => session.Count == 1, () => "no reply");

        File.SetUnixFileMode(Home.Paths.State, ReadAlone);
        await StopAsync(relay);

        Assert.Equal("stopped", StateInFile());
        File.SetUnixFileMode(Home.Paths.State, OwnerAlone);
        using var next = await StartAsync();
        session.Say("after");
        await UntilAsync(() => session.Count == 2, () => "no second reply");
        await StopAsync(next);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_home_of_another_user_is_used_by_no_command_and_that_is_said(bool isHidden)
    {
        OtherUser.Require();
        using var hidden = new ScenarioHome(Api.Address, Ntfy.Address, name: "home");
        var home = isHidden ? hidden : Home;
        Relay.Give(isHidden ? Path.GetDirectoryName(home.Paths.Root)! : home.Paths.Root);

        foreach (var command in (string[])
            ["run", "status", "status --json", "log", "messages", "questions", "sessions", "costs", "explain 01", "topic", "tokens",
             "doctor", "send --session s words", "ask --session s words", "answer yes", "retry", "drop 01", "init"])
        {
            var done = await Eve.RunAsync([Program, .. command.Split(' '), "--home", home.Paths.Root]);

            Assert.True(done.Exit == 78, $"{command}: exit {done.Exit}\n{done.Output}");
            Assert.True(done.Output.Contains($"{home.Paths.Root} ", StringComparison.Ordinal), $"{command}\n{done.Output}");
            Assert.True(done.Output.Contains("as a home", StringComparison.Ordinal), $"{command}\n{done.Output}");
        }
    }

    private async Task<Process> StartAsync()
    {
        OtherUser.Require();
        Relay.Give(Home.Paths.Root);
        var process = Relay.Start(Program, "run", "--home", Home.Paths.Root);
        process.BeginOutputReadLine(); // Nobody reads it, and a full pipe would hold the relay up.
        process.BeginErrorReadLine();
        await UntilAsync(() => process.HasExited || File.Exists(Home.Paths.EndpointFile), () => "it did not start");
        Assert.False(process.HasExited);
        return process;
    }

    private static async Task StopAsync(Process relay)
    {
        using var kill = Process.Start("/bin/kill", ["-TERM", relay.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await relay.WaitForExitAsync(CancellationToken).WaitAsync(RelayProcess.StopLimit, CancellationToken);
        Assert.Equal(0, relay.ExitCode);
    }
}
