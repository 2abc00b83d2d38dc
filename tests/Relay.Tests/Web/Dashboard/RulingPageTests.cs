using System.Net;
using System.Text.RegularExpressions;
using Relay.Loopback;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Web.Dashboard;

/// <summary>The rulings, who rests on them, and what is done with them on the page.</summary>
public sealed class RulingPageTests
{
    private const string Hostile = "<script>alert(1)</script> [x](javascript:alert(1)) \u202e\n<h1>Forged</h1>";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    /// <summary>A ruling, and a message that was settled by it.</summary>
    private static async Task<Browser> SettledAsync(RunningRelay relay, string answer = "Tabs.")
    {
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Tabs or spaces?"), ScriptedReply.Text("Tabs."));
        relay.Drop("session-2", "Which?");
        await relay.OpenQuestionAsync();
        await relay.AnswerAsync(answer);
        await relay.ConsumeAsync("session-2");
        relay.Api.Enqueue(ScriptedReply.Text("Tabs, by [ruling 1]."));
        relay.Drop("session-2", "And here, <b>tabs</b>?");
        await relay.ConsumeAsync("session-2");
        return await Browser.SignedInAsync(relay);
    }

    private static Task<RulingRecord?> RulingAsync(RunningRelay relay, long number) =>
        relay.Get<Database>().ReadAsync(reading => RulingStore.FindAsync(reading, number, CancellationToken), CancellationToken);

    [Fact]
    public async Task One_in_force_is_listed_with_who_rests_on_it_and_the_figures()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await SettledAsync(relay);

        var (status, page) = await browser.GetAsync("/rulings");

