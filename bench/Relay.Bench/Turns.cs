namespace Relay.Bench;

/// <summary>What a turn costs the relay and the floor once both are warm, with the queue kept full, in one conversation and over fifty: stretches of both in turn,
/// and then a shorter one of each with its calls into the kernel counted.</summary>
internal static class Turns
{
    /// <summary>Many short ones, as the disk and the cores are shared: what disturbs lasts longer than a stretch and so disturbs both.</summary>
    private const int Stretches = 9, WarmUp = 1_500, Counted = 200;
    private const string CountedStretch = "counted";
    private static readonly IReadOnlyList<string> WarmingUp = Bed.Speakers("warm", 5);

    /// <summary>Who speaks, how many of their envelopes are kept waiting, and how many turns are a stretch.</summary>
    /// <param name="Sessions">Of a stretch, by its name.</param>
    private sealed record Crowd(string Name, Func<string, IReadOnlyList<string>> Sessions, int Waiting, int Turns);

    /// <summary>A conversation of its own for each stretch, so that none has a longer history than another.</summary>
    private static readonly Crowd One = new("one conversation", stretch => Bed.Speakers("one-" + stretch, 5), Waiting: 20, Turns: 150);
    private static readonly Crowd Fifty = new("fifty", _ => [.. Enumerable.Range(1, 50).SelectMany(number => Bed.Speakers($"fifty-{number}", 1))], Waiting: 100, Turns: 250);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        var sessions = new[] { One, Fifty }.SelectMany(crowd => Names.SelectMany(crowd.Sessions)).Concat(WarmingUp).ToHashSet();
        await using var duel = await Duel.StartAsync(sessions, cancellationToken);
        await duel.RunAsync(WarmingUp, One.Waiting, WarmUp, cancellationToken);
        return
        [
            .. await MeasureAsync(duel, One, leastTurns: 0.9, mostSyncs: 5, cancellationToken),
            .. await MeasureAsync(duel, Fifty, leastTurns: 1.7, mostSyncs: 2, cancellationToken),
        ];
    }

    private static IEnumerable<string> Names => Enumerable.Range(1, Stretches).Select(stretch => $"{stretch}").Append(CountedStretch);

    private static async Task<IReadOnlyList<Figure>> MeasureAsync(Duel duel, Crowd crowd, double leastTurns, double mostSyncs, CancellationToken cancellationToken)
    {
        var (relays, floors) = (new List<TurnCost>(), new List<TurnCost>());
        foreach (var stretch in Names.Take(Stretches))
        {
            var (relay, floor) = await duel.RunAsync(crowd.Sessions(stretch), crowd.Waiting, crowd.Turns, cancellationToken);
            relays.Add(relay);
            floors.Add(floor);
        }
        var (relayed, least) = (TurnCost.Sum(relays), TurnCost.Sum(floors));
        return
        [
            Of("turns a second", "/s", Median(relays), Median(floors), Goal.AtLeast, leastTurns),
            Of("processor time a turn", "ms", relayed.ProcessorMilliseconds, least.ProcessorMilliseconds, Goal.AtMost, 1.5),
            Of("written a turn (write_bytes)", "KiB", relayed.KibibytesWritten, least.KibibytesWritten, Goal.AtMost, 1.4),
            Of("context switches a turn", "", relayed.Switches, least.Switches, Goal.None, 0),
            .. await CallsAsync(duel, crowd, mostSyncs, cancellationToken),
        ];

        Figure Of(string name, string unit, double value, double floor, Goal goal, double target) =>
            new($"{crowd.Name}: {name}", value, unit, goal, target, Yardstick.Floor(floor));
    }

    private static async Task<IReadOnlyList<Figure>> CallsAsync(Duel duel, Crowd crowd, double mostSyncs, CancellationToken cancellationToken)
    {
        var sessions = crowd.Sessions(CountedStretch);
        var relay = await duel.Relay.CountAsync(sessions, crowd.Waiting, Counted, cancellationToken);
        var floor = await duel.Floor.CountAsync(sessions, crowd.Waiting, Counted, cancellationToken);
        if (relay is null || floor is null)
            return [Figure.NotMeasured($"{crowd.Name}: fsyncs and writes a turn", SyscallCounter.Missing)];
        return
        [
            Of("fsyncs a turn (fsync and fdatasync)", calls => calls.Syncs, Goal.AtMost, mostSyncs),
            Of("pwrite64 a turn", calls => calls.PositionedWrites, Goal.None, 0),
            Of("write a turn", calls => calls.Writes, Goal.None, 0),
            Of("sched_yield a turn", calls => calls.Yields, Goal.None, 0),
        ];

        Figure Of(string name, Func<CallsATurn, double> value, Goal goal, double target) =>
            new($"{crowd.Name}: {name}", value(relay), "", goal, target, Yardstick.Floor(value(floor))) { AimIsAbsolute = true };
    }

    private static double Median(List<TurnCost> costs) => costs.Select(cost => cost.PerSecond).Order().ElementAt(Stretches / 2);
}
