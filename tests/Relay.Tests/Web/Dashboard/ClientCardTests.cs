using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Relay.Operator;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Web.Dashboard;

/// <summary>What a session's client asks, as it is shown and answered on the page.</summary>
public sealed partial class ClientCardTests
{
    private const string Hostile =
        "<script>alert(1)</script> [link](javascript:alert(1)) \u202eright to left &#x202e; \"quoted\" </textarea><h1>Forged</h1>";

    private static readonly object[] Store =
    [
        new
        {
            question = "Which store?", header = "Store", multiSelect = false,
            options = new[] { new { label = "SQLite", description = "one file" }, new { label = "Postgres", description = "a server" } },
        },
        new
        {
            question = "Which extras?", header = "Extras", multiSelect = true,
            options = new[] { new { label = "Backups", description = "" }, new { label = "Metrics", description = "" } },
        },
    ];

    private static Task<JsonObject> AskAsync(RunningRelay relay, string tool, object input, params string[] suggestions) =>
        new ClaudeSession(relay, "claude-1") { Name = "shop" }.HookAsync("PermissionRequest", new
        {
            tool_name = tool,
            tool_input = input,
            permission_suggestions = new JsonArray([.. suggestions.Select(each => JsonNode.Parse(each))]),
        });

    private static JsonNode Decided(JsonObject answer) => answer["hookSpecificOutput"]!["decision"]!;

