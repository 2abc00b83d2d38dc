using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>What the relay does while nothing happens: with an empty store, and with 20,000 messages that wait because there is no API key.</summary>
internal static class Idle
{
    private const int Waiting = 20_000;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(8);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var emptyBed = await Bed.MakeAsync();
        var empty = await RunAsync(emptyBed, cancellationToken);
        await using var fullBed = await Bed.MakeAsync();
        fullBed.TakeKeyAway();
        for (var number = 0; number < Waiting; number++)
            fullBed.Home.Drop($"session-{number % 5}", "Shall I go on?");
        var full = await RunAsync(fullBed, cancellationToken);
        return [.. Figures("idle", empty, against: null), .. Figures("idle, 20,000 messages waiting", full, against: empty)];
    }

    /// <summary>A second of a process that is left alone, the mean over several.</summary>
    public static async Task<Usage> WatchAsync(int process, CancellationToken cancellationToken)
    {
        await Task.Delay(Settling, TimeProvider.System, cancellationToken);
        var before = Usage.Of(process);
        await Task.Delay(Watched, TimeProvider.System, cancellationToken);
        return Usage.Of(process).Since(before);
    }

    /// <summary>A floor of 0 is nobody's, so the aims are for the values or against an empty store.</summary>
    public static IReadOnlyList<Figure> Figures(string what, Usage used, Usage? against)
    {
        return
        [
            Of("processor time a second", "ms", usage => usage.ProcessorMilliseconds, 2),
            Of("context switches a second", "", usage => usage.Switches, null),
            Of("of these voluntary", "", usage => usage.Waits, null),
            Of("read a second (rchar)", "KiB", usage => usage.Read / 1024.0, null),
            Of("calls of read a second", "", usage => usage.Reads, null),
        ];

        Figure Of(string name, string unit, Func<Usage, double> value, double? most)
        {
            var figure = new Figure($"{what}: {name}", value(used) / used.Seconds, unit);
            if (against is not null)
                return figure.AsWhenEmpty(value(against) / against.Seconds);
            return most is { } target ? figure with { Goal = Goal.AtMost, Target = target } : figure;
        }
    }

    private static async Task<Usage> RunAsync(Bed bed, CancellationToken cancellationToken)
    {
        await using var relay = await RelayProcess.StartAsync(bed.Home, cancellationToken);
        await Eventually.ThatAsync(Bed.Limit, () => !Directory.EnumerateFiles(bed.Home.Paths.Queue).Any(), () => "envelopes are left\n" + relay.Output, cancellationToken);
        return await WatchAsync(relay.Id, cancellationToken);
    }
}
