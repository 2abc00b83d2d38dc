using System.Diagnostics;
using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>From an envelope's rename to the API request and to input.txt, with a short and a long history side by side.</summary>
internal static class Latency
{
    private const int WarmUp = 20, Measured = 40;

    public static async Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var shortSide = await Side.StartAsync(50_000, cancellationToken);
        await using var longSide = await Side.StartAsync(5_000_000, cancellationToken);
        for (var round = 0; round < WarmUp + Measured; round++)
        {
            await shortSide.AskAsync(counts: round >= WarmUp, cancellationToken);
            await longSide.AskAsync(counts: round >= WarmUp, cancellationToken);
        }
        return
        [
            new Figure("envelope to API request, 50 kB of history, p50", shortSide.ToRequest.Median, "ms", Goal.AtMost, 5),
            new Figure("envelope to API request, 50 kB of history, p95", shortSide.ToRequest.Percentile95, "ms"),
            new Figure("envelope to API request, 5 MB of history, p50", longSide.ToRequest.Median, "ms"),
            new Figure("envelope to API request, 5 MB of history, p95", longSide.ToRequest.Percentile95, "ms"),
            new Figure("envelope to input.txt, 50 kB of history, p50", shortSide.ToInput.Median, "ms", Goal.AtMost, 20),
            new Figure("envelope to input.txt, 50 kB of history, p95", shortSide.ToInput.Percentile95, "ms"),
            new Figure("envelope to input.txt, 5 MB of history, p50", longSide.ToInput.Median, "ms"),
            new Figure("envelope to input.txt, 5 MB of history, p95", longSide.ToInput.Percentile95, "ms"),
            new Figure("the same, of which the API stand-in reads 5 MB, p50", longSide.InApi.Median, "ms"),
            new Figure("envelope to input.txt, 5 MB : 50 kB", longSide.ToInput.Median / shortSide.ToInput.Median, "times"),
        ];
    }

    private sealed class Side(Bed bed, RelayProcess relay, Session session) : IAsyncDisposable
    {
        private int _asked;

        public Samples ToRequest { get; } = new();

        public Samples ToInput { get; } = new();

        /// <summary>From the arrival of the request's head until the answer begins.</summary>
        public Samples InApi { get; } = new();

        public static async Task<Side> StartAsync(int history, CancellationToken cancellationToken)
        {
            var bed = await Bed.MakeAsync();
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
            var request = bed.Api.Requests[_asked - 1];
            ToRequest.Add(dropped, request.ArrivedTicks);
            ToInput.Add(dropped, session.Received[_asked - 1].Ticks);
            InApi.Add(0, (long)((request.AnsweredAt - request.ArrivedAt).TotalSeconds * Stopwatch.Frequency));
        }

        public async ValueTask DisposeAsync()
        {
            await session.DisposeAsync();
            await relay.DisposeAsync();
            await bed.DisposeAsync();
        }
    }
}
