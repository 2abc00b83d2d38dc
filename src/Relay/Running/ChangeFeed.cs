namespace Relay.Running;

/// <summary>Where something may have changed. A topic is only a hint where to look: the tables are the queues.</summary>
internal enum Topic
{
    /// <summary>All of them, for those who show the whole.</summary>
    Any,

    /// <summary>The queue folder.</summary>
    Queue,

    /// <summary>Envelopes that were rejected.</summary>
    Rejected,

    /// <summary>Messages that may have a turn to take; about the conversation.</summary>
    Turns,

    /// <summary>Replies for folders, and the folders themselves.</summary>
    Dispatch,

    /// <summary>A reply for somebody who waits; about the session, or the message.</summary>
    Replies,

    Pages,

    /// <summary>Questions; about the question's number.</summary>
    Questions,

    Sessions,

    /// <summary>The operator's rulings, and who cites them.</summary>
    Rulings,

    /// <summary>The operator's file.</summary>
    OperatorFile,

    Settings,

    Faults,

    /// <summary>The database's server is gone, or back.</summary>
    Database,
}

/// <summary>Tells every listener of a topic that it should look again. Each has a wake-up of its own, so none takes another's, and a lost
/// one costs no more than the time to the listener's next poll. Thread-safe.</summary>
internal sealed class ChangeFeed
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(Topic Topic, string? About), List<Subscription>> _listeners = [];

    /// <summary>Grows with every change, of whatever topic.</summary>
    public long Version { get; private set; }

    /// <summary>With <paramref name="about"/> it hears only what was published about that; without, all of the topic.</summary>
    public Subscription Subscribe(Topic topic, string? about = null)
    {
        var subscription = new Subscription(this, topic, about);
        Add(subscription, topic, about);
        return subscription;
    }

    internal void Add(Subscription subscription, Topic topic, string? about)
    {
        lock (_lock)
        {
            if (!_listeners.TryGetValue((topic, about), out var listeners))
                _listeners[(topic, about)] = listeners = [];
            listeners.Add(subscription);
        }
    }

    public void Publish(Topic topic, string? about = null)
    {
        lock (_lock)
        {
            Version++;
            Notify((topic, null));
            Notify((Topic.Any, null));
            if (about is not null)
                Notify((topic, about));
        }
    }

    /// <summary>Wakes every listener: something may have been missed.</summary>
    public void PublishAll()
    {
        lock (_lock)
        {
            Version++;
            foreach (var listener in _listeners.Values.SelectMany(listeners => listeners))
                listener.Wake();
        }
    }

    internal void Remove(Subscription subscription, Topic topic, string? about)
    {
        lock (_lock)
            if (_listeners.TryGetValue((topic, about), out var listeners) && listeners.Remove(subscription) && listeners.Count == 0)
                _listeners.Remove((topic, about));
    }

    private void Notify((Topic Topic, string? About) key)
    {
        if (_listeners.TryGetValue(key, out var listeners))
            foreach (var listener in listeners)
                listener.Wake();
    }
}

/// <summary>One listener's wake-up: set before or during a wait, it ends that wait.</summary>
internal sealed class Subscription(ChangeFeed feed, Topic topic, string? about) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<(Topic Topic, string? About)> _heard = [(topic, about)];
    private TaskCompletionSource? _waiting;
    private bool _woken;

    /// <summary>It is woken by this as well.</summary>
    public Subscription And(Topic topic, string about)
    {
        _heard.Add((topic, about));
        feed.Add(this, topic, about);
        return this;
    }

    /// <summary>Returns at a wake-up, after <paramref name="limit"/>, or when cancelled; never throws.</summary>
    public async Task WaitAsync(TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (BeginWait() is not { } waiting)
            return;
        await waiting.WaitAsync(limit, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
            (_waiting, _woken) = (null, false);
    }

    /// <summary>Looks until there is something to see: at once, at every wake-up, and at least every <paramref name="poll"/>.
    /// Null when the limit passed or it was cancelled first.</summary>
    public async Task<T?> HoldAsync<T>(Func<Task<T?>> look, Hold hold, TimeProvider clock, CancellationToken cancellationToken)
        where T : class
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            if (await look() is { } found)
                return found;
            var left = hold.Limit - clock.GetElapsedTime(started);
            if (left <= TimeSpan.Zero || cancellationToken.IsCancellationRequested)
                return null;
            await WaitAsync(left < hold.Poll ? left : hold.Poll, clock, cancellationToken);
        }
    }

    public void Dispose()
    {
        foreach (var (topic, about) in _heard)
            feed.Remove(this, topic, about);
    }

    internal void Wake()
    {
        lock (_lock)
        {
            _woken = true;
            _waiting?.TrySetResult();
        }
    }

    /// <summary>Null when a wake-up came already, which is used up by that.</summary>
    private Task? BeginWait()
    {
        lock (_lock)
        {
            if (_woken)
            {
                _woken = false;
                return null;
            }
            return (_waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }
}

/// <summary>How long something is waited for, and how often it is looked for without being woken.</summary>
internal readonly record struct Hold(TimeSpan Limit, TimeSpan Poll);
