using System.Diagnostics;
using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>Durable turns per second in one conversation with hundreds waiting, and the memory held afterwards.</summary>
internal static class Throughput
{
    private const int Sessions = 5, Turns = 800, WarmUp = 200;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        var (left, _) = await RunAsync(taken: false, cancellationToken);
        var (taken, resident) = await RunAsync(taken: true, cancellationToken);
        return
        [
            new Figure("turns in one conversation, replies left lying", left, "/s", Goal.AtLeast, 200),
            new Figure("turns in one conversation, replies taken at once", taken, "/s"),
            new Figure("resident memory after that", resident / 1024.0 / 1024.0, "MiB", Goal.AtMost, 150),
        ];
    }

    private static async Task<(double PerSecond, long Resident)> RunAsync(bool taken, CancellationToken cancellationToken)
    {
        await using var bed = await Bed.MakeAsync();
        for (var number = 0; number < Turns; number++)
            bed.Home.Drop($"session-{number % Sessions}", "Shall I go on?");
        var readers = Enumerable.Range(0, taken ? Sessions : 0).Select(number => new Session(bed.Home, $"session-{number}")).ToList();
        await using var relay = await RelayProcess.StartAsync(bed.Home, cancellationToken);
        await Eventually.ThatAsync(
            Bed.Limit, () => bed.Api.Requests.Count == Turns && (!taken || readers.Sum(reader => reader.Count) == Turns),
            () => $"{bed.Api.Requests.Count} requests", cancellationToken);

        var elapsed = Stopwatch.GetElapsedTime(bed.Api.Requests[WarmUp].ArrivedTicks, bed.Api.Requests[^1].ArrivedTicks);
        var resident = relay.ResidentBytes;
        foreach (var reader in readers)
            await reader.DisposeAsync();
        return ((Turns - WarmUp - 1) / elapsed.TotalSeconds, resident);
    }
}
