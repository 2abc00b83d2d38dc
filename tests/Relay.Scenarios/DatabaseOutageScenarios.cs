using System.Text.Json;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios;

/// <summary>The real program on a PostgreSQL server that is down, goes down, freezes, or belongs to another relay.</summary>
public sealed class DatabaseOutageScenarios : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private PostgresServer _server = null!;
    private LoopbackMessagesApi _api = null!;
    private LoopbackNtfy _ntfy = null!;
    private ScenarioHome _home = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var programs = PostgresServer.FindPrograms();
        Assert.SkipWhen(programs is null, "no PostgreSQL server is installed: ./build test installs one");
        _server = await PostgresServer.CreateAsync(programs!);
        _api = await LoopbackMessagesApi.StartAsync();
        _ntfy = await LoopbackNtfy.StartAsync();
        _home = NewHome();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is null)
            return;
        _home.Dispose();
        await _ntfy.DisposeAsync();
        await _api.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task With_its_server_down_it_waits_says_so_and_stops_at_once_when_told_to()
    {
        await using var relay = RelayProcess.Launch(_home);

        await UntilStatusAsync(_home, "error", "the database server cannot be reached: Connection refused");
        var command = await RunAsync("questions");
        relay.Signal(RelayProcess.Terminate);

        Assert.Equal(0, await relay.ExitAsync(RelayProcess.StopLimit));
        Assert.Contains("Waiting for the database", relay.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("xception", relay.Error, StringComparison.Ordinal);
        Assert.Equal((1, "relay: the database server cannot be reached: Connection refused"), (command.Exit, command.Error.Trim()));
    }

    [Fact]
    public async Task A_server_that_comes_late_finds_everything_waiting()
    {
        await using var session = new Session(_home, "session-1");
        session.Say("hello");
        await using var relay = RelayProcess.Launch(_home);
        await UntilStatusAsync(_home, "error", "cannot be reached");

        await _server.StartAsync();

        await Eventually.ThatAsync(Limit, () => session.Count == 1, () => $"no reply\n{relay.Output}", CancellationToken);
        await UntilStatusAsync(_home, "running", "");
    }

    [Fact]
    public async Task A_server_that_goes_and_comes_back_costs_no_message_and_no_second_call()
    {
        await _server.StartAsync();
        await using var session = new Session(_home, "session-1");
        await using var relay = await RelayProcess.StartAsync(_home, CancellationToken);
        session.Say("before");
        await Eventually.ThatAsync(Limit, () => session.Count == 1, () => "no first reply", CancellationToken);
        await UntilStatusAsync(_home, "running", "");

        await _server.StopAsync();
        session.Say("while it is gone");
        await UntilStatusAsync(_home, "error", "cannot be reached");
        await Eventually.ThatAsync(Limit, () => Health(relay) == 503, () => "it says that it is well", CancellationToken);
        await _server.StartAsync();
        await Eventually.ThatAsync(Limit, () => session.Count == 2, () => $"no second reply\n{relay.Output}", CancellationToken);
        session.Say("after");
        await Eventually.ThatAsync(Limit, () => session.Count == 3, () => $"no third reply\n{relay.Output}", CancellationToken);

        Assert.Equal(3, _api.Requests.Count);
        await UntilStatusAsync(_home, "running", "");
    }

    [Fact]
    public async Task A_call_under_way_while_the_server_was_restarted_is_recorded_once()
    {
        await _server.StartAsync();
        await using var session = new Session(_home, "session-1");
        _api.Enqueue(ScriptedReply.StallAfter(1, "the reply"));
        await using var relay = await RelayProcess.StartAsync(_home, CancellationToken);
        session.Say("hello");
        await (await _api.WaitForRequestsAsync(1, Limit)).Silent.WaitAsync(Limit, CancellationToken);

        await _server.StopAsync();
        _api.ReleaseStalled();
        await UntilStatusAsync(_home, "error", "cannot be reached");
        await _server.StartAsync();
        await Eventually.ThatAsync(Limit, () => session.Count == 1, () => $"no reply\n{relay.Output}", CancellationToken);

        Assert.Equal("the reply", Assert.Single(session.Received).Text);
        Assert.Single(_api.Requests);
    }

    [Fact]
    public async Task A_second_relay_waits_for_the_first_and_takes_over_when_it_is_killed()
    {
        await _server.StartAsync();
        using var other = NewHome();
        await using var session = new Session(other, "session-2");
        await using var first = await RelayProcess.StartAsync(_home, CancellationToken);

        await using var second = RelayProcess.Launch(other);
        await UntilStatusAsync(
            other, "error", $"another relay holds this database: relay on {Environment.MachineName}, process {first.Id}");
        session.Say("hello");
        await first.KillAsync();

        Assert.True(await second.ReadyAsync(Limit, CancellationToken), second.Output);
        await Eventually.ThatAsync(Limit, () => session.Count == 1, () => $"no reply\n{second.Output}", CancellationToken);
        await UntilStatusAsync(other, "running", "");
    }

    [Fact]
    public async Task A_server_that_keeps_silent_does_not_keep_it_from_stopping()
    {
        await _server.StartAsync();
        await using var session = new Session(_home, "session-1");
        await using var relay = await RelayProcess.StartAsync(_home, CancellationToken);
        session.Say("before");
        await Eventually.ThatAsync(Limit, () => session.Count == 1, () => "no reply", CancellationToken);

        await _server.FreezeAsync();
        session.Say("unheard");
        await Eventually.WithinAsync(TimeSpan.FromSeconds(1), () => relay.HasExited, CancellationToken);
        relay.Signal(RelayProcess.Terminate);

        Assert.Equal(0, await relay.ExitAsync(RelayProcess.StopLimit));
    }

    private ScenarioHome NewHome() => new(_api.Address, _ntfy.Address, "", _server.Url);

    private async Task<(int Exit, string Error)> RunAsync(string command)
    {
        var start = new System.Diagnostics.ProcessStartInfo(RelayProcess.Program(), [command, "--home", _home.Paths.Root])
        {
            RedirectStandardError = true,
        };
        using var process = System.Diagnostics.Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync(CancellationToken);
        await process.WaitForExitAsync(CancellationToken);
        return (process.ExitCode, error);
    }

    private static int Health(RelayProcess relay)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(relay.Url, "healthz"));
        using var response = http.Send(request, CancellationToken);
        return (int)response.StatusCode;
    }

    private static Task UntilStatusAsync(ScenarioHome home, string state, string reason)
    {
        var seen = "no status.json";
        return Eventually.ThatAsync(
            Limit,
            () =>
            {
                try
                {
                    seen = File.ReadAllText(home.Paths.StatusFile);
                }
                catch (FileNotFoundException)
                {
                    return false; // Not yet, or not while it is not known.
                }
                using var status = JsonDocument.Parse(seen);
                return status.RootElement.GetProperty("state").GetString() == state
                    && (status.RootElement.GetProperty("state_reason").GetString() ?? "").Contains(reason, StringComparison.Ordinal);
            },
            () => seen,
            CancellationToken);
    }
}
