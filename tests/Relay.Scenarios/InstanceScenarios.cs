using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios;

public sealed class InstanceScenarios : Stage
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30), ReadyLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task It_is_ready_within_seconds_and_says_where_and_who_it_is()
    {
        var started = Stopwatch.GetTimestamp();

        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);

        var took = Stopwatch.GetElapsedTime(started);
        Say(string.Create(CultureInfo.InvariantCulture, $"ready after {took.TotalMilliseconds:0} ms"));
        Assert.True(took < ReadyLimit, $"ready only after {took}");
        using var endpoint = JsonDocument.Parse(await File.ReadAllBytesAsync(Home.Paths.EndpointFile, CancellationToken));
        Assert.Equal(relay.Id, endpoint.RootElement.GetProperty("pid").GetInt32());
        Assert.Equal(relay.Url, new Uri(endpoint.RootElement.GetProperty("url").GetString()!));
        Assert.Contains("online", (await Ntfy.WaitForPageAsync(_ => true, Limit)).Title, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_introduces_itself_and_says_when_it_is_ready_and_when_it_has_stopped()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await Eventually.ThatAsync(
            Limit, () => relay.Output.Contains("ready in ", StringComparison.Ordinal), () => relay.Output, CancellationToken);

        relay.Signal(RelayProcess.Terminate);
        await relay.ExitAsync(RelayProcess.StopLimit);

        Assert.All(
            [Home.Paths.Root, relay.Url.GetLeftPart(UriPartial.Authority), "claude-opus-5-5", "session-1", Ntfy.Address.Host, "stopped"],
            said => Assert.Contains(said, relay.Output, StringComparison.Ordinal));
        using var status = JsonDocument.Parse(await File.ReadAllBytesAsync(Home.Paths.StatusFile, CancellationToken));
        Assert.Equal("stopped", status.RootElement.GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_port_that_another_home_s_relay_has_is_said_in_one_line()
    {
        await using var first = await RelayProcess.StartAsync(Home, CancellationToken);
        using var other = new ScenarioHome(Api.Address, Ntfy.Address, "");
        var config = await File.ReadAllTextAsync(other.Paths.ConfigFile, CancellationToken);
        await File.WriteAllTextAsync(
            other.Paths.ConfigFile, config.Replace("127.0.0.1:0", first.Url.Authority, StringComparison.Ordinal), CancellationToken);

        await using var second = RelayProcess.Launch(other);
        var exit = await second.ExitAsync(Limit);

        Assert.Equal(78, exit);
        Assert.Contains("listen:", Assert.Single((second.Output + second.Error).Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_one_on_the_same_home_leaves_at_once_and_names_the_first()
    {
        await using var first = await RelayProcess.StartAsync(Home, CancellationToken);

        await using var second = RelayProcess.Launch(Home);
        var exit = await second.ExitAsync(Limit);

        Assert.Equal(75, exit);
        Assert.Contains($"already running (pid {first.Id})", second.Error, StringComparison.Ordinal);
        Assert.False(first.HasExited);
    }

    [Fact]
    public async Task Of_two_that_start_at_one_instant_one_runs_and_the_other_names_it()
    {
        await using var one = RelayProcess.Launch(Home);
        await using var two = RelayProcess.Launch(Home);
        await Eventually.ThatAsync(Limit, () => one.HasExited || two.HasExited, () => "both run", CancellationToken);
        var (left, stays) = one.HasExited ? (one, two) : (two, one);

        Assert.Equal(75, await left.ExitAsync(Limit));
        Assert.Contains("already running", left.Error, StringComparison.Ordinal);
        Assert.True(await stays.ReadyAsync(Limit, CancellationToken), stays.Error);
    }

    [Fact]
    public async Task After_a_kill_the_next_one_starts_with_nothing_to_clean_up()
    {
        await using var first = await RelayProcess.StartAsync(Home, CancellationToken);
        await first.KillAsync();

        await using var second = RelayProcess.Launch(Home);

        Assert.True(await second.ReadyAsync(Limit, CancellationToken), second.Error);
    }

    [Theory]
    [InlineData(RelayProcess.Terminate)]
    [InlineData(RelayProcess.Interrupt)]
    public async Task A_signal_stops_it_in_order(int signal)
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);

        relay.Signal(signal);

        Assert.Equal(0, await relay.ExitAsync(TimeSpan.FromSeconds(5))); // Where it has nothing to wait for, it takes a fraction of that.
        Assert.False(File.Exists(Home.Paths.EndpointFile));
    }

    [Theory]
    [InlineData(RelayProcess.Terminate)]
    [InlineData(RelayProcess.Interrupt)]
    public async Task A_signal_in_the_middle_of_a_call_stops_it_and_the_next_one_asks_again(int signal)
    {
        await using var session = new Session(Home, "session-1");
        Api.Enqueue(ScriptedReply.StallAfter(1));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        session.Say("hello");
        await (await Api.WaitForRequestsAsync(1, Limit)).Silent.WaitAsync(Limit, CancellationToken);

        relay.Signal(signal);
        var exit = await relay.ExitAsync(RelayProcess.StopLimit);
        await using var next = await RelayProcess.StartAsync(Home, CancellationToken);
        await Eventually.ThatAsync(Limit, () => session.Count == 1, () => "no reply", CancellationToken);

        Assert.Equal(0, exit);
        Assert.Equal("reply to: [session-1] hello", Assert.Single(session.Received).Text);
        Assert.Equal(1, await Home.CountAsync("SELECT COUNT(*) FROM entries WHERE role = 'user'", CancellationToken));
    }

    [Fact]
    public async Task A_call_that_ends_soon_after_the_signal_is_not_paid_twice()
    {
        await using var session = new Session(Home, "session-1");
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            Api.Enqueue(ScriptedReply.StallAfter(1, "the reply"));
            var before = Api.Requests.Count;
            await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
            session.Say("hello");
            await (await Api.WaitForRequestsAsync(before + 1, Limit)).Silent.WaitAsync(Limit, CancellationToken);

            var signalled = Stopwatch.GetTimestamp();
            relay.Signal(RelayProcess.Terminate);
            await Eventually.ThatAsync(
                Limit, () => !File.Exists(Home.Paths.EndpointFile), () => "the stop did not begin", CancellationToken);
            Api.ReleaseStalled();
            var wasSoon = Stopwatch.GetElapsedTime(signalled) < Soon;
            var exit = await relay.ExitAsync(RelayProcess.StopLimit);
            await using var next = await RelayProcess.StartAsync(Home, CancellationToken);
            await Eventually.ThatAsync(Limit, () => session.Count == attempt, () => "no reply", CancellationToken);

            Assert.Equal(0, exit);
            if (!wasSoon)
                continue; // We stood still ourselves, and it waits for a call no longer than its stop may take.
            Assert.Equal("the reply", session.Received[^1].Text);
            Assert.Equal(before + 1, Api.Requests.Count);
            return;
        }
        Assert.Fail("the machine does not let a call end soon");
    }

    [Fact]
    public async Task A_signal_while_it_starts_is_no_fault()
    {
        foreach (var milliseconds in (int[])[100, 250, 400, 550, 700])
        {
            await using var relay = RelayProcess.Launch(Home);
            await Eventually.WithinAsync(TimeSpan.FromMilliseconds(milliseconds), () => relay.HasExited, CancellationToken);

            relay.Signal(RelayProcess.Terminate);
            var exit = await relay.ExitAsync(RelayProcess.StopLimit);

            // Until the runtime handles the signal, the system ends the process.
            Assert.True(
                exit is 0 or 128 + RelayProcess.Terminate,
                $"exit {exit} when stopped after {milliseconds} ms\n{relay.Output}{relay.Error}");
            Assert.DoesNotContain("xception", relay.Error, StringComparison.Ordinal);
        }
    }
}
