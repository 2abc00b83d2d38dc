using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>From the deletion of one input.txt to the next one, all replies being ready.</summary>
internal static class Receipts
{
    private const int Replies = 200;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var bed = await Bed.MakeAsync();
        for (var number = 0; number < Replies; number++)
            bed.Home.Drop("session-1", "Shall I go on?");
        await using var relay = await RelayProcess.StartAsync(bed.Home, cancellationToken);
        await Eventually.ThatAsync(Bed.Limit, () => bed.Api.Count == Replies, () => $"{bed.Api.Count} answered", cancellationToken);
        await using var session = new Session(bed.Home, "session-1");
        await Eventually.ThatAsync(Bed.Limit, () => session.Count == Replies, () => $"{session.Count} taken", cancellationToken);

        var samples = new Samples();
        foreach (var (before, after) in session.Received.Zip(session.Received.Skip(1)))
            samples.Add(before.Ticks, after.Ticks);
        return
        [
            new Figure("input.txt deleted to the next one, p50", samples.Median, "ms").AtMost(10),
            new Figure("input.txt deleted to the next one, p95", samples.Percentile95, "ms"),
        ];
    }
}
