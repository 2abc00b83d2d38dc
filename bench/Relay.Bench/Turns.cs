namespace Relay.Bench;

/// <summary>What a turn costs the relay and the floor once both are warm, with the queue kept full, in one conversation and over fifty:
/// stretches of both in turn, and then a shorter one of each with its calls into the kernel counted.</summary>
internal static class Turns
{
    /// <summary>Many short ones, as the disk and the cores are shared: what disturbs lasts longer than a stretch and so disturbs
    /// both.</summary>
    private const int Stretches = 9, WarmUp = 1_500, Counted = 200;
    private const string CountedStretch = "counted";
    private static readonly IReadOnlyList<string> WarmingUp = Bed.Speakers("warm", 5);

    /// <summary>Who speaks, how many of their envelopes are kept waiting, and how many turns are a stretch.</summary>
    /// <param name="Sessions">Of a stretch, by its name.</param>
    private sealed record Crowd(string Name, Func<string, IReadOnlyList<string>> Sessions, int Waiting, int Turns);

    /// <summary>A conversation of its own for each stretch, so that none has a longer history than another.</summary>
    private static readonly Crowd One = new("one conversation", stretch => Bed.Speakers("one-" + stretch, 5), Waiting: 20, Turns: 150);

    private static readonly Crowd Fifty = new("fifty", _ => FiftySpeakers, Waiting: 100, Turns: 250);

    private static IReadOnlyList<string> FiftySpeakers =>
        [.. Enumerable.Range(1, 50).SelectMany(number => Bed.Speakers($"fifty-{number}", 1))];

    private static IEnumerable<string> Names => Enumerable.Range(1, Stretches).Select(stretch => $"{stretch}").Append(CountedStretch);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        var sessions = new[] { One, Fifty }.SelectMany(crowd => Names.SelectMany(crowd.Sessions)).Concat(WarmingUp).ToHashSet();
        await using var duel = await Duel.StartAsync(sessions, cancellationToken);
        await duel.RunAsync(WarmingUp, One.Waiting, WarmUp, cancellationToken);
        return
        [
            .. await CostsAsync(duel, One, leastTurns: 0.9, cancellationToken),
            .. await CallsAsync(duel, One, mostSyncs: 5, cancellationToken),
            .. await CostsAsync(duel, Fifty, leastTurns: 1.7, cancellationToken),
            .. await CallsAsync(duel, Fifty, mostSyncs: 2, cancellationToken),
        ];
    }

    private static async Task<IReadOnlyList<Figure>> CostsAsync(
        Duel duel, Crowd crowd, double leastTurns, CancellationToken cancellationToken)
    {
        var (relays, floors) = (new List<TurnCost>(), new List<TurnCost>());
        foreach (var stretch in Names.Take(Stretches))
        {
            var (one, other) = await duel.RunAsync(crowd.Sessions(stretch), crowd.Waiting, crowd.Turns, cancellationToken);
            relays.Add(one);
            floors.Add(other);
        }
        var (relay, floor) = (TurnCost.Sum(relays), TurnCost.Sum(floors));
        return
        [
            new Figure($"{crowd.Name}: turns a second", Median(relays), "/s").AtLeast(leastTurns, Yardstick.Floor(Median(floors))),
            Of("processor time a turn", "ms", cost => cost.ProcessorMilliseconds, most: 1.5),
            Of("written a turn (write_bytes)", "KiB", cost => cost.KibibytesWritten, most: 1.4),
            Of("context switches a turn", "", cost => cost.Switches, most: null),
        ];

        Figure Of(string name, string unit, Func<TurnCost, double> value, double? most)
        {
            if (value(floor) == 0)
                return Figure.NotMeasured($"{crowd.Name}: {name}", "the kernel counts none, as it does for a home on a tmpfs (set TMPDIR)");
            var (figure, yardstick) = (new Figure($"{crowd.Name}: {name}", value(relay), unit), Yardstick.Floor(value(floor)));
            return most is { } target ? figure.AtMost(target, yardstick) : figure.Against(yardstick);
        }
    }

    private static async Task<IReadOnlyList<Figure>> CallsAsync(
        Duel duel, Crowd crowd, double mostSyncs, CancellationToken cancellationToken)
    {
        var sessions = crowd.Sessions(CountedStretch);
        var relay = await duel.Relay.CountAsync(sessions, crowd.Waiting, Counted, cancellationToken);
        var floor = await duel.Floor.CountAsync(sessions, crowd.Waiting, Counted, cancellationToken);
        if (relay is null || floor is null)
            return [Figure.NotMeasured($"{crowd.Name}: fsyncs and writes a turn", SyscallCounter.Missing)];
        return
        [
            Of("fsyncs a turn (fsync and fdatasync)", calls => calls.Syncs).AtMost(mostSyncs),
            Of("pwrite64 a turn", calls => calls.PositionedWrites),
            Of("write a turn", calls => calls.Writes),
            Of("sched_yield a turn", calls => calls.Yields),
        ];

        Figure Of(string name, Func<CallsATurn, double> value) =>
            new Figure($"{crowd.Name}: {name}", value(relay), "").Against(Yardstick.Floor(value(floor)));
    }

    private static double Median(List<TurnCost> costs) => costs.Select(cost => cost.PerSecond).Order().ElementAt(Stretches / 2);
}
