namespace Relay.Bench;

/// <summary>From an envelope's rename to the API request and to input.txt, one envelope at a time: the floor and two relays in turn, with a
/// short history and with a long one as the relay keeps it (summed up over its cap); then a relay with the long history sent whole in every
/// call.</summary>
internal static class Latency
{
    private const int WarmUp = 200, Measured = 100;
    private static readonly IReadOnlyList<string> Speakers = Bed.Speakers("default", 1);

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var floor = new Side(await Contender.FloorAsync(await Bed.MakeAsync(Speakers), cancellationToken));
        await using var brief = await RelayAsync(50_000, "", cancellationToken);
        await using var summed = await RelayAsync(5_000_000, "", cancellationToken);
        await AskAsync([floor, brief, summed], cancellationToken);
        await using var whole = await RelayAsync(5_000_000, "history_char_cap: 50000000\n", cancellationToken);
        await AskAsync([whole], cancellationToken);
        var kept = summed.ToInput.Median / brief.ToInput.Median;
        return
        [
            .. Figures("envelope to API request", most: 3, side => side.ToRequest, floor, brief, summed),
            .. Figures("envelope to input.txt", most: 6, side => side.ToInput, floor, brief, summed),
            new Figure("envelope to input.txt, 5 MB : 50 kB of history", kept, "times").AtMost(1.1),
            new Figure("envelope to API request, 5 MB in every call, p50", whole.ToRequest.Median, "ms"),
            new Figure("envelope to input.txt, 5 MB in every call, p50", whole.ToInput.Median, "ms"),
            new Figure("of which the API stand-in takes the 5 MB, p50", whole.InApi.Median, "ms"),
        ];
    }

    private static IEnumerable<Figure> Figures(string what, double most, Func<Side, Samples> samples, Side floor, Side brief, Side summed)
    {
        foreach (var (history, side) in new[] { ("50 kB", brief), ("5 MB", summed) })
        {
            yield return new Figure($"{what}, {history} of history, p50", samples(side).Median, "ms")
                .Against(Yardstick.Floor(samples(floor).Median)).AtMost(most);
            yield return new Figure($"{what}, {history} of history, p95", samples(side).Percentile95, "ms")
                .Against(Yardstick.Floor(samples(floor).Percentile95));
        }
    }

    private static async Task<Side> RelayAsync(int history, string config, CancellationToken cancellationToken)
    {
        var bed = await Bed.MakeAsync(Speakers, config);
        bed.WriteHistory(history);
        return new Side(await Contender.RelayAsync(bed, cancellationToken));
    }

    private static async Task AskAsync(Side[] sides, CancellationToken cancellationToken)
    {
        for (var round = 0; round < WarmUp + Measured; round++)
        {
            Array.Reverse(sides); // The second one of a round still hears the first one tidy up.
            foreach (var side in sides)
                await side.AskAsync(counts: round >= WarmUp, cancellationToken);
        }
    }

    private sealed class Side(Contender contender) : IAsyncDisposable
    {
        public Samples ToRequest { get; } = new();

        public Samples ToInput { get; } = new();

        /// <summary>From the arrival of the request's head until its body was read.</summary>
        public Samples InApi { get; } = new();

        public async Task AskAsync(bool counts, CancellationToken cancellationToken)
        {
            var asked = await contender.AskAsync(Speakers[0], cancellationToken);
            if (!counts)
                return;
            ToRequest.Add(asked.Dropped, asked.Arrived);
            ToInput.Add(asked.Dropped, asked.Taken);
            InApi.Add(asked.Arrived, asked.Read);
        }

        public async ValueTask DisposeAsync()
        {
            await contender.DisposeAsync();
            await contender.Bed.DisposeAsync();
        }
    }
}
