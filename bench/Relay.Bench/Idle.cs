using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>What the relay does while nothing happens: with an empty store, and with 20,000 messages that wait because there is no API
/// key.</summary>
internal static class Idle
{
    private const int Waiting = 20_000;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(10);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var emptyBed = await Bed.MakeAsync();
        await using var fullBed = await Bed.MakeAsync();
        fullBed.TakeKeyAway();
        for (var number = 0; number < Waiting; number++)
            fullBed.Home.Drop($"session-{number % 5}", "Shall I go on?");
        await using var empty = await RelayProcess.StartAsync(emptyBed.Home, cancellationToken);
        await using var full = await RelayProcess.StartAsync(fullBed.Home, cancellationToken);
        await fullBed.AcceptedAsync(cancellationToken);
        var used = await WatchAsync([empty.Id, full.Id], cancellationToken);
        return [.. Figures("idle", used[0], against: null), .. Figures("idle, 20,000 messages waiting", used[1], against: used[0])];
    }

    /// <summary>What processes use while they are left alone, all in the same seconds.</summary>
    public static async Task<IReadOnlyList<Usage>> WatchAsync(IReadOnlyList<int> processes, CancellationToken cancellationToken)
    {
        await Task.Delay(Settling, TimeProvider.System, cancellationToken);
        var before = processes.Select(Usage.Of).ToList();
        await Task.Delay(Watched, TimeProvider.System, cancellationToken);
        return [.. processes.Select((process, index) => Usage.Of(process).Since(before[index]))];
    }

    /// <summary>The floor idles at nothing, so the aims are for the values or against an empty store.</summary>
    public static IReadOnlyList<Figure> Figures(string what, Usage used, Usage? against)
    {
        const double mostProcessor = 2, mostRead = 64;
        var processor = Of("processor time a second", "ms", usage => usage.ProcessorMilliseconds);
        return
        [
            processor.Yardstick is { } empty ? processor.AsWhenEmpty(empty.Value) : processor.AtMost(mostProcessor),
            Of("context switches a second", "", usage => usage.Switches),
            Of("of these voluntary", "", usage => usage.Waits),
            Of("read a second (rchar)", "KiB", usage => usage.KibibytesRead)
                .AtMost(against is null ? mostRead : Math.Max(mostRead, Figure.RoomOverEmpty * against.KibibytesRead / against.Seconds)),
            Of("calls of read a second", "", usage => usage.Reads),
        ];

        Figure Of(string name, string unit, Func<Usage, double> value) =>
            new Figure($"{what}: {name}", value(used) / used.Seconds, unit)
                .Against(against is null ? null : Yardstick.Empty(value(against) / against.Seconds));
    }
}
