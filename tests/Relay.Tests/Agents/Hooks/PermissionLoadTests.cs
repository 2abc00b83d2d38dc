using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

/// <summary>However many permissions a session asks for, the operator gets few pages, and the client's own prompt asks for the
/// rest.</summary>
public sealed class PermissionLoadTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_sixty_requests_at_once_three_are_paged_and_the_others_left_to_the_clients_prompt_at_once()
    {
        await using var relay = await RunningRelay.StartAsync();
        var claude = new ClaudeSession(relay, "claude-1");

        var asked = Ask(claude, 60);

        await Until.TrueAsync(() => asked.Count(each => each.IsCompleted) == 57, "the answers");
        Assert.All(asked.Where(each => each.IsCompleted), each => Assert.Empty(each.Result)); // No decision.
        Assert.Equal(3, await QuestionPagesAsync(relay));
        var page = await relay.Ntfy.WaitForPageAsync(
            each => each.Title.Contains("more permissions wait at the terminal", StringComparison.Ordinal), RunningRelay.Patience);
        Assert.Contains("shop", page.Message, StringComparison.Ordinal);
        Assert.Equal(4, await relay.CountAsync("SELECT COUNT(*) FROM pages WHERE kind = 'question'"));

        foreach (var question in await relay.TextsAsync("SELECT CAST(question_id AS TEXT) FROM questions"))
            Assert.IsType<Answers.Outcome.Accepted>(await relay.AnswerAsync("allow", long.Parse(question)));
        await Task.WhenAll(asked);
        var again = Ask(claude, 1); // The operator is there.
        await relay.OpenQuestionAsync();
        await relay.AnswerAsync("deny");
        await Task.WhenAll(again);
    }

    [Fact]
    public async Task Clients_that_ask_and_hang_up_make_few_pages_too()
    {
        await using var relay = await RunningRelay.StartAsync("agents: {max_permissions: 2}\n");
        var claude = new ClaudeSession(relay, "claude-1");
        for (var request = 0; request < 20; request++)
        {
            using var leave = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var asked = claude.AskPermissionAsync("Bash", new { command = $"make {request}" }, leave.Token);
            await Until.TrueAsync(
                async () => asked.IsCompleted || await OpenAsync(relay) > 0, "the question or an answer without one");
            await leave.CancelAsync();
            await Task.WhenAny(asked);
            await Until.TrueAsync(async () => await OpenAsync(relay) == 0, "the end of the question");
        }

        Assert.Equal(6, await QuestionPagesAsync(relay));
    }

    [Fact]
    public async Task Nor_do_many_sessions_together_make_many()
    {
        await using var relay = await RunningRelay.StartAsync("agents: {new_names_per_hour: 100}\n");

        var asked = Enumerable.Range(0, 30)
            .SelectMany(number => Ask(new ClaudeSession(relay, $"claude-{number}", $"/p/{number}"), 2))
            .ToList();

        await Until.TrueAsync(() => asked.Count(each => each.IsCompleted) == 40, "the answers");
        Assert.Equal(20, await QuestionPagesAsync(relay));
    }

    private static List<Task<System.Text.Json.Nodes.JsonObject>> Ask(ClaudeSession claude, int count) => Enumerable.Range(0, count)
        .Select(number => claude.AskPermissionAsync("Bash", new { command = $"make {number}" }))
        .ToList();

    private static Task<long> OpenAsync(RunningRelay relay) => relay.CountAsync("SELECT COUNT(*) FROM questions WHERE state = 'open'");

    private static Task<long> QuestionPagesAsync(RunningRelay relay) =>
        relay.CountAsync("SELECT COUNT(*) FROM pages WHERE kind = 'question' AND title LIKE '%may it use%'");
}
