using System.Diagnostics;
using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>Durable turns per second in one conversation with thousands waiting, and the memory held afterwards.</summary>
internal static class Throughput
{
    private const int Sessions = 5, Turns = 3_000, WarmUp = 1_000;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        var left = await RunAsync(taken: false, cancellationToken);
        var taken = await RunAsync(taken: true, cancellationToken);
        return
        [
            new Figure("turns in one conversation, replies left lying", left.PerSecond, "/s", Goal.AtLeast, 200),
            new Figure("turns in one conversation, replies taken at once", taken.PerSecond, "/s"),
            new Figure("processor time of the relay per turn, replies left lying", left.RelayMilliseconds, "ms"),
            new Figure("processor time of the stand-in per turn", left.StandInMilliseconds, "ms"),
            new Figure("resident memory after that", taken.Resident / 1024.0 / 1024.0, "MiB", Goal.AtMost, 150),
        ];
    }

    private static async Task<Run> RunAsync(bool taken, CancellationToken cancellationToken)
    {
        await using var bed = await Bed.MakeAsync();
        for (var number = 0; number < Turns; number++)
            bed.Home.Drop($"session-{number % Sessions}", "Shall I go on?");
        var readers = Enumerable.Range(0, taken ? Sessions : 0).Select(number => new Session(bed.Home, $"session-{number}")).ToList();
        await using var relay = await RelayProcess.StartAsync(bed.Home, cancellationToken);
        await Eventually.ThatAsync(Bed.Limit, () => bed.Api.Count > WarmUp, () => $"{bed.Api.Count} requests", cancellationToken);
        var (relayBefore, mineBefore) = (relay.ProcessorTime, Environment.CpuUsage.TotalTime);
        await Eventually.ThatAsync(
            Bed.Limit, () => bed.Api.Count == Turns && (!taken || readers.Sum(reader => reader.Count) == Turns),
            () => $"{bed.Api.Count} requests", cancellationToken);

        const int turns = Turns - WarmUp - 1;
        var calls = bed.Api.Calls;
        var elapsed = Stopwatch.GetElapsedTime(calls[WarmUp].Arrived, calls[^1].Arrived);
        var run = new Run(
            turns / elapsed.TotalSeconds,
            (relay.ProcessorTime - relayBefore).TotalMilliseconds / turns,
            (Environment.CpuUsage.TotalTime - mineBefore).TotalMilliseconds / turns,
            relay.ResidentBytes);
        foreach (var reader in readers)
            await reader.DisposeAsync();
        return run;
    }

    private sealed record Run(double PerSecond, double RelayMilliseconds, double StandInMilliseconds, long Resident);
}
