using Relay.Agents.Hooks;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Running;
using Relay.Storage;

namespace Relay.Agents.Waking;

/// <summary>Wakes headless sessions by the configured command (agents.wake). For every session that is idle or ended, that has no
/// waiter and for which replies wait: (1) lease the replies, (2) run the command with them on its standard input, (3) record how it
/// ended, and if it succeeded (4) mark them as consumed. Only one command runs for a session at a time. After a failure the replies
/// wait, and the command is run again later, at most three times.</summary>
internal sealed partial class WakeLoop(
    AgentWaiters waiters, AgentReplies replies, Database database, AgentTokens tokens, ILogger<WakeLoop> log) : ILoop
{
    private const int MostAttempts = 3;

    /// <summary>A session that has just become idle may still get its replies in a better way, such as by a hook.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private static readonly Backoff Pause = new(TimeSpan.FromSeconds(30), TimeSpan.FromHours(1), Factor: 4);

    private readonly TimeProvider _clock = database.Clock;
    private readonly Dictionary<SessionId, Task> _running = [];
    private readonly Dictionary<string, Failed> _failed = [];

    public string Name => "waking sessions";

    public Topic? WakesOn => null;

    /// <summary>Longer while no command is configured, for then there is nothing to do.</summary>
    public TimeSpan Poll => TimeSpan.FromSeconds(IsOff ? 10 : 2);

    private bool IsOff => tokens.Settings.Config.Agents.Wake.Length == 0;

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        await ReapAsync();
        if (IsOff || WakeLine.Of(tokens.Settings) is not { } command)
            return 0;
        foreach (var agent in await RestingAsync(cancellationToken))
            if (!_running.ContainsKey(agent.Session) && !waiters.IsWaitedFor(agent.Id, Rest))
                await BeginAsync(agent, command, cancellationToken);
        return 0;
    }

    /// <summary>Ends when the commands that are running now have ended.</summary>
    public Task RunningAsync() => Task.WhenAll(_running.Values);

    public async Task StopAsync(CancellationToken cancellationToken) =>
        await RunningAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>The newest agent of each session for which replies wait, if it has been idle or ended for a while.</summary>
    private Task<List<Agent>> RestingAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var now = reading.Now;
            var resting = new List<Agent>();
            foreach (var reply in await Outbox.AgentHeadsAsync(reading, cancellationToken))
                if (IsPast(reply.CreatedAt, now)
                    && await AgentStore.NewestOfAsync(reading, reply.Session, cancellationToken)
                        is { State: AgentState.Idle or AgentState.Ended } agent
                    && IsPast(agent.LastSeenAt, now))
                    resting.Add(agent);
            return resting;
        },
        cancellationToken);

    /// <summary>A time to come was written before the clock was set back.</summary>
    private static bool IsPast(DateTimeOffset at, DateTimeOffset now) => at <= now - Rest || at > now;

    /// <summary>What a run did not expect fails this loop, which says so and goes on.</summary>
    private async Task ReapAsync()
    {
        foreach (var (session, task) in _running.Where(running => running.Value.IsCompleted).ToList())
        {
            _running.Remove(session);
            await task;
        }
    }

    private async Task BeginAsync(Agent agent, WakeLine command, CancellationToken cancellationToken)
    {
        if (await tokens.OfAsync(agent, cancellationToken) is not { } token)
            return; // Its connection was revoked: it could not speak to the relay.
        var lease = await replies.TakeAsync(agent, cancellationToken); // (1)
        if (lease.Replies.All(StopHook.IsDone) || lease.Replies.All(IsHeldBack)
            || await replies.IsRepeatedAsync(agent, lease, cancellationToken))
            lease.Dispose(); // A session is not woken to be told that it may stop, or what it knows.
        else
            _running[agent.Session] = WakeAsync(agent, command, token, lease, cancellationToken);
    }

    private async Task WakeAsync(
        Agent agent, WakeLine command, string token, Handover.Lease lease, CancellationToken cancellationToken)
    {
        using (lease)
        {
            LogWaking(agent.Session, agent.Id, lease.Replies.Count);
            var outcome = await WakeCommand.RunAsync(command, agent, lease.Text, token, _clock, cancellationToken); // (2)
            // (3) Recorded even when the relay is stopping: the command has run.
            await NoteAsync(lease.Replies, outcome, cancellationToken);
            if (outcome.Succeeded)
            {
                await lease.SentAsync(CancellationToken.None); // (4)
                lock (_failed)
                    foreach (var reply in lease.Replies)
                        _failed.Remove(reply.Id);
                LogWoken(agent.Session, lease.Replies.Count);
                return;
            }
            LogFailed(agent.Session, outcome.Exit);
            lock (_failed)
                foreach (var reply in lease.Replies)
                    _failed[reply.Id] = Failed.After(_failed.GetValueOrDefault(reply.Id), _clock.GetTimestamp());
        }
    }

    private bool IsHeldBack(OutboundReply reply)
    {
        lock (_failed)
            return _failed.GetValueOrDefault(reply.Id) is { } failed
                && (failed.Attempts >= MostAttempts || _clock.GetElapsedTime(failed.At) < failed.Rest);
    }

    private sealed record Failed(int Attempts, long At, TimeSpan Rest)
    {
        public static Failed After(Failed? before, long at)
        {
            var attempts = (before?.Attempts ?? 0) + 1;
            return new Failed(attempts, at, Pause.Delay(attempts));
        }
    }

    /// <summary>Adds how the command ended to the events of the messages whose replies it got.</summary>
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
