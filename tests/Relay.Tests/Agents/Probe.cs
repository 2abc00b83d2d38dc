using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Relay.Agents;
using Relay.Operator;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents;

/// <summary>What tests need to know of a running relay, or to do to it.</summary>
internal static class Probe
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static T Get<T>(this RunningRelay relay)
        where T : notnull => relay.Daemon.Services.GetRequiredService<T>();

    public static Task<long> CountAsync(this RunningRelay relay, string sql) =>
        relay.Get<Database>().ReadAsync(reading => reading.Sql(sql).NumberAsync(Token), Token);

    public static Task<List<string>> TextsAsync(this RunningRelay relay, string sql) =>
        relay.Get<Database>().ReadAsync(reading => reading.Sql(sql).ListAsync(row => row.Text(), Token), Token);

    public static Task<long> MessagesAsync(this RunningRelay relay) =>
        relay.CountAsync("SELECT COUNT(*) FROM messages WHERE speaker = 'session'");

    /// <summary>Waits until so many replies are ready and not delivered.</summary>
    public static Task RepliesWaitAsync(this RunningRelay relay, int count) => Until.TrueAsync(
        async () => await relay.CountAsync("SELECT COUNT(*) FROM dispatches WHERE state = 'ready'") == count, $"{count} waiting replies");

    public static Task ConsumedAsync(this RunningRelay relay, int count) => Until.TrueAsync(
        async () => await relay.CountAsync("SELECT COUNT(*) FROM dispatches WHERE state = 'consumed'") == count,
        $"{count} consumed replies");

    /// <summary>Waits until so many replies went out whole. Those that are consumed did.</summary>
    public static Task HandedAsync(this RunningRelay relay, int count) => Until.TrueAsync(
        async () => await relay.CountAsync(
            "SELECT COUNT(*) FROM dispatches WHERE state = 'consumed' OR handed_at IS NOT NULL") == count,
        $"{count} handed replies");

    public static async Task<Agent> AgentAsync(this RunningRelay relay, ClaudeSession session) => (await FindAgentAsync(relay, session))!;

    public static Task BecomesAsync(this RunningRelay relay, ClaudeSession session, AgentState state) => Until.TrueAsync(
        async () => (await FindAgentAsync(relay, session))?.State == state, $"{session.Id} {state}");

    public static async Task<Question> OpenQuestionAsync(this RunningRelay relay)
    {
        List<Question> open = [];
        await Until.TrueAsync(
            async () =>
            {
                open = await relay.Get<Database>().ReadAsync(reading => QuestionStore.OpenAsync(reading, Token), Token);
                return open.Count == 1;
            },
            "an open question");
        return open[0];
    }

    public static Task<Answers.Outcome> AnswerAsync(this RunningRelay relay, string text, long? question = null) =>
        relay.Get<Answers>().TakeAsync(new OperatorInput(text, question, "the test", Key: null, UnaskedWelcome: false), Token);

    /// <summary>The operator sends a text directly to a session, so that it waits there as a reply.</summary>
    public static async Task SayToAsync(this RunningRelay relay, string session, string text) =>
        Assert.IsType<Answers.Outcome.Direct>(await relay.AnswerAsync($"@{session}: {text}"));

    /// <summary>Stops the daemon while clients are connected and starts another one. The stop must end within seconds.</summary>
    public static async Task ReplaceDaemonAsync(this RunningRelay relay)
    {
        await relay.Daemon.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(8), Token);
        await relay.StartDaemonAsync();
    }

    public static IReadOnlyList<string> Errors(this RunningRelay relay) =>
        relay.Logs.GetSnapshot().Where(record => record.Level >= LogLevel.Error).Select(record => record.Message).ToList();

    /// <summary>Advances the relay's clock in steps until the task has ended.</summary>
    public static async Task<T> RunUntilAsync<T>(this FakeTimeProvider clock, Task<T> task, TimeSpan step)
    {
        await Until.TrueAsync(
            () =>
            {
                clock.Advance(step);
                return task.IsCompleted;
            },
            "the end of a wait");
        return await task;
    }

    private static Task<Agent?> FindAgentAsync(RunningRelay relay, ClaudeSession session) =>
        relay.Get<Database>().ReadAsync(reading => AgentStore.FindAsync(reading, session.Id, Token), Token);
}
