using System.Net;
using System.Text.Json.Nodes;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Web.Api;

/// <summary>What a program, such as a page, answers with its structure.</summary>
public sealed class StructuredAnswerTests
{
    private static readonly JsonNode Choice = JsonNode.Parse("""
        {"questions":[{"question":"Which store?","header":"Store","options":[{"label":"SQLite"},{"label":"Postgres"}]},
          {"question":"Which extras?","header":"Extras","multiSelect":true,"options":[{"label":"Backups, nightly"},{"label":"Metrics"}]}]}
        """)!;

    [Fact]
    public async Task Choices_are_answered_by_their_questions_and_the_receipt_says_that_the_client_has_them()
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("AskUserQuestion", Choice);
        await relay.OpenQuestionAsync();

        var (status, receipt) = await AnswerAsync(relay, """
            {"Which store?":{"words":"neither","note":"wait"},"Which extras?":["Backups, nightly","Metrics"]}
            """);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(("answered", true), ((string)receipt["decision"]!, (bool)receipt["given"]!));
        var updated = (await asked)["hookSpecificOutput"]!["decision"]!["updatedInput"]!;
        Assert.Equal(
            """{"Which store?":"neither","Which extras?":["Backups, nightly","Metrics"]}""", updated["answers"]!.ToJsonString());
        Assert.Equal("""{"Which store?":{"notes":"wait"}}""", updated["annotations"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"Which store?":"Oracle","Which extras?":null}""", "allowed is a name of its choices")]
    [InlineData("""{"Which store?":["SQLite","Postgres"],"Which extras?":null}""", "allowed is a name")]
    [InlineData("""{"Which store?":"SQLite"}""", "\"Which extras?\" has no answer")]
    [InlineData("""{"Which store?":null,"Which extras?":null}""", "every question is left out")]
    [InlineData("""{"Who?":"me"}""", "it has no question")]
    [InlineData("""["SQLite"]""", "an object")]
    public async Task What_does_not_fit_is_refused(string answers, string reason)
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("AskUserQuestion", Choice);
        await relay.OpenQuestionAsync();

        var (status, problem) = await AnswerAsync(relay, answers);

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains(reason, (string)problem["detail"]!, StringComparison.Ordinal);
        await relay.AnswerAsync("decline");
        await asked;
    }

    private static Task<(HttpStatusCode Status, JsonObject Body)> AnswerAsync(RunningRelay relay, string answers) =>
        relay.SendAsync(HttpMethod.Post, "/answers", new { question = 1, id = "a", answers = JsonNode.Parse(answers) });
}
