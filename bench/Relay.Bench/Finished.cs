namespace Relay.Bench;

/// <summary>What 100,000 finished messages in the store cost a relay that idles, turns and is asked how it is; each against the same on an
/// empty store, both relays at once and their turns in turn.</summary>
internal static class Finished
{
    private const int Messages = 100_000, FirstTurns = 20, WarmUp = 600, Stretches = 3, TurnsEach = 150, Waiting = 20, Requests = 20;
    private const string Cap = "budget:\n  per_month_usd: 1000000\n";
    private static readonly IReadOnlyList<string> Speakers = Bed.Speakers("default", 5);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var empty = await Bed.MakeAsync(Speakers);
        await using var full = await Bed.MakeAsync(Speakers);
        await RunFirstAsync(empty, cancellationToken);
        await RunFirstAsync(full, cancellationToken);
        FilledStore.AddFinishedMessages(full.Home.Paths.DatabaseFile, Messages);
        var plain = await PlainAsync(empty, full, cancellationToken);
        foreach (var bed in (Bed[])[empty, full])
            await File.AppendAllTextAsync(bed.Home.Paths.ConfigFile, Cap, cancellationToken);
        var capped = await CappedAsync(empty, full, cancellationToken);
        return [.. plain, capped, .. await FinishedByAgents.MeasureAsync(Messages, cancellationToken)];
    }

    /// <summary>What so many turns cost on either store, once both are warm, in stretches that take turns.</summary>
    public static async Task<Figure> CompareAsync(string name, Func<int, Task<TurnCost>> emptyAsync, Func<int, Task<TurnCost>> fullAsync)
    {
        await emptyAsync(WarmUp);
        await fullAsync(WarmUp);
        var (empties, fulls) = (new List<TurnCost>(), new List<TurnCost>());
        for (var stretch = 0; stretch < Stretches; stretch++)
        {
            empties.Add(await emptyAsync(TurnsEach));
            fulls.Add(await fullAsync(TurnsEach));
        }
        return new Figure($"processor time a turn, 100,000 finished, {name}", TurnCost.Sum(fulls).ProcessorMilliseconds, "ms")
            .AsWhenEmpty(TurnCost.Sum(empties).ProcessorMilliseconds);
    }

    /// <summary>Turns whose last one is the model of the copies.</summary>
    private static async Task RunFirstAsync(Bed bed, CancellationToken cancellationToken)
    {
        await using var relay = await Contender.RelayAsync(bed, cancellationToken);
        await relay.RunAsync(Speakers, waiting: 1, FirstTurns, cancellationToken);
        await FilledStore.FinishedAsync(bed.Home.Paths.DatabaseFile, cancellationToken);
    }

    private static async Task<IReadOnlyList<Figure>> PlainAsync(Bed emptyBed, Bed fullBed, CancellationToken cancellationToken)
    {
        await using var empty = await Contender.RelayAsync(emptyBed, cancellationToken);
        await using var full = await Contender.RelayAsync(fullBed, cancellationToken);
        var idle = await Idle.WatchAsync([empty.ProcessId, full.ProcessId], cancellationToken);
        return
        [
            .. Idle.Figures("idle, 100,000 finished", idle[1], against: idle[0]),
            await TurnsAsync("plain", empty, full, cancellationToken),
            new Figure("GET /status, 100,000 finished, p50", await StatusAsync(full), "ms")
                .Against(Yardstick.Empty(await StatusAsync(empty))).AtMost(5),
        ];

        async Task<double> StatusAsync(Contender relay)
        {
            using var client = new Client(relay.Url!);
            return (await client.TimeAsync("status", Requests, cancellationToken)).Median;
        }
    }

    private static async Task<Figure> CappedAsync(Bed emptyBed, Bed fullBed, CancellationToken cancellationToken)
    {
        await using var empty = await Contender.RelayAsync(emptyBed, cancellationToken);
        await using var full = await Contender.RelayAsync(fullBed, cancellationToken);
        return await TurnsAsync("with a monthly cap", empty, full, cancellationToken);
    }

    private static Task<Figure> TurnsAsync(string name, Contender empty, Contender full, CancellationToken cancellationToken) =>
        CompareAsync(
            name,
            turns => empty.RunAsync(Speakers, Waiting, turns, cancellationToken),
            turns => full.RunAsync(Speakers, Waiting, turns, cancellationToken));
}
