using System.Net;
using System.Text.RegularExpressions;
using Relay.Loopback;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Web.Dashboard;

/// <summary>What the advisor asks, as it is shown, answered and put off on the page.</summary>
public sealed class EscalationCardTests
{
    private const string Asked =
        "[NEEDS-JC by=2h default=b] Two users may own one key.\n\n- (a) Forbid it: support load for a week\n"
        + "- (b) Merge them: nobody loses access (recommended)";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private static async Task<Browser> AskAsync(RunningRelay relay, string asked, string message = "Keys with two owners.")
    {
        relay.Api.Enqueue(ScriptedReply.Text(asked));
        relay.Drop("session-2", message);
        await relay.OpenQuestionAsync();
        return await Browser.SignedInAsync(relay);
    }

    private static Task<RulingRecord?> RulingAsync(RunningRelay relay, long number) =>
        relay.Get<Database>().ReadAsync(reading => RulingStore.FindAsync(reading, number, CancellationToken), CancellationToken);

    [Fact]
    public async Task The_recommended_option_is_first_and_loud_and_a_tap_on_it_holds_for_what_was_chosen()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await AskAsync(relay, Asked);

        var (_, page) = await browser.GetAsync("/");
        var buttons = Regex.Matches(page, "<button name=\"tap\" value=\"(.)\"[^>]*class=\"(\\w*)\"|<button name=\"tap\" value=\"(.)\"");
        Assert.Equal(["b", "a"], buttons.Select(button => button.Groups[1].Value + button.Groups[3].Value));
        Assert.Equal("loud", buttons[0].Groups[2].Value);
        Assert.Single(Regex.Matches(page, "class=\"loud\""));
        Assert.Matches(@"\(b\) is taken at [^<]*\d\d:\d\d unless you answer", page);
        Assert.Contains("recommended · nobody loses access", WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.DoesNotContain("- (a)", page, StringComparison.Ordinal);
        var (status, _) = await browser.SubmitAsync("/tap", ("question", "1"), ("tap", "b"), ("scope", "always"), ("text", "a draft"));
        Assert.Equal(HttpStatusCode.SeeOther, status);
        page = (await browser.GetAsync("/")).Body;
        Assert.Contains("“(b) Merge them: nobody loses access” is sent in a moment", page, StringComparison.Ordinal);

        relay.Api.Enqueue(ScriptedReply.Text("Merged."));
        var receipt = await browser.ReadUntilAsync("/", "ruling 1</a>, for all conversations");
        Assert.Contains("#1 “(b) Merge them: nobody loses access”", receipt, StringComparison.Ordinal);
        Assert.Equal(("b", RulingScope.Always), await RulingAsync(relay, 1) is { } ruling ? (ruling.Content, ruling.Scope) : default);
    }

    [Theory]
    [InlineData("", "conversation")]
    [InlineData("once", "once")]
    [InlineData("always", "always")]
    public async Task Words_hold_for_what_is_chosen_beside_them(string scope, string expected)
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await AskAsync(relay, "[NEEDS-JC] Left or right?");
        relay.Api.Enqueue(ScriptedReply.Text("Left."));

        await browser.SubmitAsync("/answer", ("question", "1"), ("text", "Left."), ("scope", scope), ("once", "k1"));

