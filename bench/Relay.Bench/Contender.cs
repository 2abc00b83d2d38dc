using System.Diagnostics;
using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>What turns are measured on: the relay or the floor, each in a process of its own with its own home, stand-in API and sessions that take
/// replies at once. The measures see both only from outside.</summary>
internal sealed class Contender : IAsyncDisposable
{
    private readonly IAsyncDisposable _process;
    private readonly Action _wake;
    private readonly Func<string> _output;
    private readonly Dictionary<string, Session> _sessions = [];

    private Contender(Bed bed, int processId, IAsyncDisposable process, Action wake, Func<string> output)
    {
        Bed = bed;
        ProcessId = processId;
        _process = process;
        _wake = wake;
        _output = output;
    }

    public Bed Bed { get; }

    public int ProcessId { get; }

    public static async Task<Contender> RelayAsync(Bed bed, CancellationToken cancellationToken)
    {
        var relay = await RelayProcess.StartAsync(bed.Home, cancellationToken);
        return new Contender(bed, relay.Id, relay, () => { }, () => relay.Output + relay.Error);
    }

    public static Contender Floor(Bed bed)
    {
        var floor = FloorProcess.Start(bed);
        return new Contender(bed, floor.Id, floor, floor.Wake, () => "the floor");
    }

    /// <summary>So many turns with so many envelopes kept waiting before and behind them, and all that waits answered and taken at the end.
    /// Returns what the process used from the first of these turns to the last.</summary>
    public async Task<TurnCost> RunAsync(IReadOnlyList<string> sessions, int waiting, int turns, CancellationToken cancellationToken)
    {
        foreach (var id in sessions.Where(id => !_sessions.ContainsKey(id)))
            _sessions[id] = new Session(Bed.Home, id);
        var (answered, taken, dropped) = (Bed.Api.Count, Taken, 0);
        await FeedAsync(waiting);
        var (first, before) = (Bed.Api.Count, Usage.Of(ProcessId));
        await FeedAsync(waiting + turns);
        var (last, after) = (Bed.Api.Count, Usage.Of(ProcessId));
        await Eventually.ThatAsync(Bed.Limit, () => Taken - taken == dropped, () => $"{Taken - taken} of {dropped} taken\n{_output()}", cancellationToken);
        return new TurnCost(after.Since(before), last - first);

        Task FeedAsync(int until) => Eventually.ThatAsync(
            Bed.Limit,
            () =>
            {
                var done = Bed.Api.Count - answered;
                if (dropped == done + waiting)
                    return done >= until;
                for (; dropped < done + waiting; dropped++)
                    Bed.Home.Drop(sessions[dropped % sessions.Count], "Shall I go on?");
                _wake();
                return done >= until;
            },
            () => $"{Bed.Api.Count - answered} of {until} asked\n{_output()}",
            cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var session in _sessions.Values)
            await session.DisposeAsync();
        await _process.DisposeAsync();
        await Bed.DisposeAsync();
    }

    private int Taken => _sessions.Values.Sum(session => session.Count);
}

/// <summary>What a number of turns cost.</summary>
internal sealed record TurnCost(Usage Used, int Turns)
{
    public double PerSecond => Turns / Used.Seconds;

    public double ProcessorMilliseconds => Used.ProcessorMilliseconds / Turns;

    public double KibibytesWritten => Used.Written / 1024.0 / Turns;

    public double KibibytesRead => Used.Read / 1024.0 / Turns;
}