    [Fact]
    public async Task A_choice_is_a_form_and_its_fields_are_the_answer()
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay, "AskUserQuestion", new { questions = Store });
        await relay.OpenQuestionAsync();
        using var browser = await Browser.SignedInAsync(relay);

        var (_, page) = await browser.GetAsync("/");
        foreach (var shown in new[] { "Store", "Which store?", "SQLite", "one file", "In my own words", "Leave it out" })
            Assert.Contains(shown, page, StringComparison.Ordinal);
        Assert.Equal(2 + 1 + 1, Regex.Count(page, "type=\"radio\""));
        Assert.Equal(2 + 1, Regex.Count(page, "type=\"checkbox\""));
        var (status, _) = await browser.SubmitAsync(
            "/choose", ("question", "1"), ("q0", "1"), ("note0", "it scales"), ("q1", "0"), ("q1", "1"));

        Assert.Equal(HttpStatusCode.SeeOther, status);
        var updated = Decided(await asked)["updatedInput"]!;
        Assert.Equal("""{"Which store?":"Postgres","Which extras?":"Backups, Metrics"}""", updated["answers"]!.ToJsonString());
        Assert.Equal("""{"Which store?":{"notes":"it scales"}}""", updated["annotations"]!.ToJsonString());
        var receipt = await browser.ReadUntilAsync("/", "answered, and shop has it");
        Assert.Contains("1. Store: Postgres; note: it scales", receipt, StringComparison.Ordinal);
        var (_, closed) = await browser.GetAsync("/questions/1");
        Assert.Contains("2) Postgres: a server", closed, StringComparison.Ordinal);
        Assert.DoesNotContain("action=\"/choose\"", closed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("question 2: there is no answer", "q0=1")]
    [InlineData("question 1: it has a choice and words of your own", "q0=1", "own0=Neither.", "q1=0")]
    [InlineData("question 1: your own words are missing", "q0=own", "q1=0")]
    [InlineData("question 2: it is left out and answered", "q0=1", "q1=skip", "q1=0")]
    [InlineData("allowed is a name of its choices", "q0=7", "q1=0")]
    [InlineData("allowed is a name of its choices", "q0=0", "q0=1", "q1=0")]
    [InlineData("allowed is a name of its choices", "q0=0", "q1=0", "q1=9")]
    [InlineData("every question is left out", "q0=skip", "q1=skip")]
    public async Task What_could_mean_two_things_is_refused_with_what_was_chosen(string reason, params string[] fields)
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay, "AskUserQuestion", new { questions = Store });
        await relay.OpenQuestionAsync();
        using var browser = await Browser.SignedInAsync(relay);

        var given = fields.Select(field => (field.Split('=')[0], field.Split('=')[1])).Append(("question", "1"));
        var (status, page) = await browser.SubmitAsync("/choose", [.. given]);

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains(reason, page, StringComparison.Ordinal);
        Assert.Contains("1. Store: ", page, StringComparison.Ordinal);
        Assert.False(asked.IsCompleted);
        await browser.SubmitAsync("/answer", ("question", "1"), ("as", "decline"), ("text", "ask me tomorrow"));
        Assert.Contains("ask me tomorrow", (string)Decided(await asked)["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_refused_comes_back_with_nothing_in_it_that_hides()
    {
        await using var relay = await RunningRelay.StartAsync();
        object[] options = [new { label = "SQL\u202eite", description = "" }, new { label = "Postgres", description = "" }];
        object[] questions =
        [
            new { question = "Which store?", header = "St\u202eore", multiSelect = false, options },
            new { question = "Which other?", header = "Other", multiSelect = false, options },
        ];
        _ = AskAsync(relay, "AskUserQuestion", new { questions });
        await relay.OpenQuestionAsync();
        using var browser = await Browser.SignedInAsync(relay);

        var (status, page) = await browser.SubmitAsync("/choose", ("question", "1"), ("q0", "0"), ("note0", "a\u2066b"));

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains(@"1. St\u202eore: SQL\u202eite; note: a\u2066b", page, StringComparison.Ordinal);
        var (_, said) = await browser.SubmitAsync("/say", ("to", "@no-such"), ("text", "SQL\u202eite"));
        Assert.Contains(@"SQL\u202eite", said, StringComparison.Ordinal);
        foreach (var hidden in new[] { "\u202e", "\u2066", "&#x202E;", "&#x2066;" })
            Assert.DoesNotContain(hidden, page + said, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("own0", "Neither of them.", "Neither of them.")]
    [InlineData("own0", "2", "2")]
    public async Task Own_words_are_taken_as_they_are(string field, string words, string answer)
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = AskAsync(relay, "AskUserQuestion", new { questions = Store });
        await relay.OpenQuestionAsync();
        using var browser = await Browser.SignedInAsync(relay);

        await browser.SubmitAsync("/choose", ("question", "1"), ("q0", "own"), (field, words), ("q1", "skip"));

        Assert.Equal(answer, (string?)Decided(await asked)["updatedInput"]!["answers"]!["Which store?"]);
    }

    [Fact]
    public async Task A_plan_is_rendered_sent_back_and_approved_as_edited_or_with_edits()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await Browser.SignedInAsync(relay);
        var plan = new { plan = "# Plan\n\n1. **Move** the store.", planFilePath = "/plans/a.md" };
        var asked = AskAsync(relay, "ExitPlanMode", plan);
        var question = await relay.OpenQuestionAsync();

        var (_, page) = await browser.GetAsync("/");
        Assert.Contains("<strong>Move</strong> the store.", page, StringComparison.Ordinal);
        Assert.Contains("A plan in /projects/shop", page, StringComparison.Ordinal);
        Assert.Contains("# Plan\n\n1. **Move** the store.</textarea>", WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.Contains($"name=\"digest\" value=\"{PermissionDigest.Of(question)}\"", page, StringComparison.Ordinal);
        await browser.SubmitAsync("/answer", ("question", "1"), ("as", "back"), ("text", "approve of the tests first"));
        Assert.Equal("The operator sends the plan back: approve of the tests first", (string?)Decided(await asked)["message"]);

        asked = AskAsync(relay, "ExitPlanMode", plan);
        await relay.OpenQuestionAsync();
        await browser.SubmitAsync(
            "/answer", ("question", "2"), ("as", "edited and accept edits"), ("edited", "1. Stay.\r\n2. Rest."), ("text", ""));
        var decided = Decided(await asked);
        Assert.Equal("1. Stay.\n2. Rest.", (string?)decided["updatedInput"]!["plan"]);
        Assert.Equal("acceptEdits", (string?)decided["updatedPermissions"]![0]!["mode"]);
        await browser.ReadUntilAsync("/", "approved as edited, and edits are accepted from now on, and shop has it");

        asked = AskAsync(relay, "ExitPlanMode", plan);
        var third = await relay.OpenQuestionAsync();
        await browser.SubmitAsync("/tap", ("question", "3"), ("tap", "approve"), ("digest", PermissionDigest.Of(third)));
        Assert.Contains("“approve” is sent in a moment", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);
        Assert.Equal("allow", (string?)Decided(await asked)["behavior"]);
    }

    [Fact]
    public async Task Of_a_permission_all_is_shown_and_always_writes_what_its_button_says()
    {
        const string make =
            """{"type":"addRules","rules":[{"toolName":"Bash","ruleContent":"make:*"}],"behavior":"allow","destination":"localSettings"}""";
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await Browser.SignedInAsync(relay);
        var asked = AskAsync(relay, "Bash", new { command = "make deploy", description = "Deploys" }, make);
        var question = await relay.OpenQuestionAsync();

        var (_, page) = await browser.GetAsync("/");
        Assert.Contains("May it use Bash in /projects/shop?", page, StringComparison.Ordinal);
        Assert.Contains("make deploy", page, StringComparison.Ordinal);
        Assert.Matches("value=\"always 1\"[^>]*><code>allow Bash\\(make:\\*\\), written to .claude/settings.local.json of this", page);
        Assert.Matches("value=\"always session 1\"[^>]*><code>allow Bash\\(make:\\*\\), for this session", page);
        Assert.Equal(2, Regex.Count(page, "value=\"always "));
        var digest = ("digest", PermissionDigest.Of(question));
        var (status, _) = await browser.SubmitAsync("/tap", ("question", "1"), ("tap", "always session 1"), digest);
        Assert.Equal(HttpStatusCode.SeeOther, status);
        Assert.Contains("“allow Bash(make:*), for this session” is sent", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);

        Assert.Equal("session", (string?)Decided(await asked)["updatedPermissions"]![0]!["destination"]);
        await browser.ReadUntilAsync("/", "allowed always, and shop has it");
    }

    [Fact]
    public async Task A_permission_is_denied_with_a_reason_and_nothing_can_be_allowed_where_it_is_cut()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await Browser.SignedInAsync(relay);
        var long_ = AskAsync(relay, "Bash", new { command = new string('x', 6_000) + "; rm -rf /" }, """{"type":"setMode","mode":"m"}""");
        await relay.OpenQuestionAsync();

        var (_, now) = await browser.GetAsync("/");
        Assert.DoesNotContain("value=\"allow\"", now, StringComparison.Ordinal);
        Assert.DoesNotContain("value=\"always", now, StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"digest\"", now, StringComparison.Ordinal);
        Assert.DoesNotContain("rm -rf /", now, StringComparison.Ordinal);
        var (_, own) = await browser.GetAsync("/questions/1");
        Assert.Contains("value=\"allow\"", own, StringComparison.Ordinal);
        Assert.Contains("rm -rf /", own, StringComparison.Ordinal);
        Assert.Contains("name=\"digest\"", own, StringComparison.Ordinal);
        var (refused, told) = await browser.SubmitAsync("/tap", ("question", "1"), ("tap", "allow"), ("digest", "00000000"));
        Assert.Equal(HttpStatusCode.Conflict, refused);
        Assert.Contains("nothing is allowed", told, StringComparison.Ordinal);

        await browser.SubmitAsync("/answer", ("question", "1"), ("as", "deny"), ("text", "allow it never"));
        var decided = Decided(await long_);
        Assert.Equal("deny", (string?)decided["behavior"]);
        Assert.Contains("allow it never", (string)decided["message"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Bash")]
    [InlineData("ExitPlanMode")]
    [InlineData("AskUserQuestion")]
    public async Task Whatever_a_client_writes_stays_text(string tool)
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await Browser.SignedInAsync(relay);
        object input = tool switch
        {
            "Bash" => new { command = Hostile, more = new Dictionary<string, string> { [Hostile] = Hostile } },
            "ExitPlanMode" => new { plan = Hostile },
            _ => new
            {
                questions = new[]
                {
                    new
                    {
                        question = Hostile, header = Hostile, multiSelect = true,
                        options = new[] { new { label = Hostile, description = Hostile } },
                    },
                },
            },
        };
        _ = AskAsync(relay, tool, input, """{"type":"<script>alert(1)</script>","rules":"\u202e"}""");
        await relay.OpenQuestionAsync();

        foreach (var path in new[] { "/", "/questions/1" })
        {
            var (_, page) = await browser.GetAsync(path);
            AssertHarmless(page);
            Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", page, StringComparison.Ordinal);
            Assert.Contains("\\u202eright to left", page, StringComparison.Ordinal);
        }
        await relay.AnswerAsync(tool == "AskUserQuestion" ? $"words: {Hostile}" : tool == "Bash" ? $"deny: {Hostile}" : $"back: {Hostile}");
        AssertHarmless((await browser.GetAsync("/")).Body);
        AssertHarmless((await browser.GetAsync("/questions/1")).Body);
    }

    [Theory]
    [InlineData("Bash")]
    [InlineData("ExitPlanMode")]
    [InlineData("AskUserQuestion")]
    public async Task A_line_of_a_megabyte_leaves_the_page_small(string tool)
    {
        await using var relay = await RunningRelay.StartAsync("max_envelope_bytes: 4000000\n");
        using var browser = await Browser.SignedInAsync(relay);
        var line = new string('x', 1_000_000);
        object input = tool switch
        {
            "Bash" => new { command = line },
            "ExitPlanMode" => new { plan = line },
            _ => new { questions = new[] { new { question = line, options = new[] { new { label = line, description = line } } } } },
        };
        _ = AskAsync(relay, tool, input);
        await relay.OpenQuestionAsync();

        var (_, page) = await browser.GetAsync("/");

        Assert.InRange(page.Length, 1, 30_000);
        Assert.Contains("All of it", page, StringComparison.Ordinal);
        Assert.DoesNotContain("value=\"approve\"", page, StringComparison.Ordinal);
        Assert.Contains(line, (await browser.GetAsync("/questions/1")).Body, StringComparison.Ordinal);
        await relay.AnswerAsync(tool == "AskUserQuestion" ? "decline" : tool == "Bash" ? "deny" : "back");
    }

    /// <summary>No markup, no address and no sign of others'.</summary>
    internal static void AssertHarmless(string page)
    {
        Assert.DoesNotContain("<script>", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<h1>Forged", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch(Leading(), page);
        Assert.DoesNotContain('\u202e', page);
    }

    [GeneratedRegex("(?:href|src|action)=\"?(?:javascript|data):", RegexOptions.IgnoreCase)]
    private static partial Regex Leading();
}
