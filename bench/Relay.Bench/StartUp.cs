using System.Diagnostics;
using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>From the process's start to the first answer of /healthz, and to the floor's open database.</summary>
internal static class StartUp
{
    private const int Starts = 5;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var bed = await Bed.MakeAsync();
        await using var floorBed = await Bed.MakeAsync();
        await using (await RelayProcess.StartAsync(bed.Home, cancellationToken)) { } // The first one makes the database.
        var (relays, floors) = (new Samples(), new Samples());
        for (var start = 0; start < Starts; start++)
        {
            await AddAsync(relays, async () => await RelayProcess.StartAsync(bed.Home, cancellationToken));
            await AddAsync(floors, async () => await FloorProcess.StartAsync(floorBed, cancellationToken));
        }
        var figure = new Figure("process start to /healthz, median of 5", relays.Median, "ms");
        return [figure.Against(Yardstick.Floor(floors.Median)).AtMost(400)];
    }

    private static async Task AddAsync(Samples samples, Func<Task<IAsyncDisposable>> startAsync)
    {
        var launched = Stopwatch.GetTimestamp();
        await using var process = await startAsync();
        samples.Add(launched, Stopwatch.GetTimestamp());
    }
}
