using System.Net;
using System.Text.Json.Nodes;
using Relay.Loopback;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

/// <summary>What is no text in an event costs nothing but itself: a session could do nothing about a refusal.</summary>
public sealed class HookTextTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""\ud800""", "\uFFFD")]
    [InlineData("""\udc00x""", "\uFFFDx")]
    [InlineData("""\ud83d\ude42""", "\U0001F642")]
    [InlineData("""\ud83d\ud83d\ude42""", "\uFFFD\U0001F642")]
    [InlineData("""\\ud800""", "\\ud800")]
    [InlineData("""\uD800\n""", "\uFFFD\n")]
    public async Task Half_a_surrogate_pair_costs_no_event_and_is_one_character(string escaped, string read)
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("Read."));
        var claude = new ClaudeSession(relay, "claude-1") { Mode = "relay" };
        var body = claude.Event("Stop", new { last_assistant_message = "HERE" }).Replace("HERE", $"a {escaped}b", StringComparison.Ordinal);

        var (status, answer) = await claude.PostAsync(body, Token);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("Read.", ClaudeSession.GoesOnWith(answer));
        Assert.Equal($"[shop] a {read}b", relay.Api.Requests[0].LastUserText);
    }

    [Theory]
    [InlineData("session_id")]
    [InlineData("cwd")]
    [InlineData("prompt_id")]
    [InlineData("hook_event_name")]
    [InlineData("tool_name")]
    [InlineData("tool_use_id")]
    [InlineData("reason")]
    [InlineData("source")]
    [InlineData("transcript_path")]
    public async Task Half_a_surrogate_pair_in_any_field_costs_no_event(string field)
    {
        await using var relay = await RunningRelay.StartAsync();
        var json = JsonNode.Parse(new ClaudeSession(relay, "claude-1").Event("PreToolUse"))!.AsObject();
        json[field] = "HERE";
        json["tool_input"] = new JsonObject { ["command"] = "HERE", ["HERE"] = "x" };
        var body = json.ToJsonString().Replace("HERE", """a \udbff b""", StringComparison.Ordinal);

        var (status, _) = await new ClaudeSession(relay, "claude-1").PostAsync(body, Token);

        Assert.Equal(HttpStatusCode.OK, status);
    }
}
