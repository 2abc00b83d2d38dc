namespace Relay.Bench;

/// <summary>A window of 8 MB against one of 5 MB, both sent whole in every call: what a turn takes should grow with the size and no
/// faster.</summary>
internal static class Window
{
    private const int Small = 5_000_000, Large = 8_000_000, Stretches = 3, WarmUp = 20, Turns = 25, Waiting = 5;
    private const double Room = 1.15;
    private static readonly IReadOnlyList<string> Speakers = Bed.Speakers("default", 5);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var smallBed = await BedAsync(Small);
        await using var largeBed = await BedAsync(Large);
        await using var small = await Contender.RelayAsync(smallBed, cancellationToken);
        await using var large = await Contender.RelayAsync(largeBed, cancellationToken);
        await RunAsync(small, WarmUp, cancellationToken);
        await RunAsync(large, WarmUp, cancellationToken);
        var (smalls, larges) = (new List<TurnCost>(), new List<TurnCost>());
        for (var stretch = 0; stretch < Stretches; stretch++)
        {
            smalls.Add(await RunAsync(small, Turns, cancellationToken));
            larges.Add(await RunAsync(large, Turns, cancellationToken));
        }
        return Figures(TurnCost.Sum(smalls), TurnCost.Sum(larges));
    }

    private static IReadOnlyList<Figure> Figures(TurnCost small, TurnCost large)
    {
        const double growth = (double)Large / Small * Room;
        return
        [
            new Figure("window of 5 MB: turns a second", small.PerSecond, "/s"),
            new Figure("window of 8 MB: turns a second", large.PerSecond, "/s").AtLeast(1 / growth, By(small.PerSecond)),
            new Figure("window of 5 MB: processor time a turn", small.ProcessorMilliseconds, "ms"),
            new Figure("window of 8 MB: processor time a turn", large.ProcessorMilliseconds, "ms")
                .AtMost(growth, By(small.ProcessorMilliseconds)),
            new Figure("window of 5 MB: read a turn (rchar)", small.KibibytesRead, "KiB"),
            new Figure("window of 8 MB: read a turn (rchar)", large.KibibytesRead, "KiB").Against(By(small.KibibytesRead)),
        ];

        static Yardstick By(double value) => new("x 5 MB", value);
    }

    private static async Task<Bed> BedAsync(int history)
    {
        var bed = await Bed.MakeAsync(Speakers, "history_char_cap: 50000000\n");
        bed.WriteHistory(history);
        return bed;
    }

    private static Task<TurnCost> RunAsync(Contender relay, int turns, CancellationToken cancellationToken) =>
        relay.RunAsync(Speakers, Waiting, turns, cancellationToken);
}