        Assert.Equal(HttpStatusCode.OK, status);
        foreach (var shown in new[]
        {
            "1 ruling in force", "“Tabs.”", "Tabs or spaces?", "for conversation default", "cited 1 time, last",
            "settled by <a href=\"/rulings/1\">ruling 1</a>", "session-2: “And here, &lt;b&gt;tabs&lt;/b&gt;?”",
            "settled by precedent", "50 %", "rulings_char_cap is 40,000",
        })
            Assert.Contains(shown, page, StringComparison.Ordinal);
        Assert.Contains("href=\"/rulings\"", (await browser.GetAsync("/costs")).Body, StringComparison.Ordinal);
        foreach (var path in new[] { "/", "/rulings/1" })
            Assert.Contains(
                "settled by <a href=\"/rulings/1\">ruling 1</a>", (await browser.GetAsync(path)).Body, StringComparison.Ordinal);
        var (_, thread) = await browser.GetAsync("/conversations/default");
        Assert.Equal(1, Regex.Count(thread, "settled by ruling 1</a>"));
        var message = Regex.Match(page, "href=\"(/messages/[^\"]+)\"").Groups[1].Value;
        Assert.Contains("What it rests on", (await browser.GetAsync(message)).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync("/rulings/9")).Status);
    }

    [Fact]
    public async Task One_tap_overturns_a_use_once()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await SettledAsync(relay);
        var (_, page) = await browser.GetAsync("/rulings");
        var what = Regex.Match(page, "name=\"what\" value=\"([^\"]+)\"").Groups[1].Value;

        var (status, _) = await browser.SubmitAsync("/overturn", ("what", what));

        Assert.Equal(HttpStatusCode.SeeOther, status);
        var question = await relay.OpenQuestionAsync();
        Assert.Equal(1, question.Overturns);
        var (_, now) = await browser.GetAsync("/");
        Assert.Contains("Your answer takes the place of <a href=\"/rulings/1\">ruling 1</a>", now, StringComparison.Ordinal);
        Assert.Contains(">as ruling 1 did</option>", now, StringComparison.Ordinal);
        page = (await browser.GetAsync("/rulings")).Body;
        Assert.Contains($"overturned: <a href=\"/questions/{question.Id}\"", page, StringComparison.Ordinal);
        var (again, told) = await browser.SubmitAsync("/overturn", ("what", what));
        Assert.Equal(HttpStatusCode.Conflict, again);
        Assert.Contains("was overturned before", told, StringComparison.Ordinal);
        Assert.Contains("1 ruling in force", told, StringComparison.Ordinal);
        relay.Api.Enqueue(ScriptedReply.Text("Spaces then."));
        await browser.SubmitAsync("/answer", ("question", $"{question.Id}"), ("text", "Spaces."), ("scope", ""));
        await browser.ReadUntilAsync("/rulings?ended=1", "superseded by ruling 2");
        Assert.Contains("“Spaces.”", (await browser.GetAsync("/rulings")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_is_retired_with_a_reason_and_stands_behind_the_link()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await SettledAsync(relay);

        await browser.SubmitAsync("/retire", ("ruling", "1"), ("text", Hostile));

        var (_, page) = await browser.GetAsync("/rulings?retired=1");
        Assert.Contains("No call to come carries it.", page, StringComparison.Ordinal);
        Assert.Contains("0 rulings in force", page, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"ruling-1\"", page, StringComparison.Ordinal);
        var (_, ended) = await browser.GetAsync("/rulings?ended=1");
        Assert.Contains("id=\"ruling-1\"", ended, StringComparison.Ordinal);
        Assert.Contains("retired by the operator: &lt;script&gt;", ended, StringComparison.Ordinal);
        ClientCardTests.AssertHarmless(ended);
        Assert.Equal(RulingState.Retired, (await RulingAsync(relay, 1))!.State);
        Assert.Equal(HttpStatusCode.Conflict, (await browser.SubmitAsync("/retire", ("ruling", "1"))).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await browser.SubmitAsync("/retire", ("ruling", "x"))).Status);
    }

    [Fact]
    public async Task Its_scope_is_changed()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await SettledAsync(relay);

        Assert.Equal(HttpStatusCode.SeeOther, (await browser.SubmitAsync("/scope", ("ruling", "1"), ("scope", "always"))).Status);
        Assert.Contains(
            "Ruling 1 holds for all conversations.", (await browser.GetAsync("/rulings?changed=1")).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, (await browser.SubmitAsync("/scope", ("ruling", "1"), ("scope", "everywhere"))).Status);

        Assert.Equal(RulingScope.Always, (await RulingAsync(relay, 1))!.Scope);
        await browser.SubmitAsync("/scope", ("ruling", "1"), ("scope", "once"));
        Assert.Contains("0 rulings in force", (await browser.GetAsync("/rulings")).Body, StringComparison.Ordinal);
        Assert.Contains("id=\"ruling-1\"", (await browser.GetAsync("/rulings?ended=1")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_not_done_is_not_said_to_be()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await SettledAsync(relay);

        Assert.DoesNotContain("No call to come", (await browser.GetAsync("/rulings?retired=1")).Body, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"notice\"", (await browser.GetAsync("/rulings?retired=77&changed=x")).Body, StringComparison.Ordinal);
        Assert.DoesNotContain("You are asked anew", (await browser.GetAsync("/?asked=77")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_the_cap_a_proposal_says_which_to_retire()
    {
        await using var relay = await RunningRelay.StartAsync("rulings_char_cap: 1000\n");
        using var browser = await SettledAsync(relay, "Tabs. " + new string('x', 1_200));

        var (_, page) = await browser.GetAsync("/rulings");

        Assert.Contains("Retire some of them: a proposal", page, StringComparison.Ordinal);
        Assert.Matches("Ruling 1</a>, cited 1 time", page);
        Assert.Contains("aria-label=\"Retire ruling 1\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_was_ruled_and_asked_stays_text()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await SettledAsync(relay, Hostile + new string('x', 500_000));

        foreach (var path in new[] { "/", "/rulings", "/rulings/1", "/conversations/default" })
            ClientCardTests.AssertHarmless((await browser.GetAsync(path)).Body);
        Assert.InRange((await browser.GetAsync("/rulings")).Body.Length, 1, 20_000);
        Assert.InRange((await browser.GetAsync("/")).Body.Length, 1, 20_000);
    }
}
