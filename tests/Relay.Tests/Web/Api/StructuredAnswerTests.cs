using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Relay.Tests.Web.Dashboard;
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

    [Fact]
    public async Task On_the_page_it_reads_as_what_was_chosen()
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("AskUserQuestion", Choice);
        await relay.OpenQuestionAsync();

        await AnswerAsync(relay, """{"Which store?":"Postgres","Which extras?":["Backups, nightly","Metrics"]}""");
        await asked;

        using var browser = await Browser.SignedInAsync(relay);
        var (_, page) = await browser.GetAsync("/");
        Assert.Contains("“Postgres; Backups, nightly, Metrics”", page, StringComparison.Ordinal);
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

    [Theory]
    [InlineData("""{"answers":{"Which store?":"\ud800","Which extras?":null}}""", "\"Which store?\" holds a lone surrogate")]
    [InlineData("""{"answers":{"\ud800":"SQLite"}}""", "a field's name holds a lone surrogate")]
    [InlineData("""{"answers":{"Which store?":{"words":"a \udc00"}}}""", "\"words\" holds a lone surrogate")]
    [InlineData("""{"answers":{"Which store?":{"choose":["Postgres"],"note":{"a":1}},"Which extras?":null}}""", "note must be a string")]
    [InlineData("""{"answers":{"Which store?":{"words":5},"Which extras?":null}}""", "words must be a string")]
    [InlineData("""{"answers":{"Which store?":{"words":"a","choose":"SQLite"},"Which extras?":null}}""", "two answers")]
    [InlineData("""{"answers":{"Which store?":"SQLite","Which extras?":null},"text":"1: 2"}""", "text and answers")]
    [InlineData("""{"answers":{"Which store?":"SQLite","Which extras?":null},"edited":"x"}""", "edited is a plan")]
    [InlineData("""{"text":"1: 2\n2: 1","accept_edits":true}""", "accept_edits stands beside an approval")]
    [InlineData("""{"text":"1","edited":"x"}""", "text and edited")]
    public async Task Parts_of_the_wrong_kind_and_two_answers_in_one_are_refused_by_name(string body, string reason)
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("AskUserQuestion", Choice);
        await relay.OpenQuestionAsync();
        using var content = new StringContent("{\"question\":1," + body[1..], Encoding.UTF8, "application/json");

        using var answer = await relay.Client.PostAsync("/answers", content, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Contains(reason, (string)problem["detail"]!, StringComparison.Ordinal);
        Assert.Empty(relay.Errors());
        await relay.AnswerAsync("decline");
        await asked;
    }

    [Theory]
    [InlineData("approve", null, true, "approved, and edits are accepted from now on")]
    [InlineData(null, null, true, "approved, and edits are accepted from now on")]
    [InlineData("approve", null, false, "approved")]
    [InlineData("edited: # Other", null, true, "approved as edited, and edits are accepted from now on")]
    [InlineData("", "# Other", true, "approved as edited, and edits are accepted from now on")]
    [InlineData("", "# Other", false, "approved as edited")]
    public async Task Beside_every_approval_of_a_plan_edits_may_be_accepted(string? text, string? edited, bool accept, string decision)
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("ExitPlanMode", new { plan = "# Plan" });
        await relay.OpenQuestionAsync();

        var (status, receipt) = await relay.SendAsync(
            HttpMethod.Post, "/answers", new { question = 1, text, edited, accept_edits = accept });

        Assert.Equal((HttpStatusCode.OK, decision), (status, (string?)receipt["decision"]));
        var modes = (await asked)["hookSpecificOutput"]!["decision"]!["updatedPermissions"]?.ToJsonString();
        Assert.Equal(accept, modes?.Contains("acceptEdits", StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData("no, not yet", true)]
    [InlineData("back: approve it later", true)]
    [InlineData("approve and accept edits", false)]
    [InlineData(null, false)]
    public async Task What_approves_nothing_accepts_no_edits(string? text, bool accept)
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = new ClaudeSession(relay, "claude-1").AskPermissionAsync("ExitPlanMode", new { plan = "# Plan" });
        await relay.OpenQuestionAsync();

        var (status, _) = await relay.SendAsync(HttpMethod.Post, "/answers", new { question = 1, text, accept_edits = accept });

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.False(asked.IsCompleted);
        await relay.AnswerAsync("back");
        await asked;
    }

    /// <summary>The same words to two questions would be one answer, and the second question open behind a "repeated".</summary>
    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public async Task An_id_that_is_empty_is_none(string id)
    {
        await using var relay = await RunningRelay.StartAsync();

        var (status, problem) = await relay.SendAsync(HttpMethod.Post, "/answers", new { text = "@session-1: yes", id });

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("id, where there is one, must not be empty", (string?)problem["detail"]);
    }

    private static Task<(HttpStatusCode Status, JsonObject Body)> AnswerAsync(RunningRelay relay, string answers) =>
        relay.SendAsync(HttpMethod.Post, "/answers", new { question = 1, id = "a", answers = JsonNode.Parse(answers) });
}
