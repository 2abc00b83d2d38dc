using System.Text.Json.Nodes;
using Relay.Cli;
using Relay.Loopback;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>relay answer with --choose, --note and --edited: each is an answer to its own kind of question, and to no other.</summary>
public sealed class AnswerPartsTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-answer-");
    private RunningRelay? _running;
    private Task<JsonObject>? _asked;

    private RunningRelay Relay => _running!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static readonly object Store = new
    {
        question = "Which store?",
        header = "Store",
        multiSelect = false,
        options = new[] { new { label = "SQLite", description = "" }, new { label = "Postgres", description = "" } },
    };

    private static readonly object Extras = new
    {
        question = "Which extras?",
        header = "Extras",
        multiSelect = true,
        options = new[]
        {
            new { label = "Backups", description = "" }, new { label = "Metrics, all", description = "" },
            new { label = "Traces", description = "" },
        },
    };

    public async ValueTask InitializeAsync() => _running = await RunningRelay.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        await Relay.DisposeAsync();
    }

    [Theory]
    [InlineData("Backups, Traces", "1", "3")]
    [InlineData("""["Metrics, all","Backups"]""", "Metrics, all", "backups")]
    [InlineData("Metrics, all", "1: 2")]
    [InlineData("Backups, Traces", "1: 1", "1: 3")]
    public async Task Several_choices_of_one_question_are_given_each_by_itself(string answer, params string[] choices)
    {
        await AskAsync(Extras);

        var ran = await RunAsync(["1", .. choices.SelectMany(each => new[] { "--choose", each }), "--note", "nightly\nis enough"]);

        Assert.Equal((0, ""), (ran.Exit, ran.Error));
        var updated = Decision(await _asked!)["updatedInput"]!;
        var given = updated["answers"]!["Which extras?"]!;
        Assert.Equal(answer, given is JsonArray ? given.ToJsonString() : (string?)given);
        Assert.Equal("nightly is enough", (string?)updated["annotations"]!["Which extras?"]!["notes"]);
    }

    [Fact]
    public async Task Several_questions_are_answered_by_a_choice_each()
    {
        await AskAsync(Store, Extras);

        var ran = await RunAsync("#1", "--choose", "2: Backups, 3", "--choose", "Store: 2", "--note", "it scales");

        Assert.Equal((0, ""), (ran.Exit, ran.Error));
        Assert.Contains("question #1 of shop is answered", ran.Output, StringComparison.Ordinal);
        var updated = Decision(await _asked!)["updatedInput"]!;
        Assert.Equal("""{"Which store?":"Postgres","Which extras?":"Backups, Traces"}""", updated["answers"]!.ToJsonString());
        Assert.Equal("it scales", (string?)updated["annotations"]!["Which store?"]!["notes"]); // Beside the last one.
    }

    [Fact]
    public async Task Of_several_questions_one_takes_several_choices_each_by_itself()
    {
        await AskAsync(Store, Extras);

        var ran = await RunAsync("1", "--choose", "1: 2", "--choose", "2: Backups", "--choose", "2: Traces");

        Assert.Equal((0, ""), (ran.Exit, ran.Error));
        Assert.Equal(
            """{"Which store?":"Postgres","Which extras?":"Backups, Traces"}""",
            Decision(await _asked!)["updatedInput"]!["answers"]!.ToJsonString());
    }

    [Theory]
    [InlineData("\"Postgress\" is none of the choices", "Postgress")]
    [InlineData("there is no choice 3", "3")]
    [InlineData("only one may be chosen", "1", "2")]
    [InlineData("it has no question 2", "2: 1")]
    [InlineData("chooses nothing", "decline")]
    [InlineData("is none of the choices", "@shop: hello")]
    [InlineData("is none of the choices", "#1 SQLite")]
    public async Task What_is_no_choice_is_refused_and_the_question_stays(string reason, params string[] choices)
    {
        await AskAsync(Store);

        var ran = await RunAsync(["1", .. choices.SelectMany(each => new[] { "--choose", each })]);

        Assert.Equal((1, ""), (ran.Exit, ran.Output));
        Assert.Contains(reason, ran.Error, StringComparison.Ordinal);
        Assert.False(_asked!.IsCompleted);
        Assert.Equal(0, (await RunAsync("1", "--choose", "words: neither")).Exit);
        Assert.Equal("neither", (string?)Decision(await _asked!)["updatedInput"]!["answers"]!["Which store?"]);
    }

    [Theory]
    [InlineData("--note stands beside --choose", "1", "--note", "alone")]
    [InlineData("--note stands beside --choose", "1", "--edited", "plan.md", "--note", "beside it")]
    [InlineData("the question's number", "1", "--edited", "plan.md", "--choose", "1")]
    [InlineData("the question's number", "--choose", "1")]
    [InlineData("the question's number", "1", "words", "--choose", "1")]
    public async Task Parts_that_make_no_answer_are_a_usage_error(string reason, params string[] arguments)
    {
        await AskAsync(Store);

        var ran = await RunAsync(arguments);

        Assert.Equal((2, ""), (ran.Exit, ran.Output));
        Assert.Contains(reason, ran.Error, StringComparison.Ordinal);
        await RunAsync("1", "1");
        await _asked!;
    }

    [Fact]
    public async Task A_plan_is_approved_as_the_file_has_it_and_an_empty_one_not()
    {
        var plan = Path.Combine(_folder.FullName, "plan.md");
        await File.WriteAllTextAsync(plan, "", Token);
        _asked = Claude().AskPermissionAsync("ExitPlanMode", new { plan = "# Plan", planFilePath = "/plans/a.md" });
        await Relay.OpenQuestionAsync();

        var empty = await RunAsync("1", "--edited", plan);
        await File.WriteAllTextAsync(plan, "# Another\n\n1. approve\n", Token);
        var edited = await RunAsync("1", "--edited", plan);

        Assert.Equal(1, empty.Exit);
        Assert.Contains("no plan follows", empty.Error, StringComparison.Ordinal);
        Assert.Contains("approved as edited", edited.Output, StringComparison.Ordinal);
        Assert.Equal("# Another\n\n1. approve", (string?)Decision(await _asked)["updatedInput"]!["plan"]);
    }

    [Theory]
    [InlineData("--choose", "1")]
    [InlineData("--choose", "allow")]
    [InlineData("--edited", "plan.md")]
    public async Task A_permission_takes_neither(string option, string value)
    {
        _asked = Claude().AskPermissionAsync("Bash", new { command = "make" });
        await Relay.OpenQuestionAsync();

        await RefusedAsync(option, value);

        await Relay.AnswerAsync("deny");
        Assert.Equal("deny", (string?)Decision(await _asked)["behavior"]);
    }

    [Fact]
    public async Task A_plan_takes_no_choice_and_a_choice_no_plan()
    {
        _asked = Claude().AskPermissionAsync("ExitPlanMode", new { plan = "# Plan" });
        await Relay.OpenQuestionAsync();
        await RefusedAsync("--choose", "2");
        await Relay.AnswerAsync("approve");
        Assert.Equal("allow", (string?)Decision(await _asked)["behavior"]);

        await AskAsync(Store);
        await RefusedAsync("--edited", "plan.md", question: "2");
        await Relay.AnswerAsync("1", 2);
        await _asked;
    }

    /// <summary>There it would have been the operator's ruling.</summary>
    [Theory]
    [InlineData("--choose", "1")]
    [InlineData("--edited", "plan.md")]
    public async Task The_advisors_own_question_takes_neither(string option, string value)
    {
        Relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Left or right?"));
        Relay.Drop("s", "Which way?");
        await Relay.OpenQuestionAsync();

        await RefusedAsync(option, value);

        Assert.Single(Relay.Api.Requests);
    }

    private async Task RefusedAsync(string option, string value, string question = "1")
    {
        var ran = await RunAsync(question, option, value);
        Assert.Equal((1, ""), (ran.Exit, ran.Output));
        Assert.Contains($"question #{question} has no", ran.Error, StringComparison.Ordinal);
        Assert.Equal(1, await Relay.CountAsync("SELECT COUNT(*) FROM questions WHERE state = 'open'"));
    }

    private ClaudeSession Claude() => new(Relay, "claude-1");

    private async Task AskAsync(params object[] questions)
    {
        _asked = Claude().AskPermissionAsync("AskUserQuestion", new { questions });
        await Relay.OpenQuestionAsync();
    }

    private static JsonNode Decision(JsonObject answer) => answer["hookSpecificOutput"]!["decision"]!;

    private async Task<Ran> RunAsync(params string[] arguments)
    {
        var plan = Path.Combine(_folder.FullName, "plan.md");
        if (arguments.Contains("plan.md"))
            await File.WriteAllTextAsync(plan, "# A plan\n", Token);
        string[] given = [.. arguments.Select(each => each == "plan.md" ? plan : each)];
        var (output, error) = (new StringWriter(), new StringWriter());
        var context = new CommandContext(new Dictionary<string, string>(), output, error);
        var exit = await CommandLine.RunAsync(["answer", .. given, "--home", Relay.Home.Root], context);
        return new Ran(exit, output.ToString(), error.ToString());
    }
}
