using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>From an envelope's rename to the API request and to input.txt: two relays in turn, with a short history and with a long one as the relay
/// keeps it (summed up over its cap); then one with the long history sent whole in every call.</summary>
internal static class Latency
{
    private const int WarmUp = 200, Measured = 100;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var brief = await Side.StartAsync(50_000, "", cancellationToken);
        await using var summed = await Side.StartAsync(5_000_000, "", cancellationToken);
        await AskAsync([brief, summed], cancellationToken);
        await using var whole = await Side.StartAsync(5_000_000, "history_char_cap: 50000000\n", cancellationToken);
        await AskAsync([whole], cancellationToken);
        return
        [
            new Figure("envelope to API request, 50 kB of history, p50", brief.ToRequest.Median, "ms", Goal.AtMost, 5),
            new Figure("envelope to API request, 50 kB of history, p95", brief.ToRequest.Percentile95, "ms"),
            new Figure("envelope to API request, 5 MB of history, p50", summed.ToRequest.Median, "ms", Goal.AtMost, 5),
            new Figure("envelope to API request, 5 MB of history, p95", summed.ToRequest.Percentile95, "ms"),
            new Figure("envelope to input.txt, 50 kB of history, p50", brief.ToInput.Median, "ms", Goal.AtMost, 20),
            new Figure("envelope to input.txt, 50 kB of history, p95", brief.ToInput.Percentile95, "ms"),
            new Figure("envelope to input.txt, 5 MB of history, p50", summed.ToInput.Median, "ms", Goal.AtMost, 20),
            new Figure("envelope to input.txt, 5 MB of history, p95", summed.ToInput.Percentile95, "ms"),
            new Figure("envelope to input.txt, 5 MB : 50 kB of history", summed.ToInput.Median / brief.ToInput.Median, "times", Goal.AtMost, 1.1),
            new Figure("envelope to API request, 5 MB in every call, p50", whole.ToRequest.Median, "ms"),
            new Figure("envelope to input.txt, 5 MB in every call, p50", whole.ToInput.Median, "ms"),
            new Figure("of which the API stand-in takes the 5 MB, p50", whole.InApi.Median, "ms"),
        ];
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

    private sealed class Side(Bed bed, RelayProcess relay, Session session) : IAsyncDisposable
    {
        private int _asked;

        public Samples ToRequest { get; } = new();

        public Samples ToInput { get; } = new();

        /// <summary>From the arrival of the request's head until its body was read.</summary>
        public Samples InApi { get; } = new();

        public static async Task<Side> StartAsync(int history, string config, CancellationToken cancellationToken)
        {
            var bed = await Bed.MakeAsync(config);
            bed.WriteHistory(history);
            return new Side(bed, await RelayProcess.StartAsync(bed.Home, cancellationToken), new Session(bed.Home, "session-1"));
        }

        public async Task AskAsync(bool counts, CancellationToken cancellationToken)
        {
            _asked++;
            var dropped = bed.Home.Drop(session.Id, "Shall I go on?");
            await Eventually.ThatAsync(Bed.Limit, () => session.Count == _asked, () => "no reply\n" + relay.Output, cancellationToken);
            if (!counts)
                return;
            var call = bed.Api.Calls.First(call => call.Arrived > dropped);
            ToRequest.Add(dropped, call.Arrived);
            ToInput.Add(dropped, session.Received[_asked - 1].Ticks);
            InApi.Add(call.Arrived, call.Read);
        }

        public async ValueTask DisposeAsync()
        {
            await session.DisposeAsync();
            await relay.DisposeAsync();
            await bed.DisposeAsync();
        }
    }
}
