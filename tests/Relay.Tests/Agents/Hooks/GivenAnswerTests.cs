using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Relay.Agents;
using Relay.Agents.Hooks;
using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Storage;
using Relay.Tests.Testing;
using Relay.Tests.Web.Dashboard;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

/// <summary>That a client has the operator's answer is said where it is known, and nowhere else.</summary>
public sealed class GivenAnswerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_has_it_once_its_response_is_out_and_after_its_turn_and_after_a_restart_that_is_not_known()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");
        var asked = claude.AskPermissionAsync("Bash", new { command = "make" });
        await relay.OpenQuestionAsync();
        await Until.TrueAsync(
            async () => await relay.CountAsync("SELECT COUNT(*) FROM pages WHERE kind = 'question' AND state = 'sent'") == 1, "its page");
        var (status, receipt) = await relay.SendAsync(HttpMethod.Post, "/answers", new { text = "allow", question = 1 });
        Assert.Equal((HttpStatusCode.OK, true), (status, (bool?)receipt["given"]));
        await asked;
        using var browser = await Browser.SignedInAsync(relay);
        await browser.ReadUntilAsync("/", "allowed, and shop has it");

        await claude.HookAsync("PostToolUse", new { tool_name = "Bash", tool_input = new { command = "make" } });
        await claude.HookAsync("Stop");
        Assert.Contains("allowed, and shop has it", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);

        await relay.RestartAsync();
        using var again = await Browser.SignedInAsync(relay);
        foreach (var path in new[] { "/", "/questions/1" })
        {
            var (_, page) = await again.GetAsync(path);
            Assert.Contains("allowed; whether it came to shop is not known", page, StringComparison.Ordinal);
            Assert.DoesNotContain("shop has it", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_answer_that_no_client_waits_for_is_not_said_to_be_given()
    {
        await using var relay = await RunningRelay.StartAsync();
        var asked = new NewQuestion(
            SessionDirectory.Default, Message: null, SessionId.Stored("shop"), QuestionKind.Permission, "git push")
        {
            Asked = new ClientAsk.Permission("Bash", Input: null, []),
        };
        await relay.Daemon.Services.GetRequiredService<Database>()
            .WriteAsync(writing => QuestionStore.OpenAsync(writing, asked, Token), Token);

        var (_, receipt) = await relay.SendAsync(HttpMethod.Post, "/answers", new { text = "deny", question = 1 });

        Assert.Equal("denied", (string?)receipt["decision"]);
        Assert.Null(receipt["given"]);
        using var browser = await Browser.SignedInAsync(relay);
        Assert.Contains("denied; whether it came to shop is not known", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);
    }

    /// <summary>The client closes before the answer is committed, and the relay hears of it before it could give it.</summary>
    [Fact]
    public async Task An_answer_in_the_moment_in_which_the_client_goes_is_taken_back_and_told()
    {
        await using var relay = await TempRelay.CreateAsync();
        using var leave = new CancellationTokenSource();
        var hook = new HookEvent { HookEventName = "PermissionRequest", SessionId = "claude-1", ToolName = "Bash" };
        var agent = await relay.WriteAsync(async writing => (await AgentStore.SeenAsync(
            writing, relay.Get<SessionDirectory>(), new AgentSighting("claude-1", "shop", "/projects/shop"), Token))!);
        var context = new DefaultHttpContext { RequestAborted = leave.Token };
        var asking = relay.Get<PermissionHook>().AnswerAsync(context, agent, hook);
        await Until.TrueAsync(async () => (await relay.OpenQuestionsAsync()).Count == 1, "the question");

        await relay.WriteAsync(async writing =>
        {
            var answer = new OperatorInput("deny", Question: 1, "the test", Key: null, UnaskedWelcome: false);
            Assert.IsType<Answers.Outcome.Accepted>(await relay.Get<Answers>().TakeAsync(writing, answer, Token));
            await leave.CancelAsync();
            return true;
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);

        var question = (await relay.ReadAsync(reading => QuestionStore.FindAsync(reading, 1, Token)))!;
        Assert.Equal((QuestionState.Expired, "deny"), (question.State, question.Answer));
        Assert.Contains("had gone before the answer came to it", question.AnsweredVia, StringComparison.Ordinal);
        Assert.Contains(await relay.PagesAsync(), page => page.Cause.StartsWith("late", StringComparison.Ordinal)
            || page.Body.Contains("nothing came of it", StringComparison.Ordinal));
        Assert.Equal(ClientHas.No, await relay.Get<ClientWaits>().HasAsync(1, TimeSpan.Zero));
    }
}
