using System.Diagnostics;
using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>Durable turns per second in one conversation with hundreds waiting, once another conversation has warmed the relay up, and the
/// memory held afterwards.</summary>
internal static class Throughput
{
    private const int Sessions = 5, WarmUp = 1_500, Turns = 500;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        var left = await RunAsync(taken: false, cancellationToken);
        var taken = await RunAsync(taken: true, cancellationToken);
        return
        [
            new Figure("turns in one conversation, replies left lying", left.PerSecond, "/s").AtLeast(200),
            new Figure("turns in one conversation, replies taken at once", taken.PerSecond, "/s"),
            new Figure("the first turns after the start, replies left lying", left.ColdPerSecond, "/s"),
            new Figure("processor time of the relay per turn, replies left lying", left.RelayMilliseconds, "ms"),
            new Figure("processor time of the stand-in per turn", left.StandInMilliseconds, "ms"),
            new Figure("resident memory after that", taken.Resident / 1024.0 / 1024.0, "MiB").AtMost(150),
        ];
    }

    private static async Task<Run> RunAsync(bool taken, CancellationToken cancellationToken)
    {
        var listed = Ids("warm-up").Select(id => $"  - session_id: {id}\n    conversation: warm-up\n");
        await using var bed = await Bed.MakeAsync("sessions:\n" + string.Concat(listed));
        var readers = Ids("session").Where(_ => taken).Select(id => new Session(bed.Home, id)).ToList();
        Drop(bed, "warm-up", WarmUp);
        await using var relay = await RelayProcess.StartAsync(bed.Home, cancellationToken);
        await AnsweredAsync(bed, WarmUp, cancellationToken);
        var (relayBefore, mineBefore) = (relay.ProcessorTime, Environment.CpuUsage.TotalTime);
        Drop(bed, "session", Turns);
        await AnsweredAsync(bed, WarmUp + Turns, cancellationToken);
        var run = new Run(
            PerSecond(bed, WarmUp, Turns),
            PerSecond(bed, 0, 300),
            (relay.ProcessorTime - relayBefore).TotalMilliseconds / Turns,
            (Environment.CpuUsage.TotalTime - mineBefore).TotalMilliseconds / Turns,
            relay.ResidentBytes);
        var expected = taken ? Turns : 0;
        await Eventually.ThatAsync(
            Bed.Limit, () => readers.Sum(reader => reader.Count) == expected, () => "not all replies came", cancellationToken);
        foreach (var reader in readers)
            await reader.DisposeAsync();
        return run;
    }

    private static IEnumerable<string> Ids(string name) => Enumerable.Range(1, Sessions).Select(number => $"{name}-{number}");

    private static void Drop(Bed bed, string name, int count)
    {
        var ids = Ids(name).ToList();
        for (var number = 0; number < count; number++)
            bed.Home.Drop(ids[number % Sessions], "Shall I go on?");
    }

    private static Task AnsweredAsync(Bed bed, int count, CancellationToken cancellationToken) =>
        Eventually.ThatAsync(Bed.Limit, () => bed.Api.Count == count, () => $"{bed.Api.Count} requests", cancellationToken);

    private static double PerSecond(Bed bed, int skipped, int turns)
    {
        var calls = bed.Api.Calls;
        return (turns - 1) / Stopwatch.GetElapsedTime(calls[skipped].Arrived, calls[skipped + turns - 1].Arrived).TotalSeconds;
    }

    private sealed record Run(double PerSecond, double ColdPerSecond, double RelayMilliseconds, double StandInMilliseconds, long Resident);
}
