using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator;
using Relay.Running;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>Answers what waits: many conversations at once, the turns of each strictly one after another.</summary>
internal sealed class AdvisorLoop(TurnRunner runner, Recovery recovery, Database database, SettingsSource settings, ChangeFeed changes)
    : ILoop, IDisposable
{
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2.5);
    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(20), LongestPoll = TimeSpan.FromSeconds(30);

    private readonly Dictionary<ConversationId, Run> _running = [];
    private int _recovered = database.Generation;
    private bool _hasFailed;

    /// <summary>Ends the calls under way. A stop gives them a moment first: a call that is cut is perhaps paid for nothing.</summary>
    private readonly CancellationTokenSource _calls = new();

    public Topic? WakesOn => Topic.Turns;

    /// <summary>Until the next deferred message is due.</summary>
    public TimeSpan Poll { get; private set; } = LongestPoll;

    /// <summary>Starts a run for every conversation that has work and none yet. Runs go on after this returns.</summary>
    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        await ReapAsync();
        await RecoverAsync(cancellationToken);
        Poll = LongestPoll;
        var most = settings.Current.Config.MaxParallelTurns;
        if (_running.Count >= most)
            return 0; // A run that ends wakes this loop.
        foreach (var conversation in await DueAsync(cancellationToken))
            if (_running.Count < most)
                _running[conversation] = new Run(
                    Task.Run(() => RunAsync(conversation, cancellationToken), CancellationToken.None), database.Generation);
        return 0;
    }

    /// <summary>The turns of one conversation, and the generation of the database in which they began.</summary>
    private sealed record Run(Task Task, int Generation);

    /// <summary>A run that failed fails this loop, which says so and goes on.</summary>
    private async Task ReapAsync()
    {
        foreach (var (conversation, run) in _running.Where(run => run.Value.Task.IsCompleted).ToList())
        {
            _running.Remove(conversation);
            _hasFailed |= run.Task.IsFaulted;
            await run.Task;
        }
    }

    /// <summary>Puts back to work what nobody is at: after a run that failed, and after the database was out of touch, when a commit may
    /// have come that nobody was told of, or another have worked here and stopped. A run from before may still end so.</summary>
    private async Task RecoverAsync(CancellationToken cancellationToken)
    {
        var generation = database.Generation;
        if (_recovered == generation && !_hasFailed)
            return;
        await recovery.RestartAsync(_running.Keys, cancellationToken);
        _hasFailed = false;
        if (_running.Values.All(run => run.Generation == generation))
            _recovered = generation;
    }

    /// <summary>Takes turns until the conversation has none to take.</summary>
    public async Task RunAsync(ConversationId conversation, CancellationToken cancellationToken)
    {
        try
        {
            await runner.RunAsync(conversation, cancellationToken, _calls.Token);
        }
        finally
        {
            changes.Publish(Topic.Turns);
        }
    }

    /// <summary>Conversations that have a turn to take now and no run yet.
    /// When the next of the others has one is remembered for the poll.</summary>
    public Task<List<ConversationId>> DueAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var due = new List<ConversationId>();
            foreach (var conversation in await MessageStore.PendingAsync(reading, cancellationToken))
                if (!_running.ContainsKey(conversation) && await TurnStart.DueAsync(reading, conversation, cancellationToken) is { } at)
                {
                    if (at <= reading.Now)
                        due.Add(conversation);
                    else if (at - reading.Now < Poll)
                        Poll = at - reading.Now > ShortestPoll ? at - reading.Now : ShortestPoll;
                }
            return due;
        },
        cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _calls.CancelAfter(StopGrace);
        await Task.WhenAll(_running.Values.Select(run => run.Task)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _calls.Dispose();
}
