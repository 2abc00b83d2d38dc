using System.Net;
using Microsoft.Extensions.Time.Testing;
using Relay.Configuration;
using Relay.Loopback;
using Relay.Tests.Agents;
using Relay.Tests.Agents.Tools;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Conversations;

/// <summary>A source makes so many session names an hour and no more, by whatever way, over restarts.</summary>
public sealed class NameAllowanceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private const string Config = "agents: {new_names_per_hour: 3}\nsessions: [{session_id: made-up-77}]\n";

    [Fact]
    public async Task Over_http_one_too_many_gets_429_with_the_reason_and_when_to_come_again()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await RunningRelay.StartAsync(Config, clock);
        relay.Api.Always(ScriptedReply.Text("Yes."));
        var token = await TokenAsync(relay);
        for (var number = 2; number <= 4; number++)
            Assert.Equal(HttpStatusCode.OK, await AskAsync(relay, $"made-up-{number}", token));

        clock.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(HttpStatusCode.TooManyRequests, await AskAsync(relay, "made-up-5", token));
        await relay.RestartAsync();
        using var response = await PostAsync(relay, "made-up-6", token);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalMinutes, 39, 41);
        Assert.Contains(
            "agents.new_names_per_hour", await response.Content.ReadAsStringAsync(Token),
            StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(relay, "made-up-2", token)); // Known.
        Assert.Equal(HttpStatusCode.OK, await AskAsync(relay, "made-up-77", token));
        Assert.Equal(4, await relay.CountAsync("SELECT COUNT(*) FROM sessions"));
        clock.Advance(TimeSpan.FromMinutes(41));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(relay, "made-up-5", token));
    }

    [Fact]
    public async Task Hooks_and_tools_are_counted_with_it()
    {
        await using var relay = await RunningRelay.StartAsync(Config);
        relay.Api.Always(ScriptedReply.Text("Yes."));
        var token = await TokenAsync(relay);
        for (var number = 1; number <= 3; number++)
            await Session(number).HookAsync("SessionStart");

        var late = Session(4);
        var (status, body) = await late.PostAsync(late.Event("SessionStart"), Token);
        await using var tools = await McpTools.ConnectAsync(relay, McpTools.Current, "made-up-50", token: token);

        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.Contains("new session names", (string?)body["detail"], StringComparison.Ordinal);
        Assert.Contains(
            "new session names", await tools.CallAsync("ask_advisor", new { question = "May I?" }, fails: true), StringComparison.Ordinal);
        Assert.Contains(
            "new session names", await tools.CallAsync("tell_advisor", new { note = "So it is." }, fails: true), StringComparison.Ordinal);
        await Session(1).HookAsync("UserPromptSubmit"); // Known.
        Assert.Equal(4, await relay.CountAsync("SELECT COUNT(*) FROM sessions"));

        ClaudeSession Session(int number) => new(relay, $"claude-{number}", $"/projects/{number}") { Token = token };
    }

    [Fact]
    public async Task The_operator_and_the_operators_own_files_are_bound_by_nothing()
    {
        await using var relay = await RunningRelay.StartAsync("agents: {new_names_per_hour: 1}\n");
        relay.Api.Always(ScriptedReply.Text("Yes."));
        foreach (var name in new[] { "a", "b", "c" })
            Assert.Equal(HttpStatusCode.OK, await AskAsync(relay, name, token: null));
        foreach (var name in new[] { "d", "e", "f" })
            relay.Drop(name, "Hello.");

        await Until.TrueAsync(async () => await relay.CountAsync("SELECT COUNT(*) FROM messages") == 6, "six messages");
    }

    private static async Task<string> TokenAsync(RunningRelay relay) =>
        (await new ConnectionBook(relay.Home, TimeProvider.System).OpenAsync("made-up", folder: null, Token)).Token;

    private static async Task<HttpStatusCode> AskAsync(RunningRelay relay, string session, string? token)
    {
        using var response = await PostAsync(relay, session, token);
        return response.StatusCode;
    }

    private static async Task<HttpResponseMessage> PostAsync(RunningRelay relay, string session, string? token)
    {
        var body = $$"""{"session_id": "{{session}}", "content": "May I?", "id": "{{Guid.CreateVersion7()}}", "wait_seconds": 0}""";
        using var request = new HttpRequestMessage(HttpMethod.Post, "/ask") { Content = new StringContent(body) };
        if (token is not null)
            request.Headers.Authorization = new("Bearer", token);
        return await relay.Client.SendAsync(request, Token);
    }
}
