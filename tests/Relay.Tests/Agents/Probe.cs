using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Relay.Agents;
using Relay.Conversations;
using Relay.Operator;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents;

/// <summary>Looks into a running relay.</summary>
internal static class Probe
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static T Get<T>(this RunningRelay relay)
        where T : notnull => relay.Daemon.Services.GetRequiredService<T>();

    public static Task<long> CountAsync(this RunningRelay relay, string sql) =>
        relay.Get<Database>().ReadAsync(reading => reading.Sql(sql).NumberAsync(Token), Token);

    public static Task<List<string>> TextsAsync(this RunningRelay relay, string sql) =>
        relay.Get<Database>().ReadAsync(reading => reading.Sql(sql).ListAsync(row => row.Text(), Token), Token);

    public static Task<long> MessagesAsync(this RunningRelay relay) => relay.CountAsync("SELECT COUNT(*) FROM messages WHERE speaker = 'session'");

    /// <summary>Waits until so many replies lie ready and nobody has them.</summary>
    public static Task RepliesWaitAsync(this RunningRelay relay, int count) => Until.TrueAsync(
        async () => await relay.CountAsync("SELECT COUNT(*) FROM dispatches WHERE state = 'ready'") == count, $"{count} waiting replies");

    public static Task ConsumedAsync(this RunningRelay relay, int count) => Until.TrueAsync(
        async () => await relay.CountAsync("SELECT COUNT(*) FROM dispatches WHERE state = 'consumed'") == count, $"{count} consumed replies");

    public static async Task<Agent> AgentAsync(this RunningRelay relay, ClaudeSession session) =>
        (await relay.Get<Database>().ReadAsync(reading => AgentStore.FindAsync(reading, session.Id, Token), Token))!;

    public static Task BecomesAsync(this RunningRelay relay, ClaudeSession session, AgentState state) => Until.TrueAsync(
        async () => (await relay.Get<Database>().ReadAsync(reading => AgentStore.FindAsync(reading, session.Id, Token), Token))?.State == state, $"{session.Id} {state}");

    public static async Task<Question> OpenQuestionAsync(this RunningRelay relay)
    {
        List<Question> open = [];
        await Until.TrueAsync(async () => (open = await relay.Get<Database>().ReadAsync(reading => QuestionStore.OpenAsync(reading, Token), Token)).Count == 1, "an open question");
        return open[0];
    }

    public static Task<Answers.Outcome> AnswerAsync(this RunningRelay relay, string text, long? question = null) =>
        relay.Get<Answers>().TakeAsync(new OperatorInput(text, question, "the test", Key: null, UnaskedWelcome: false), Token);

    /// <summary>A reply that waits for a session and that nobody asked for: the operator's direct words.</summary>
    public static async Task SayToAsync(this RunningRelay relay, string session, string text) =>
        Assert.IsType<Answers.Outcome.Direct>(await relay.AnswerAsync($"@{session}: {text}"));

    /// <summary>Stops the daemon under its clients and starts another on the same home. A stop must take seconds, whatever is being held.</summary>
    public static async Task ReplaceDaemonAsync(this RunningRelay relay)
    {
        await relay.Daemon.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(8), Token);
        await relay.StartDaemonAsync();
    }

    public static IReadOnlyList<string> Errors(this RunningRelay relay) =>
        relay.Logs.GetSnapshot().Where(record => record.Level >= Microsoft.Extensions.Logging.LogLevel.Error).Select(record => record.Message).ToList();

    /// <summary>Lets the relay's time run, fast, until the task is done.</summary>
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
}
