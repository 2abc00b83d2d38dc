using System.Text.Json;
using System.Text.RegularExpressions;
using Relay.Advisor.Anthropic;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Loopback;
using Relay.Tests.Testing;
using Xunit;
using CacheLifetime = Relay.Loopback.CacheLifetime;

namespace Relay.Tests.Advisor.Anthropic;

/// <summary>What is sent in turn after turn. The stand-in refuses the requests that the API would refuse.</summary>
public sealed partial class AnthropicRequestTests : IAsyncLifetime
{
    private LoopbackMessagesApi _api = null!;
    private AdvisorRig _rig = null!;
    private TempRelay _relay = null!;

    public async ValueTask InitializeAsync()
    {
        _api = await LoopbackMessagesApi.StartAsync(new() { ApiKey = AdvisorRig.Key });
        _rig = new AdvisorRig(_api.Address);
        _relay = await TempRelay.CreateAsync(Config("auto"));
        Forward();
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        _rig.Dispose();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task A_request_holds_what_the_configuration_says_and_nothing_else()
    {
        await AskAsync("session-2", "Shall I?");

        var request = Assert.Single(_api.Requests);
        Assert.Equal(("claude-sonnet-5-5", 12_345), (request.Model, request.MaxTokens));
        var system = request.Blocks.Where(block => block.Section == PromptSection.System).Select(block => block.Text);
        Assert.Equal(["You decide.", Prompts.Reading], system); // The user's own, word for word, and how to read what follows.
        Assert.Equal(
            ["max_tokens", "messages", "model", "stream", "system"],
            request.Json.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
        Assert.True(request.IsStreaming);
        Assert.Equal("2026-10-21", request.Headers["anthropic-version"]);
    }

    [Fact]
    public async Task Every_user_block_says_who_speaks_and_roles_alternate()
    {
        _api.Enqueue(
            ScriptedReply.ThinkingThen("[NEEDS-JC] Left or right?"), ScriptedReply.ThinkingThen("Left."), ScriptedReply.Text("Done."));
        await AskAsync("session-2", "Which way?");
        await _relay.AnswerAsync("Left.");
        await _relay.TakeTurnsAsync();
        await AskAsync("session-1", "And now?");

        Assert.Equal(
            [
                new AdvisorTurn("user", "[session-2] Which way?"),
                new AdvisorTurn("assistant", "[NEEDS-JC] Left or right?"),
                new AdvisorTurn("user", "[the relay] This is ruling 1, for this conversation.\n[operator JC] Left."),
                new AdvisorTurn("assistant", "Left."),
                new AdvisorTurn("user", "[session-1] And now?"),
            ],
            _api.Requests[^1].Messages);
        Assert.All(_api.Requests[^1].Blocks, block => Assert.Equal("text", block.Type)); // Thinking is not sent again.
    }

    [Fact]
    public async Task Words_in_a_row_without_a_reply_between_are_blocks_of_one_message()
    {
        await AskAsync("session-2", "zero");
        await AskAsync("session-1", "one");
        await _relay.AnswerAsync("@session-1: I take this one.");
        await _relay.AnswerAsync("@session-2: And this.");

        await AskAsync("session-1", "two");

        Assert.Equal(["user", "assistant", "user", "assistant", "user"], _api.Requests[^1].Messages.Select(turn => turn.Role));
        Assert.Equal(
            [
                "[the relay] This is ruling 1, for this conversation.", "[operator JC] @session-1: I take this one.",
                "[the relay] This is ruling 2, for this conversation.", "[operator JC] @session-2: And this.", "[session-1] two",
            ],
            _api.Requests[^1].Blocks
                .Where(block => block.Path.StartsWith("messages.4.", StringComparison.Ordinal))
                .Select(block => block.Text));
    }

    [Fact]
    public async Task Each_call_begins_with_the_very_bytes_of_the_one_before()
    {
        await _relay.ConfigureAsync(Config("1h"));
        foreach (var text in (string[])["one \"quoted\"\n", "two 😀", "three <é>", "four"])
        {
            await AskAsync("session-1", text);
            _relay.Clock.Advance(TimeSpan.FromMinutes(3));
        }

        var bodies = _api.Requests.Select(request => Marker().Replace(request.Body, "")).ToList();
        for (var call = 1; call < bodies.Count; call++)
            Assert.StartsWith(UpToTheEndOfItsMessages(bodies[call - 1]), bodies[call], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_many_pieces_is_one_text_of_the_length_it_says()
    {
        var texts = Enumerable.Range(0, 400)
            .Select(number => $"{number} \"ü😀\" " + new string('x', number * 7))
            .Append(new string('é', 200_000))
            .ToList();
        var messages = texts
            .Select((text, index) => new PromptMessage(index % 2 == 0 ? EntryRole.User : EntryRole.Assistant, [text]))
            .ToList();
        using var body = new RequestBody(AdvisorRig.Call(CacheTtl.FiveMinutes, messages));

        var bytes = await body.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

        Assert.Equal(bytes.Length, body.Headers.ContentLength);
        using var json = JsonDocument.Parse(bytes);
        var sent = json.RootElement.GetProperty("messages").EnumerateArray();
        Assert.Equal(texts, sent.Select(message => message.GetProperty("content")[0].GetProperty("text").GetString()!));
    }

    [Theory]
    [InlineData("5m", CacheLifetime.FiveMinutes)]
    [InlineData("1h", CacheLifetime.OneHour)]
    public async Task The_breakpoints_are_the_system_and_the_last_blocks_of_the_last_two_user_messages(string ttl, CacheLifetime lifetime)
    {
        await _relay.ConfigureAsync(Config(ttl));
        for (var turn = 0; turn < 4; turn++)
            await AskAsync("session-1", $"turn {turn}");

        Assert.Equal(["system.1", "messages.0.content.0"], Paths(_api.Requests[0]));
        Assert.Equal(["system.1", "messages.4.content.0", "messages.6.content.0"], Paths(_api.Requests[3]));
        Assert.All(_api.Requests, request => Assert.InRange(request.Markers.Count, 2, 4));
        Assert.All(_api.Requests.SelectMany(request => request.Markers), marker => Assert.Equal(lifetime, marker.Lifetime));
    }

    [Fact]
    public async Task The_second_breakpoint_finds_what_was_cached_over_any_number_of_blocks()
    {
        await _relay.ConfigureAsync(Config("5m"));
        await AskAsync("session-1", new string('x', 8_000));
        for (var word = 0; word < 40; word++)
            await _relay.AnswerAsync($"@session-1: {word}");

        await AskAsync("session-1", "And now?");

        Assert.True(_api.Requests[1].Usage!.CacheReadTokens >= 2_000);
    }

    [Fact]
    public async Task With_caching_off_nothing_is_marked()
    {
        await _relay.ConfigureAsync(Config("off"));
        await AskAsync("session-1", "one");

        Assert.Empty(Assert.Single(_api.Requests).Markers);
        Assert.Null(_api.Requests[0].AutomaticCache);
    }

    private static string Config(string ttl) =>
        $"model: claude-sonnet-5-5\nmax_tokens: 12345\nsystem_prompt: You decide.\ncache_ttl: {ttl}\n";

    private async Task AskAsync(string session, string text)
    {
        await _relay.AcceptAsync(session, text);
        await _relay.TakeTurnsAsync();
    }

    private void Forward() => _relay.Advisor.Enqueue((call, cancellationToken) =>
    {
        Forward();
        return _rig.Advisor.AskAsync(call, cancellationToken);
    });

    private static IEnumerable<string> Paths(AdvisorRequest request) => request.Markers.Select(marker => marker.Path);

    /// <summary>The body up to the end of the last message.</summary>
    private static string UpToTheEndOfItsMessages(string body)
    {
        var last = JsonDocument.Parse(body).RootElement.GetProperty("messages").EnumerateArray().Last().GetRawText();
        return body[..(body.IndexOf(last, StringComparison.Ordinal) + last.Length)];
    }

    [GeneratedRegex(@",?""cache_control"":\{[^}]*\}")]
    private static partial Regex Marker();
}