        await browser.ReadUntilAsync("/", "ruling 1</a>");
        Assert.Equal(ScopeWords.Parse(expected), (await RulingAsync(relay, 1))!.Scope);
    }

    [Theory]
    [InlineData("/answer")]
    [InlineData("/tap")]
    public async Task A_scope_that_is_none_is_refused_with_the_words(string path)
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await AskAsync(relay, "[NEEDS-JC] Which?\n- (a) Left\n- (b) Right");

        var (status, page) = await browser.SubmitAsync(
            path, ("question", "1"), ("text", "Never left."), ("tap", "b"), ("scope", "for ever"), ("once", "k1"));

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("the scope is to be once, conversation or always", page, StringComparison.Ordinal);
        Assert.Contains("Never left.", page, StringComparison.Ordinal);
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM facts WHERE name LIKE 'tap:%'"));
        Assert.Equal(1, await relay.CountAsync("SELECT COUNT(*) FROM questions WHERE state = 'open'"));
    }

    [Fact]
    public async Task What_follows_the_options_stays_and_a_deadline_without_default_takes_nothing()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await AskAsync(relay, "[NEEDS-JC by=2h] Which?\n\n- (a) This\n  with more of it\n- (b) That\n\nThink of both.");

        var (_, page) = await browser.GetAsync("/");

        foreach (var shown in new[] { "with more of it", "Think of both.", "nothing is taken by itself", "(a) This", "(b) That" })
            Assert.Contains(shown, page, StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"loud\"", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("later")]
    [InlineData("later until 8:00")]
    public async Task A_question_put_off_says_until_when_and_waits_below_the_others(string until)
    {
        await using var relay = await RunningRelay.StartAsync("sessions: [{session_id: s9, conversation: c9}]\n");
        using var browser = await AskAsync(relay, "[NEEDS-JC] First?");
        var (_, before) = await browser.GetAsync("/");
        Assert.Contains($"value=\"{until}\"", before, StringComparison.Ordinal);

        var (status, _) = await browser.SubmitAsync("/later", ("question", "1"), ("later", until));

        Assert.Equal(HttpStatusCode.SeeOther, status);
        var (_, page) = await browser.GetAsync("/");
        Assert.Matches(@"later, until [^<]*\d\d:\d\d<", page);
        Assert.Contains("Nothing waits for you now, 1 put off", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<title>(", page, StringComparison.Ordinal);
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Second?"));
        relay.Drop("s9", "Shall I?");
        page = await browser.ReadUntilAsync("/", "1 question waits for you, 1 put off");
        Assert.Equal(["2", "1"], Regex.Matches(page, "<article class=\"card\" id=\"question-(\\d)").Select(each => each.Groups[1].Value));
        Assert.Contains("<title>(1) 1 question waits for you, 1 put off", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_time_or_no_question_puts_nothing_off()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await AskAsync(relay, "[NEEDS-JC] First?");

        Assert.Equal(HttpStatusCode.Conflict, (await browser.SubmitAsync("/later", ("question", "1"), ("later", "for ever"))).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await browser.SubmitAsync("/later", ("question", "9"), ("later", "later"))).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await browser.SubmitAsync("/later", ("later", "later"))).Status);
        Assert.DoesNotContain("put off", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_led_to_it_is_unfolded_where_it_is_short_and_else_the_way_to_it()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await AskAsync(relay, "[NEEDS-JC] First?", "<b>Keys</b> \u202e with two owners.");
        var (_, page) = await browser.GetAsync("/");
        Assert.Contains("What led here (1 turn)", page, StringComparison.Ordinal);
        Assert.Contains("&lt;b&gt;Keys&lt;/b&gt; \\u202e with two owners.", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/conversations/default?through=1#entry-1\"", page, StringComparison.Ordinal);
        relay.Api.Enqueue(ScriptedReply.Text("Done."));
        await relay.AnswerAsync("Yes.");
        await relay.ConsumeAsync("session-2");

        for (var turn = 0; turn < 3; turn++)
        {
            relay.Api.Enqueue(ScriptedReply.Text(new string('y', 5_000)));
            relay.Drop("session-2", new string('x', 5_000));
            await relay.ConsumeAsync("session-2");
        }
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Second?"));
        relay.Drop("session-2", new string('x', 5_000));
        await relay.OpenQuestionAsync();
        (_, page) = await browser.GetAsync("/");
        Assert.Contains("\">What led here</a>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<details id=\"led", page, StringComparison.Ordinal);
        Assert.Contains("What led here (6 turns)", (await browser.GetAsync("/questions/2")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_default_that_was_taken_is_said_and_can_be_overturned_by_a_tap()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await AskAsync(relay, Asked.Replace("2h", "1s", StringComparison.Ordinal));
        relay.Api.Enqueue(ScriptedReply.Text("Merged."));
        Assert.Equal("Merged.", await relay.ConsumeAsync("session-2"));
        var page = await browser.ReadUntilAsync("/", "taken by session-2");
        Assert.Contains("nobody answered, the default was taken", page, StringComparison.Ordinal);
        var what = Regex.Match(page, "name=\"what\" value=\"([^\"]+)\"").Groups[1].Value;

        var (status, _) = await browser.SubmitAsync("/overturn", ("what", what));

        Assert.Equal(HttpStatusCode.SeeOther, status);
        page = (await browser.GetAsync("/?asked=2")).Body;
        Assert.Contains("You are asked anew: question #2.", page, StringComparison.Ordinal);
        Assert.Contains("id=\"question-2\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"what\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hostile_options_and_turns_stay_text()
    {
        const string hostile = "<script>alert(1)</script> [x](javascript:alert(1)) \u202e &#x202e; &rlm;<h1>Forged</h1>";
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await AskAsync(relay, $"[NEEDS-JC by=1d default=a] {hostile}\n\n- (a) {hostile}\n- (b) {hostile}: x", hostile);

        foreach (var path in new[] { "/", "/questions/1" })
        {
            var (_, page) = await browser.GetAsync(path);
            ClientCardTests.AssertHarmless(page);
            Assert.DoesNotContain('\u200f', page);
            Assert.Contains("(a) &lt;script&gt;", page, StringComparison.Ordinal);
        }
        await browser.SubmitAsync("/tap", ("question", "1"), ("tap", "a"));
        ClientCardTests.AssertHarmless((await browser.GetAsync("/")).Body);
    }

    [Fact]
    public async Task A_page_that_no_way_has_taken_is_shown()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Ntfy.Always(NtfyFault.Status(400));
        using var browser = await AskAsync(relay, "[NEEDS-JC] First?");

        var page = await browser.ReadUntilAsync("/", "was taken by no way since");

        Assert.Contains("The page of a question was taken by no way since", page, StringComparison.Ordinal);
    }

    /// <summary>A script's may have none; a browser's has at least the page's token.</summary>
    [Fact]
    public async Task A_form_without_a_field_is_refused_with_what_it_lacks()
    {
        await using var relay = await RunningRelay.StartAsync();

        using var response = await relay.Client.PostAsync("/answer", new FormUrlEncodedContent([]), CancellationToken);

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Contains("which question is answered is missing", await response.Content.ReadAsStringAsync(CancellationToken));
    }

    [Theory]
    [InlineData("/answer")]
    [InlineData("/ask-back")]
    [InlineData("/say")]
    public async Task Words_over_the_limit_are_refused_as_on_every_other_way_and_stay(string path)
    {
        await using var relay = await RunningRelay.StartAsync("max_envelope_bytes: 1000\n");
        using var browser = await AskAsync(relay, Asked);
        var words = new string('x', 999) + "ü";

        var (status, page) = await browser.SubmitAsync(path, ("question", "1"), ("to", "default"), ("once", "k1"), ("text", words));

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("Not sent: it is over the limit of 1000 bytes (max_envelope_bytes).", page, StringComparison.Ordinal);
        Assert.Contains(words, WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.Equal(["open"], await relay.TextsAsync("SELECT state FROM questions"));
        relay.Api.Enqueue(ScriptedReply.Text("Merged."));
        (status, _) = await browser.SubmitAsync(path, ("question", "1"), ("to", "default"), ("once", "k2"), ("text", words[1..^1] + "xx"));
        Assert.Equal(HttpStatusCode.SeeOther, status);
    }
}
