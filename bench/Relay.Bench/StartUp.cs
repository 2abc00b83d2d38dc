using System.Diagnostics;
using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>From the process's start to the first answer of /healthz.</summary>
internal static class StartUp
{
    private const int Starts = 5;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var bed = await Bed.MakeAsync();
        await using (await RelayProcess.StartAsync(bed.Home, cancellationToken)) { } // The first one makes the database and warms the file cache.
        var samples = new Samples();
        for (var start = 0; start < Starts; start++)
        {
            var launched = Stopwatch.GetTimestamp();
            await using var relay = await RelayProcess.StartAsync(bed.Home, cancellationToken);
            samples.Add(launched, Stopwatch.GetTimestamp());
        }
        return [new Figure("process start to /healthz, median of 5", samples.Median, "ms", Goal.AtMost, 1_000)];
    }
}
