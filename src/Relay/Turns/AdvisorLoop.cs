using Relay.Configuration;
using Relay.Conversations;
using Relay.Running;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>Answers what waits: many conversations at once, the turns of each strictly one after another. Where more wait than may be asked
/// at once, each takes one turn and then stands at the end of the line: how long a message waits depends on how many conversations there
/// are, not on what waits in the others.</summary>
internal sealed class AdvisorLoop(TurnRunner runner, Recovery recovery, Database database, SettingsSource settings, ChangeFeed changes)
    : ILoop, IDisposable
{
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2.5);
    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(20), LongestPoll = TimeSpan.FromSeconds(30);

    private readonly Dictionary<ConversationId, Run> _running = [];

    /// <summary>Who has a turn to take and no place yet. All of them are served before anyone is served again.</summary>
    private readonly Queue<ConversationId> _line = [];

    /// <summary>When each of those that still have work last took a turn: a time stamp of the clock.</summary>
    private readonly Dictionary<ConversationId, long> _served = [];

    /// <summary>Those whose last run failed: a batch that starts the next one shows nothing of whether it will.</summary>
    private readonly HashSet<ConversationId> _failed = [];

    /// <summary>So many runs are to end after the turn they are at.</summary>
    private int _toGiveWay;
    private int _recovered = database.Generation;
    private bool _hasFailed;

    /// <summary>Ends the calls under way. A stop gives them a moment first: a call that is cut is perhaps paid for nothing.</summary>
    private readonly CancellationTokenSource _calls = new();

    public string Name => "asking the advisor";

    public Topic? WakesOn => Topic.Turns;

    /// <summary>Until the next deferred message is due.</summary>
    public TimeSpan Poll { get; private set; } = LongestPoll;

    public bool IsUncertain => _failed.Count > 0;

    /// <summary>No turn is under way.</summary>
    public bool IsIdle => _running.Count == 0;

    /// <summary>Starts runs for conversations that have work and none yet, as many as there is room for. Runs go on after this
    /// returns, and one that ends wakes this loop.</summary>
    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        await ReapAsync();
        await RecoverAsync(cancellationToken);
        var most = settings.Current.Config.MaxParallelTurns;
        Start(most, cancellationToken);
        if (_line.Count == 0)
        {
            foreach (var conversation in await DueAsync(cancellationToken))
                _line.Enqueue(conversation);
            Start(most, cancellationToken);
        }
        return 0;
    }

    /// <summary>As many runs as others wait for are to end after their turn.</summary>
    private void Start(int most, CancellationToken cancellationToken)
    {
        var left = _line.Count - Math.Max(0, most - _running.Count);
        Volatile.Write(ref _toGiveWay, Math.Max(0, left - _running.Values.Count(run => run.Place.IsGivenUp)));
        while (_running.Count < most && _line.TryDequeue(out var conversation))
        {
            var place = new Place();
            var turns = Task.Run(
                () => runner.RunAsync(conversation, () => GivesWay(place), cancellationToken, _calls.Token), CancellationToken.None);
            _running[conversation] = new Run(turns, TellAsync(turns), place, database.Generation);
        }
    }

    /// <summary>Told while the task still runs, this loop could find it running, and nothing would wake it again.</summary>
    private async Task TellAsync(Task turns)
    {
        await turns.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        changes.Publish(Topic.Turns);
    }

    /// <summary>One of the places at which turns are taken.</summary>
    private sealed class Place
    {
        public volatile bool IsGivenUp;
    }

    /// <summary>The turns of one conversation, what tells of their end, their place, and the generation of the database in which they
    /// began.</summary>
    private sealed record Run(Task Task, Task Told, Place Place, int Generation);

    /// <summary>A run that failed fails this loop, which says so and goes on.</summary>
    private async Task ReapAsync()
    {
        foreach (var (conversation, run) in _running.Where(run => run.Value.Task.IsCompleted).ToList())
        {
            _running.Remove(conversation);
            _served[conversation] = database.Clock.GetTimestamp();
            _failed.Remove(conversation);
            if (run.Task.IsFaulted)
                _hasFailed = _failed.Add(conversation);
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
    public Task RunAsync(ConversationId conversation, CancellationToken cancellationToken) =>
        runner.RunAsync(conversation, givesWay: () => false, cancellationToken, _calls.Token);

    private bool GivesWay(Place place) =>
        place.IsGivenUp = Volatile.Read(ref _toGiveWay) > 0 && Interlocked.Decrement(ref _toGiveWay) >= 0;

    /// <summary>Conversations that have a turn to take now and no run yet, the one that has waited longest first.
    /// When the next of the others has one is remembered for the poll.</summary>
    public async Task<List<ConversationId>> DueAsync(CancellationToken cancellationToken)
    {
        Poll = LongestPoll;
        var (pending, waiting) = await database.ReadAsync(
            async reading =>
            {
                var pending = await MessageStore.PendingAsync(reading, cancellationToken);
                var waiting = new List<(ConversationId Conversation, Message Next, DateTimeOffset Now)>();
                foreach (var conversation in pending.Where(each => !_running.ContainsKey(each)))
                    if (await TurnStart.NextAsync(reading, conversation, cancellationToken) is { } next)
                        waiting.Add((conversation, next with { Content = "" }, reading.Now)); // Of many, the texts would fill the memory.
                return (pending, waiting);
            },
            cancellationToken);
        foreach (var gone in _served.Keys.Except(pending).ToList())
            _served.Remove(gone);
        _failed.IntersectWith(pending);
        var due = new List<(ConversationId Conversation, TimeSpan Waited)>();
        foreach (var (conversation, next, now) in waiting)
            if (next.TimeLeft(now) is not { } left)
                continue;
            else if (left > TimeSpan.Zero)
                Poll = left < Poll ? left > ShortestPoll ? left : ShortestPoll : Poll;
            else
                due.Add((conversation, Waited(conversation, next, now)));
        return due.OrderByDescending(each => each.Waited).Select(each => each.Conversation).ToList();
    }

    /// <summary>Since its message came, or since the conversation last took a turn.</summary>
    private TimeSpan Waited(ConversationId conversation, Message next, DateTimeOffset now)
    {
        var waited = now - (next.DueAt ?? now);
        return _served.TryGetValue(conversation, out var served) && database.Clock.GetElapsedTime(served) is var since && since < waited
            ? since
            : waited;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _calls.CancelAfter(StopGrace);
        await Task.WhenAll(_running.Values.Select(run => run.Told)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _calls.Dispose();
}
