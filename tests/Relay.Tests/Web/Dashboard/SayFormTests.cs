using System.Net;
using Relay.Loopback;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Web.Dashboard;

/// <summary>What is said unasked on the page goes where the same words go from everywhere else.</summary>
public sealed class SayFormTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("@session-1: Stop, please.")]
    [InlineData("[once] @session-1: Stop, please.")]
    public async Task Words_that_name_a_session_go_straight_to_it_whoever_is_chosen_above_them(string words)
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await Browser.SignedInAsync(relay);
        relay.Drop("session-1", "First");
        await relay.ConsumeAsync("session-1");

        var (status, _) = await browser.SubmitAsync("/say", ("to", "default"), ("text", words), ("once", "k1"));

        Assert.Equal(HttpStatusCode.SeeOther, status);
        Assert.EndsWith("Stop, please.", await relay.ConsumeAsync("session-1"), StringComparison.Ordinal);
        Assert.Single(relay.Api.Requests);
    }

    [Fact]
    public async Task The_advisors_reply_comes_back_to_where_the_words_were_said()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var browser = await Browser.SignedInAsync(relay);
        relay.Api.Enqueue(ScriptedReply.Text("All is <b>well</b>. \u202e"));

        await browser.SubmitAsync("/say", ("to", "default"), ("text", "How is it going?"), ("once", "k1"));

        var page = await browser.ReadUntilAsync("/", "The advisor to you");
        Assert.Contains("All is &lt;b&gt;well&lt;/b&gt;.", page, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202e', page);
    }

    [Fact]
    public async Task What_begins_as_an_answer_to_an_open_question_is_refused_and_kept()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Left or right?"));
        relay.Drop("session-1", "Which way?");
        await relay.OpenQuestionAsync();
        using var browser = await Browser.SignedInAsync(relay);

        var (status, page) = await browser.SubmitAsync("/say", ("to", "default"), ("text", "#1 left"), ("once", "k1"));

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("begins an answer to question #1", WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.Contains(">#1 left</pre>", page, StringComparison.Ordinal);
        Assert.Empty(await relay.Get<Database>().ReadAsync(
            reading => RulingStore.NewestAsync(reading, 10, CancellationToken), CancellationToken));
    }

    [Fact]
    public async Task Who_asks_back_in_a_paused_conversation_is_told_that_it_waits()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Left or right?"));
        relay.Drop("session-1", "Which way?");
        await relay.OpenQuestionAsync();
        using var browser = await Browser.SignedInAsync(relay);
        await browser.SubmitAsync("/conversations/pause", ("conversation", "default"));
        await browser.SubmitAsync("/ask-back", ("question", "1"), ("text", "Which is nearer?"), ("once", "k1"));

        var (_, page) = await browser.GetAsync("/?asked_back=1");

        Assert.DoesNotContain("The advisor is asked back", page, StringComparison.Ordinal);
        Assert.Contains("default is paused: they wait until you resume it", page, StringComparison.Ordinal);
    }
}
