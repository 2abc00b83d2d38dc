using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>What turns are measured on: the relay or the floor, each in a process of its own with its own home, stand-in API and sessions
/// that take replies at once. The measures see both only from outside. The bed is its maker's, who may start another on it.</summary>
internal sealed class Contender : IAsyncDisposable
{
    private readonly IAsyncDisposable _process;
    private readonly Action _wake;
    private readonly Func<string> _output;
    private readonly Readers _readers;

    private Contender(Bed bed, int processId, IAsyncDisposable process, Action wake, Func<string> output)
    {
        Bed = bed;
        ProcessId = processId;
        _process = process;
        _wake = wake;
        _output = output;
        _readers = new Readers(bed.Home.Paths.Dispatch);
    }

    public Bed Bed { get; }

    /// <summary>Of the relay; the floor has none.</summary>
    public Uri? Url { get; private init; }

    public int ProcessId { get; }

    public static async Task<Contender> RelayAsync(Bed bed, CancellationToken cancellationToken)
    {
        var relay = await RelayProcess.StartAsync(bed.Home, cancellationToken);
        return new Contender(bed, relay.Id, relay, () => { }, () => relay.Output + relay.Error) { Url = relay.Url };
    }

    public static async Task<Contender> FloorAsync(Bed bed, CancellationToken cancellationToken)
    {
        var floor = await FloorProcess.StartAsync(bed, cancellationToken);
        return new Contender(bed, floor.Id, floor, floor.Wake, () => "the floor");
    }

    /// <summary>So many turns with so many envelopes kept waiting before and behind them, and all that waits answered and taken at the end.
    /// A turn is done when its reply was taken: a call to the API whose reply is left for later is none. Returns what the process used from
    /// the first of these turns to the last.</summary>
    public async Task<TurnCost> RunAsync(IReadOnlyList<string> sessions, int waiting, int turns, CancellationToken cancellationToken)
    {
        var (taken, dropped) = (_readers.Count, 0);
        await FeedAsync(waiting);
        var (first, before) = (_readers.Count, Usage.Of(ProcessId));
        await FeedAsync(waiting + turns);
        var (last, after) = (_readers.Count, Usage.Of(ProcessId));
        await TakenAsync(taken + dropped, cancellationToken);
        return new TurnCost(after.Since(before), last - first);

        Task FeedAsync(int until) => Eventually.ThatAsync(
            Bed.Limit,
            () =>
            {
                var done = _readers.Count - taken;
                if (dropped == done + waiting)
                    return done >= until;
                for (; dropped < done + waiting; dropped++)
                    Bed.Home.Drop(sessions[dropped % sessions.Count], "Shall I go on?");
                _wake();
                return done >= until;
            },
            () => $"{_readers.Count - taken} of {until} taken\n{_output()}",
            cancellationToken);
    }

    /// <summary>Until so many replies have been taken since the start.</summary>
    public Task TakenAsync(int count, CancellationToken cancellationToken) =>
        Eventually.ThatAsync(
            Bed.Limit, () => _readers.Count >= count, () => $"{_readers.Count} of {count} taken\n{_output()}", cancellationToken);

    /// <summary>One envelope into a queue that is empty, and its reply taken. In Stopwatch ticks.</summary>
    public async Task<Asked> AskAsync(string session, CancellationToken cancellationToken)
    {
        var (taken, calls) = (_readers.Count, Bed.Api.Count);
        var dropped = Bed.Home.Drop(session, "Shall I go on?");
        _wake();
        await Eventually.ThatAsync(Bed.Limit, () => _readers.Count > taken, () => "no reply\n" + _output(), cancellationToken);
        var call = Bed.Api.Calls[calls];
        return new Asked(dropped, call.Arrived, call.Read, _readers.LastTicks);
    }

    /// <summary>The calls into the kernel of so many turns and of those kept waiting before and behind them; null where they cannot be
    /// counted.</summary>
    public async Task<CallsATurn?> CountAsync(IReadOnlyList<string> sessions, int waiting, int turns, CancellationToken cancellationToken)
    {
        var before = Bed.Api.Count;
        var counts = await SyscallCounter.CountAsync(
            ProcessId, () => RunAsync(sessions, waiting, turns, cancellationToken), cancellationToken);
        return counts is null ? null : new CallsATurn(counts, Bed.Api.Count - before);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await _readers.DisposeAsync();
    }
}

/// <summary>When an envelope was dropped, the API had its request's head, the body was read, and the reply was taken.</summary>
internal sealed record Asked(long Dropped, long Arrived, long Read, long Taken);

/// <summary>What a number of turns cost.</summary>
internal sealed record TurnCost(Usage Used, int Turns)
{
    public static TurnCost Sum(IEnumerable<TurnCost> costs) =>
        costs.Aggregate((one, other) => new TurnCost(one.Used.And(other.Used), one.Turns + other.Turns));

    public double PerSecond => Turns / Used.Seconds;

    public double ProcessorMilliseconds => Used.ProcessorMilliseconds / Turns;

    public double KibibytesWritten => Used.KibibytesWritten / Turns;

    public double Switches => (double)Used.Switches / Turns;

    public double KibibytesRead => Used.KibibytesRead / Turns;
}

/// <summary>How often a process called into the kernel, over so many turns.</summary>
internal sealed record CallsATurn(IReadOnlyDictionary<string, long> Counts, int Turns)
{
    public double Syncs => (Counts["fsync"] + Counts["fdatasync"]) / (double)Turns;

    public double PositionedWrites => Counts["pwrite64"] / (double)Turns;

    public double Writes => Counts["write"] / (double)Turns;

    public double Yields => Counts["sched_yield"] / (double)Turns;
}
