using Relay.Agents.Hooks;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Running;
using Relay.Storage;
using Relay.Texts;
using Relay.Turns;

namespace Relay.Agents.Waking;

/// <summary>Wakes headless sessions (agents.wake): for every session that is idle or ended, that nobody waits for and that has replies waiting,
/// (1) lease them all, (2) run the command with them on its standard input, (3) record how it ended, and if well (4) that they are consumed.
/// One command at a time for each session; after a failure the replies wait, and the command is tried again, three times in all.</summary>
internal sealed partial class WakeLoop(
    AgentWaiters waiters, Handover handover, Database database, SettingsSource settings, ILogger<WakeLoop> log) : ILoop
{
    private const int MostAttempts = 3;

    /// <summary>A session that has just come to rest may still get its replies by a better way.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private static readonly Backoff Pause = new(TimeSpan.FromSeconds(30), TimeSpan.FromHours(1), Factor: 4);

    private readonly TimeProvider _clock = database.Clock;
    private readonly Dictionary<SessionId, Task> _running = [];
    private readonly Dictionary<string, Failed> _failed = [];

    public Topic? WakesOn => null;

    /// <summary>Nothing to look for where no command is configured.</summary>
    public TimeSpan Poll => TimeSpan.FromSeconds(Command.Count == 0 ? 10 : 2);

    private IReadOnlyList<string> Command => WakeCommand.Words(settings.Current.Config.Agents.Wake);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        await ReapAsync();
        if (Command.Count == 0)
            return 0;
        foreach (var agent in await RestingAsync(cancellationToken))
            if (!_running.ContainsKey(agent.Session) && !waiters.IsWaitedFor(agent.Id, Rest))
                await BeginAsync(agent, settings.Current.Config.Agents.Wake, cancellationToken);
        return 0;
    }

    /// <summary>What is running, for a stop and for tests.</summary>
    public Task RunningAsync() => Task.WhenAll(_running.Values);

    public async Task StopAsync(CancellationToken cancellationToken) =>
        await RunningAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Of each session for which replies wait, the agent heard of last, if it has been idle or ended for a while.</summary>
    private Task<List<Agent>> RestingAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var before = reading.Now - Rest;
            var resting = new List<Agent>();
            foreach (var reply in await Outbox.AgentHeadsAsync(reading, cancellationToken))
                if (reply.CreatedAt <= before
                    && await AgentStore.NewestOfAsync(reading, reply.Session, cancellationToken)
                        is { State: AgentState.Idle or AgentState.Ended } agent
                    && agent.LastSeenAt <= before)
                    resting.Add(agent);
            return resting;
        },
        cancellationToken);

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
            var outcome = await WakeCommand.RunAsync(command, agent, lease.Text, settings.Current.Secrets.Token, _clock, cancellationToken); // (2)
            await NoteAsync(lease.Replies, outcome, cancellationToken); // (3)
            if (outcome.Succeeded)
            {
                await lease.ConsumedAsync(CancellationToken.None); // (4)
                LogWoken(agent.Session, lease.Replies.Count);
                return;
            }
            LogFailed(agent.Session, outcome.ToString());
            lock (_failed)
                foreach (var reply in lease.Replies)
                    _failed[reply.Id] = Failed.After(_failed.GetValueOrDefault(reply.Id), _clock.GetUtcNow());
        }
    }

    private bool IsHeldBack(OutboundReply reply)
    {
        lock (_failed)
            return _failed.GetValueOrDefault(reply.Id) is { } failed && (failed.Attempts >= MostAttempts || _clock.GetUtcNow() < failed.NotBefore);
    }

    private sealed record Failed(int Attempts, DateTimeOffset NotBefore)
    {
        public static Failed After(Failed? before, DateTimeOffset now)
        {
            var attempts = (before?.Attempts ?? 0) + 1;
            return new Failed(attempts, now + Pause.Delay(attempts));
        }
    }

    /// <summary>The stories of the messages whose replies were carried tell how the command ended.</summary>
    private Task NoteAsync(IReadOnlyList<OutboundReply> replies, WakeOutcome outcome, CancellationToken stopping) => database.RecordAsync(
        async writing =>
        {
            var note = new MessageNote(outcome.Succeeded ? "woken" : "wake failed", outcome.ToString());
            foreach (var reply in replies)
                if (reply.Message is { } message)
                    await MessageStore.NoteAsync(writing, reply.Conversation, message, note, CancellationToken.None);
        },
        stopping);

    [LoggerMessage(LogLevel.Information, "Waking {Session}, agent {Agent}, with {Count} replies")]
    private partial void LogWaking(SessionId session, string agent, int count);

    [LoggerMessage(LogLevel.Information, "{Session} was woken and took {Count} replies")]
    private partial void LogWoken(SessionId session, int count);

    [LoggerMessage(LogLevel.Warning, "The command to wake {Session} failed: {Outcome}. The replies wait.")]
    private partial void LogFailed(SessionId session, string outcome);
}
