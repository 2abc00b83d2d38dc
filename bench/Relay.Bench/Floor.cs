namespace Relay.Bench;

/// <summary>The floor alone: what the ratios of the other measures are ratios to.</summary>
internal static class Floor
{
    private const int WarmUp = 3_000, Turns = 1_000, Waiting = 20, Counted = 200;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        var sessions = Bed.Speakers("floor", 5);
        await using var bed = await Bed.MakeAsync(sessions);
        await using var floor = await Contender.FloorAsync(bed, cancellationToken);
        await floor.RunAsync(sessions, Waiting, WarmUp, cancellationToken);
        var cost = await floor.RunAsync(sessions, Waiting, Turns, cancellationToken);
        var calls = await floor.CountAsync(sessions, Waiting, Counted, cancellationToken);
        return
        [
            new Figure("the floor: turns a second", cost.PerSecond, "/s"),
            new Figure("the floor: processor time a turn", cost.ProcessorMilliseconds, "ms"),
            new Figure("the floor: written a turn (write_bytes)", cost.KibibytesWritten, "KiB"),
            calls is null
                ? Figure.NotMeasured("the floor: fsyncs a turn", SyscallCounter.Missing)
                : new Figure("the floor: fsyncs a turn (fsync and fdatasync)", calls.Syncs, ""),
        ];
    }
}
