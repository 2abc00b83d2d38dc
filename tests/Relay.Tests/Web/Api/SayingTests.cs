using System.Net;
using System.Text.Json.Nodes;
using Relay.Loopback;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Web.Api;

/// <summary>The operator's words to the advisor from a program, and what is waited for.</summary>
public sealed class SayingTests
{
    [Fact]
    public async Task The_request_is_held_until_the_reply_is_there_and_knows_its_words_after_a_restart()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("Heard."));

        var said = await SayAsync(relay, new { text = "[always] Never push.", id = "k1", wait_seconds = 40 });
        await relay.RestartAsync();
        var again = await SayAsync(relay, new { text = "[always] Never push.", id = "k1", wait_seconds = 40 });

        Assert.Equal(("said", "replied", "Heard."), (Text(said, "outcome"), Text(said, "state"), Text(said, "reply")));
        Assert.Equal(("repeated", "replied", "Heard."), (Text(again, "outcome"), Text(again, "state"), Text(again, "reply")));
        Assert.Equal((Text(said, "message"), "always"), (Text(again, "message"), Text(again, "scope")));
    }

    [Fact]
    public async Task What_the_advisor_asks_about_them_is_told_with_its_number()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("[NEEDS-JC] Both of them?"));

        var said = await SayAsync(relay, new { text = "Drop the branches.", id = "k1", wait_seconds = 40 });

        Assert.Equal(("asks", 1L), (Text(said, "state"), said["question"]!.GetValue<long>()));
        Assert.Contains("Both of them?", Text(said, "why"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_asked_back_leaves_the_question_open()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("[NEEDS-JC] Both of them?"));
        relay.Drop("session-1", "Shall I?");
        await Until.TrueAsync(
            async () => (await relay.StatusAsync())["questions"]!.AsArray().Count == 1, "the question");
        relay.Api.Always(ScriptedReply.Text("The old ones."));

        var said = await SayAsync(relay, new { text = "Which two?", id = "k1", question = 1, wait_seconds = 40 });

        Assert.Equal("The old ones.", Text(said, "reply"));
        Assert.Single((await relay.StatusAsync())["questions"]!.AsArray());
    }

    [Fact]
    public async Task A_reply_that_the_advisor_refuses_is_told_as_that()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Refusal("No."));

        var said = await SayAsync(relay, new { text = "Hello", id = "k1", wait_seconds = 40 });

        Assert.Equal("refused", Text(said, "state"));
        Assert.Contains("refused", Text(said, "why"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("@session-1: Stop.", "that session itself")]
    [InlineData("[always] @session-1: Stop.", "that session itself")]
    [InlineData("@no session!: Stop.", "names no session")]
    public async Task Words_that_name_a_session_are_none_to_the_advisor(string text, string reason)
    {
        await using var relay = await RunningRelay.StartAsync();

        var (status, problem) = await relay.SendAsync(HttpMethod.Post, "/words", new { text, id = "k1" });

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains(reason, Text(problem, "detail"), StringComparison.Ordinal);
        Assert.Empty(relay.Api.Requests);
    }

    [Fact]
    public async Task Words_with_a_scope_before_them_are_known_by_their_id_as_others_are()
    {
        await using var relay = await RunningRelay.StartAsync();
        var body = new { text = "[always] @session-1: Never push.", id = "k1" };

        var (_, first) = await relay.SendAsync(HttpMethod.Post, "/answers", body);
        var (_, again) = await relay.SendAsync(HttpMethod.Post, "/answers", body);
        var (other, _) = await relay.SendAsync(HttpMethod.Post, "/answers", new { text = "[once] @session-1: Never push.", id = "k1" });

        Assert.Equal(("direct", "repeated"), (Text(first, "outcome"), Text(again, "outcome")));
        Assert.Equal(HttpStatusCode.Conflict, other);
    }

    private static async Task<JsonObject> SayAsync(RunningRelay relay, object body)
    {
        var (status, said) = await relay.SendAsync(HttpMethod.Post, "/words", body);
        Assert.Equal(HttpStatusCode.OK, status);
        return said;
    }

    private static string? Text(JsonObject said, string name) => said[name]?.GetValue<string>();
}
