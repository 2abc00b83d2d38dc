using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Loopback;
using Relay.Operator;
using Relay.Running;
using Relay.Tests.Testing;
using Relay.Web.Status;
using Xunit;

namespace Relay.Tests.Web.Status;

public sealed class StatusTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_field_of_the_contract_is_there_with_its_type()
    {
        await using var relay = await TempRelay.CreateAsync();
        var empty = await JsonAsync(relay);
        relay.Advisor.Reply("[NEEDS-JC] Which?");
        await relay.AcceptAsync("a", "question");
        await relay.TakeTurnsAsync();
        await relay.AnswerAsync("@a: this");
        await relay.RunAsync<Relay.Dispatch.Dispatcher>();
        var later = await JsonAsync(relay);

        foreach (var name in (string[])["last_needs_jc_at", "last_needs_jc_text", "last_dispatch_at", "last_dispatch_session"])
        {
            Assert.Equal(JsonValueKind.Null, empty.GetProperty(name).ValueKind);
            Assert.Equal(JsonValueKind.String, later.GetProperty(name).ValueKind);
        }
        foreach (var name in (string[])["state", "started_at", "model", "version"])
            Assert.Equal(JsonValueKind.String, empty.GetProperty(name).ValueKind);
        string[] zeros =
        [
            "queue_depth", "history_chars", "history_turns", "total_input_tokens", "total_output_tokens", "total_cost_usd",
            "oldest_waiting_seconds",
        ];
        foreach (var name in zeros)
            Assert.Equal(0, empty.GetProperty(name).GetDouble());
        Assert.Equal(JsonValueKind.Array, empty.GetProperty("sessions").ValueKind);
        Assert.Equal("a", later.GetProperty("sessions")[0].GetProperty("session_id").GetString());
        Assert.Equal("a", later.GetProperty("last_dispatch_session").GetString());
        Assert.Equal("claude-opus-5-5", later.GetProperty("model").GetString());
        foreach (var name in (string[])["started_at", "last_needs_jc_at", "last_dispatch_at"])
            Assert.Equal(relay.Clock.GetUtcNow(), DateTimeOffset.Parse(later.GetProperty(name).GetString()!, CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Depth_counts_messages_and_envelopes_and_the_oldest_one_has_an_age()
    {
        await using var relay = await TempRelay.CreateAsync();
        await relay.AcceptAsync("a", "one");
        relay.Clock.Advance(TimeSpan.FromSeconds(90));
        await relay.AcceptAsync("a", "two");
        relay.Drop("a", "three");

        var status = await relay.StatusAsync();

        Assert.Equal((3, 90.0), (status.QueueDepth, status.OldestWaitingSeconds));
        await relay.PassAsync();
        Assert.Equal((0, 0.0), ((await relay.StatusAsync()).QueueDepth, (await relay.StatusAsync()).OldestWaitingSeconds));
    }

    [Fact]
    public async Task Totals_and_history_are_those_of_all_runs()
    {
        await using var relay = await TempRelay.CreateAsync();
        foreach (var text in (string[])["one", "two"])
        {
            relay.Advisor.Reply("1234567890");
            await relay.AcceptAsync("a", text);
            await relay.TakeTurnsAsync();
            await relay.RestartAsync();
        }

        var status = await relay.StatusAsync();

        Assert.Equal((4, 26), (status.HistoryTurns, status.HistoryChars));
        Assert.Equal((200, 40), (status.TotalInputTokens, status.TotalOutputTokens));
        Assert.True(status.TotalCostUsd > 0);
    }

    [Fact]
    public async Task What_is_held_shows_as_error_or_as_budget()
    {
        await using var relay = await TempRelay.CreateAsync("budget: {per_day_usd: 0}");
        await relay.AcceptAsync("a", "too dear");
        await relay.TakeTurnsAsync();
        Assert.Equal("budget", (await relay.StatusAsync()).State);
        Assert.Empty(relay.Advisor.Calls);

        await relay.ConfigureAsync("model: claude-opus-5-5");
        await relay.Get<Holds>().ReleaseAllAsync("a test", CancellationToken);
        relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Credentials, "HTTP 401"));
        await relay.TakeTurnsAsync();
        var status = await relay.StatusAsync();
        Assert.Equal(("error", "HTTP 401"), (status.State, status.StateReason));
    }

    [Fact]
    public async Task A_standing_fault_is_an_error_and_unhealthy()
    {
        await using var relay = await TempRelay.CreateAsync();
        relay.Get<Faults>().Set("Dispatcher", "the disk is full");

        Assert.Equal("error", (await relay.StatusAsync()).State);
        var (healthy, reasons, _) = await relay.Get<Health>().ReadAsync(CancellationToken);
        Assert.False(healthy);
        Assert.Contains("the disk is full", Assert.Single(reasons), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_fails_with_the_reason_once_something_has_waited_too_long()
    {
        await using var relay = await TempRelay.CreateAsync("stuck_after: 1m");
        await relay.AcceptAsync("a", "nobody answers");
        relay.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.True((await relay.Get<Health>().ReadAsync(CancellationToken)).Healthy);

        relay.Clock.Advance(TimeSpan.FromSeconds(2));

        var (healthy, reasons, ages) = await relay.Get<Health>().ReadAsync(CancellationToken);
        Assert.False(healthy);
        Assert.Equal("a message has not been answered for 1m1s", Assert.Single(reasons));
        Assert.Equal(61, ages.Asking);
    }

    [Fact]
    public async Task What_is_held_is_unhealthy_from_the_first_moment()
    {
        await using var relay = await TempRelay.CreateAsync();
        relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Credentials, "HTTP 401"));
        await relay.AcceptAsync("a", "question");
        await relay.TakeTurnsAsync();

        Assert.False((await relay.Get<Health>().ReadAsync(CancellationToken)).Healthy);
    }

    [Fact]
    public async Task The_mirror_follows_within_a_second_and_is_never_half_written()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.StallBeforeHeaders("done"));
        await Until.TrueAsync(() => File.Exists(relay.Home.StatusFile), "the mirror");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        var reading = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                    JsonDocument.Parse(File.ReadAllBytes(relay.Home.StatusFile)).Dispose();
            },
            CancellationToken);

        relay.Drop("a", "question");
        // It should take a second at most, and ten where nothing was heard of it; between them is room for a slow machine.
        Assert.True(await TakesAsync(relay, "queue_depth", 1) < TimeSpan.FromSeconds(5), "accepted");
        await (await relay.Api.WaitForRequestsAsync(1, RunningRelay.Patience)).Silent.WaitAsync(RunningRelay.Patience, CancellationToken);
        relay.Api.ReleaseStalled();
        await relay.ConsumeAsync("a");
        Assert.True(await TakesAsync(relay, "queue_depth", 0) < TimeSpan.FromSeconds(5), "answered");
        await File.WriteAllTextAsync(Path.Combine(relay.Home.Queue, "unfinished.json"), "{", CancellationToken);
        Assert.True(await TakesAsync(relay, "queue_depth", 1) < TimeSpan.FromSeconds(5), "an envelope nobody has read");
        Assert.True(await TakesAsync(relay, "queue_depth", 0) < TimeSpan.FromSeconds(5), "rejected");

        await stop.CancelAsync();
        await reading;
    }

    [Fact]
    public async Task Over_HTTP_and_in_the_mirror_stands_the_same_and_no_secret_anywhere()
    {
        await using var relay = await RunningRelay.StartAsync("stuck_after: 1s");
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Which?"));
        relay.Api.Always(ScriptedReply.Status(401, $"invalid key {RunningRelay.ApiKey}"));
        relay.Drop("a", "question");
        await Until.TrueAsync(async () => (await relay.StatusAsync())["state"]!.GetValue<string>() == "needs_jc", "the question");
        Assert.Equal(HttpStatusCode.OK, (await relay.SendAsync(HttpMethod.Post, "/answers", new { text = "left" })).Status);
        await relay.Api.WaitForRequestsAsync(2, RunningRelay.Patience);
        await Until.TrueAsync(async () => (await relay.StatusAsync())["state"]!.GetValue<string>() == "error", "the error");
        var (code, health) = await relay.SendAsync(HttpMethod.Get, "/healthz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        Assert.NotEmpty(health["reasons"]!.AsArray());
        await Until.TrueAsync(
            async () => (await MirrorAsync(relay))["state"]!.GetValue<string>() == "error", "the mirror");

        var said = (await relay.StatusAsync()).ToJsonString() + health.ToJsonString()
            + await File.ReadAllTextAsync(relay.Home.StatusFile, CancellationToken)
            + string.Join('\n', relay.Logs.GetSnapshot().Select(record => $"{record.Message} {record.Exception}"));
        var secrets = relay.Secrets;
        await relay.StopDaemonAsync();
        said += await File.ReadAllTextAsync(relay.Home.LogFile, CancellationToken);

        Assert.All((string[])[secrets.Token, secrets.NtfyTopic], secret => Assert.DoesNotContain(secret, said, StringComparison.Ordinal));
        Assert.DoesNotContain(RunningRelay.ApiKey, said, StringComparison.Ordinal);
        Assert.False(File.Exists(relay.Home.EndpointFile));
    }

    private static async Task<JsonElement> JsonAsync(TempRelay relay)
    {
        using var document = JsonDocument.Parse((await relay.StatusAsync()).ToJson());
        return document.RootElement.Clone();
    }

    [Fact]
    public async Task A_stop_that_can_read_nothing_any_more_still_says_that_it_is_one()
    {
        await using var relay = await TempRelay.CreateAsync();
        await relay.RunAsync<StatusMirror>();

        await relay.Get<StatusMirror>().SayStoppedAsync(new CancellationToken(canceled: true));

        var said = JsonNode.Parse(await File.ReadAllTextAsync(relay.Home.StatusFile, CancellationToken))!;
        Assert.Equal("stopped", (string?)said["state"]);
    }

    private static async Task<JsonNode> MirrorAsync(RunningRelay relay) =>
        JsonNode.Parse(await File.ReadAllTextAsync(relay.Home.StatusFile, CancellationToken))!;

    private static async Task<TimeSpan> TakesAsync(RunningRelay relay, string field, int value)
    {
        var started = Stopwatch.GetTimestamp();
        await Until.TrueAsync(
            async () => (await MirrorAsync(relay))[field]!.GetValue<int>() == value, $"{field} {value}");
        return Stopwatch.GetElapsedTime(started);
    }
}
