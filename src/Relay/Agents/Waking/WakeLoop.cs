using Relay.Agents.Hooks;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Running;
using Relay.Storage;

namespace Relay.Agents.Waking;

/// <summary>Wakes headless sessions (agents.wake): for every session that is idle or ended, that nobody waits for and that has replies waiting,
/// (1) lease them all, (2) run the command with them on its standard input, (3) record how it ended, and if well (4) that they are consumed.
/// One command at a time for each session; after a failure the replies wait, and the command is tried again, three times in all.</summary>
internal sealed partial class WakeLoop(
    AgentStore agents, AgentWaiters waiters, Handover handover, WakeStories stories, SettingsSource settings, Signals signals, Faults faults, TimeProvider clock, ILogger<WakeLoop> log)
    : Loop(signals.Wake, faults, clock, log)
{
    private const int MostAttempts = 3;

    /// <summary>A session that has just come to rest may still get its replies by a better way.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30);
    private readonly Dictionary<SessionId, Task> _running = [];
    private readonly Dictionary<string, Failed> _failed = [];

    protected override TimeSpan PollInterval => TimeSpan.FromSeconds(2);

    public override async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        await ReapAsync();
        var command = settings.Current.Config.Agents.Wake;
        if (WakeCommand.Words(command).Count == 0)
            return 0;
        foreach (var agent in await agents.RestingWithRepliesAsync(Clock.GetUtcNow() - Rest, cancellationToken))
            if (!_running.ContainsKey(agent.Session) && !waiters.IsWaitedFor(agent.Id, Rest))
                await BeginAsync(agent, command, cancellationToken);
        return 0;
    }

    /// <summary>What is running, for a stop and for tests.</summary>
    public Task RunningAsync() => Task.WhenAll(_running.Values);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await RunningAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ReapAsync()
    {
        foreach (var (session, task) in _running.Where(running => running.Value.IsCompleted).ToList())
        {
            _running.Remove(session);
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    private async Task BeginAsync(Agent agent, string command, CancellationToken cancellationToken)
    {
        var lease = await handover.TakeAsync(agent.Session, cancellationToken); // (1)
        if (lease.Replies.All(StopHook.IsDone) || lease.Replies.Any(IsHeldBack))
            lease.Dispose(); // Nobody is woken to be told that it may stop.
        else
            _running[agent.Session] = WakeAsync(agent, command, lease, cancellationToken);
    }

    private async Task WakeAsync(Agent agent, string command, Handover.Lease lease, CancellationToken cancellationToken)
    {
        using (lease)
        {
            LogWaking(agent.Session, agent.Id, lease.Replies.Count);
            var outcome = await WakeCommand.RunAsync(command, agent, lease.Text, settings.Current.Secrets.Token, Clock, cancellationToken); // (2)
            await stories.NoteAsync(lease.Replies, outcome, CancellationToken.None); // (3) It has happened: that is recorded even when we are stopping.
            if (outcome.Succeeded)
            {
                await lease.ConsumedAsync(CancellationToken.None); // (4)
                LogWoken(agent.Session, lease.Replies.Count);
                return;
            }
            LogFailed(agent.Session, outcome.ToString());
            lock (_failed)
                foreach (var reply in lease.Replies)
                    _failed[reply.Id] = Failed.After(_failed.GetValueOrDefault(reply.Id), Clock.GetUtcNow());
        }
    }

    private bool IsHeldBack(OutboundReply reply)
    {
        lock (_failed)
            return _failed.GetValueOrDefault(reply.Id) is { } failed && (failed.Attempts >= MostAttempts || Clock.GetUtcNow() < failed.NotBefore);
    }

    private sealed record Failed(int Attempts, DateTimeOffset NotBefore)
    {
        public static Failed After(Failed? before, DateTimeOffset now)
        {
            var attempts = (before?.Attempts ?? 0) + 1;
            return new Failed(attempts, now + (FirstPause * Math.Pow(4, attempts - 1)));
        }
    }

    [LoggerMessage(LogLevel.Information, "Waking {Session}, agent {Agent}, with {Count} replies")]
    private partial void LogWaking(SessionId session, string agent, int count);

    [LoggerMessage(LogLevel.Information, "{Session} was woken and took {Count} replies")]
    private partial void LogWoken(SessionId session, int count);

    [LoggerMessage(LogLevel.Warning, "The command to wake {Session} failed: {Outcome}. The replies wait.")]
    private partial void LogFailed(SessionId session, string outcome);
}

/// <summary>Writes the outcome of a wake into the stories of the messages whose replies it carried.</summary>
internal sealed class WakeStories(MessageStore messages, Database database)
{
    public Task NoteAsync(IReadOnlyList<OutboundReply> replies, WakeOutcome outcome, CancellationToken cancellationToken) => database.WriteAsync(
        async transaction =>
        {
            foreach (var reply in replies)
                if (reply.Message is { } message)
                    await messages.NoteAsync(transaction, reply.Conversation, message, outcome.Succeeded ? "woken" : "wake failed", outcome.ToString(), cancellationToken);
        },
        cancellationToken);
}
