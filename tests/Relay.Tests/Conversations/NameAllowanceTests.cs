using System.Net;
using Microsoft.Extensions.Time.Testing;
using Relay.Intake;
using Relay.Loopback;
using Relay.Operator;
using Relay.Tests.Agents;
using Relay.Tests.Agents.Tools;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Conversations;

/// <summary>A source makes so many session names an hour and no more, by whatever way, over restarts.</summary>
public sealed class NameAllowanceTests
{
    private const string Config = "agents: {new_names_per_hour: 3}\nsessions: [{session_id: listed}]\n";

    [Fact]
    public async Task Over_http_one_too_many_gets_429_with_the_reason_and_when_to_come_again()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync(Config, clock);
        relay.Api.Always(ScriptedReply.Text("Yes."));
        for (var number = 1; number <= 3; number++)
            Assert.Equal(HttpStatusCode.OK, await AskAsync(relay, $"made-up-{number}"));

        clock.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(HttpStatusCode.TooManyRequests, await AskAsync(relay, "made-up-4"));
        await relay.RestartAsync();
        using var response = await PostAsync(relay, "made-up-5");

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalMinutes, 39, 41);
        Assert.Contains(
            "agents.new_names_per_hour", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(relay, "made-up-1")); // Known.
        Assert.Equal(HttpStatusCode.OK, await AskAsync(relay, "listed"));
        Assert.Equal(4, await relay.CountAsync("SELECT COUNT(*) FROM sessions"));
        clock.Advance(TimeSpan.FromMinutes(41));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(relay, "made-up-4"));
    }

    [Fact]
    public async Task Hooks_and_tools_are_counted_with_it()
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        relay.Api.Always(ScriptedReply.Text("Yes."));
        for (var number = 1; number <= 3; number++)
            await new ClaudeSession(relay, $"claude-{number}", $"/projects/{number}").HookAsync("SessionStart");

        var late = new ClaudeSession(relay, "claude-4", "/projects/4");
        var (status, body) = await late.PostAsync(late.Event("SessionStart"), TestContext.Current.CancellationToken);
        await using var tools = await McpTools.ConnectAsync(relay, McpTools.Current, "made-up");

        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.Contains("new session names", (string?)body["detail"], StringComparison.Ordinal);
        Assert.Contains(
            "new session names", await tools.CallAsync("ask_advisor", new { question = "May I?" }, fails: true), StringComparison.Ordinal);
        Assert.Contains(
            "new session names", await tools.CallAsync("tell_advisor", new { note = "So it is." }, fails: true), StringComparison.Ordinal);
        await new ClaudeSession(relay, "claude-1", "/projects/1").HookAsync("UserPromptSubmit"); // Known.
        Assert.Equal(4, await relay.CountAsync("SELECT COUNT(*) FROM sessions"));
    }

    [Fact]
    public async Task Envelopes_over_it_wait_in_the_queue_and_none_is_lost()
    {
        await using var relay = await TempRelay.CreateAsync("agents: {new_names_per_hour: 1}\n");
        for (var number = 1; number <= 12; number++)
            relay.Drop($"s{number}", "Hello.", name: $"{number:00}.json");
        relay.Drop("session-1", "Configured.", name: "99.json");
        await relay.RunAsync<QueueFolder>();
        await relay.RunAsync<QueueFolder>();
        await relay.RunAsync<Rejections>();

        Assert.Equal(11, (await relay.MessagesAsync()).Count); // Ten for a user of the folder, and the listed one.
        Assert.Equal(2, QueueFolder.Count(relay.Home.Queue));
        Assert.Equal(2, relay.Get<QueueFolder>().Postponed);
        Assert.Equal(12 - 10 + 11, (await relay.StatusAsync()).QueueDepth);
        var page = Assert.Single(await relay.PagesAsync(), page => page.Title.Contains("too many new sessions", StringComparison.Ordinal));
        Assert.Contains("2 envelopes", page.Body, StringComparison.Ordinal);

        await relay.RestartAsync();
        await relay.RunAsync<QueueFolder>();
        await relay.RunAsync<Rejections>();
        Assert.Equal(2, QueueFolder.Count(relay.Home.Queue));
        Assert.Single(await relay.PagesAsync(), page => page.Title.Contains("too many new sessions", StringComparison.Ordinal));

        relay.Clock.Advance(TimeSpan.FromMinutes(61));
        await relay.RunAsync<QueueFolder>();
        await relay.RunAsync<Rejections>();
        Assert.Equal(13, (await relay.MessagesAsync()).Count);
        Assert.Equal(0, QueueFolder.Count(relay.Home.Queue));
        Assert.Equal(1, await relay.CountAsync(
            "SELECT COUNT(*) FROM pages WHERE subject = 'queue: new names' AND cleared_at IS NOT NULL"));
    }

    private static async Task<HttpStatusCode> AskAsync(RunningRelay relay, string session)
    {
        using var response = await PostAsync(relay, session);
        return response.StatusCode;
    }

    private static Task<HttpResponseMessage> PostAsync(RunningRelay relay, string session) => relay.Client.PostAsync(
        "/ask",
        new StringContent($$"""{"session_id": "{{session}}", "content": "May I?", "id": "{{Guid.CreateVersion7()}}", "wait_seconds": 0}"""),
        TestContext.Current.CancellationToken);
}
