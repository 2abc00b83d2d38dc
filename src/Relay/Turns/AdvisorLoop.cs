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

    private readonly Dictionary<ConversationId, Task> _running = [];
    private int _generation = database.Generation;

    /// <summary>Ends the calls under way. A stop gives them a moment first: a call that is cut is perhaps paid for nothing.</summary>
    private readonly CancellationTokenSource _calls = new();

    public Topic? WakesOn => Topic.Turns;

    /// <summary>Until the next deferred message is due.</summary>
    public TimeSpan Poll { get; private set; } = LongestPoll;

    /// <summary>Starts a run for every conversation that has work and none yet. Runs go on after this returns.</summary>
    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        foreach (var (conversation, run) in _running.Where(run => run.Value.IsCompleted).ToList())
        {
            _running.Remove(conversation);
            await run; // A run that failed fails this loop, which says so and goes on.
        }
        if (_generation != database.Generation)
            await recovery.RestartAsync(_running.Keys, cancellationToken); // Another may have worked here, and stopped.
        _generation = database.Generation;
        Poll = LongestPoll;
        var most = settings.Current.Config.MaxParallelTurns;
        if (_running.Count >= most)
            return 0; // A run that ends wakes this loop.
        foreach (var conversation in await DueAsync(cancellationToken))
            if (_running.Count < most)
                _running[conversation] = Task.Run(() => RunAsync(conversation, cancellationToken), CancellationToken.None);
        return 0;
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

    /// <summary>Conversations that have a turn to take now and no run yet. When the next of the others has one is remembered for the poll.</summary>
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
        await Task.WhenAll(_running.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _calls.Dispose();
}
