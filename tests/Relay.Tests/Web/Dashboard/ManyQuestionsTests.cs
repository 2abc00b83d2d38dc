using System.Net;
using System.Text.Json.Nodes;
using Relay.Conversations;
using Relay.Loopback;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Storage;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Web.Dashboard;

/// <summary>More questions than the page shows in full.</summary>
public sealed class ManyQuestionsTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_receipt_of_an_old_question_is_shown_however_many_were_asked_since()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await AskAsync(relay);
        await AskPermissionsAsync(relay, 25);
        relay.Api.Enqueue(ScriptedReply.Text("Left."));

        await browser.SubmitAsync("/answer", ("question", "1"), ("text", "Left, as ever."), ("once", "k1"));

        Assert.Contains("id=\"receipt-1\"", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_title_counts_what_is_put_off_no_more_than_the_heading_does()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await AskAsync(relay);
        await AskPermissionsAsync(relay, 10);

        await browser.SubmitAsync("/later", ("question", "1"), ("later", "later"));

        Assert.Contains("<title>(10) 10 questions wait for you, 1 put off", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_terminal_lists_those_that_the_page_has_in_a_line()
    {
        await using var relay = await RunningRelay.StartAsync();
        await AskPermissionsAsync(relay, 14);

        var view = JsonNode.Parse(await relay.Client.GetStringAsync("/watch?question=0", CancellationToken))!;

        var listed = view["questions"]!.AsArray();
        Assert.Equal(Enumerable.Range(1, 14).Select(number => (long)number), listed.Select(each => (long)each!["id"]!));
        Assert.All(listed, each => Assert.StartsWith("blocks ", (string)each!["blocks"]!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_tap_on_a_questions_own_page_can_be_taken_back_there()
    {
        await using var relay = await RunningRelay.StartAsync();
        await AskPermissionsAsync(relay, 14);
        using var browser = await Browser.SignedInAsync(relay);
        var form = new Dictionary<string, string>
        {
            ["form"] = await browser.FormTokenAsync(),
            ["question"] = "13",
            ["tap"] = "deny",
        };

        var (status, _) = await browser.SendAsync(
            HttpMethod.Post, "/tap", form, ("Referer", new Uri(relay.Client.BaseAddress!, "/questions/13").ToString()));

        Assert.Equal(HttpStatusCode.SeeOther, status);
        Assert.Equal("/questions/13", browser.Location);
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.SendAsync(HttpMethod.Post, "/tap", form)).Status); // Tapped twice.
        form["tap"] = "deny this";
        Assert.Equal(HttpStatusCode.Conflict, (await browser.SendAsync(HttpMethod.Post, "/tap", form)).Status);
        Assert.Contains("Take it back", (await browser.GetAsync("/questions/13")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_last_answer_is_the_operators_to_whatever_was_asked_and_no_default()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await Browser.SignedInAsync(relay);
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC by=1s default=a] Which?\n- (a) Left\n- (b) Right"), ScriptedReply.Text("Left."));
        relay.Drop("session-1", "Which way?");
        var page = await browser.ReadUntilAsync("/", "the default was taken");
        Assert.Contains("no answer yet", page, StringComparison.Ordinal);

        await AskPermissionsAsync(relay, 1);
        var (status, _) = await relay.SendAsync(HttpMethod.Post, "/answers", new { text = "deny", question = 2 });

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("last answer ", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);
    }

    private static async Task<Browser> AskAsync(RunningRelay relay)
    {
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Left or right?"));
        relay.Drop("session-1", "Which way?");
        await relay.OpenQuestionAsync();
        return await Browser.SignedInAsync(relay);
    }

    private static Task AskPermissionsAsync(RunningRelay relay, int count) => relay.Get<Database>().WriteAsync(
        async writing =>
        {
            for (var number = 1; number <= count; number++)
                await QuestionStore.OpenAsync(
                    writing,
                    new NewQuestion(
                        SessionDirectory.Default, Message: null, SessionId.Stored($"s{number}"), QuestionKind.Permission,
                        $"Bash in /work\n\nmake {number} {new string('x', 1_000)}")
                    {
                        Asked = new ClientAsk.Permission("Bash", Input: null, []),
                    },
                    CancellationToken);
        },
        CancellationToken);
}
