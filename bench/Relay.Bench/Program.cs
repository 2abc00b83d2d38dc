using Relay.Bench;

using var stopping = new CancellationTokenSource(TimeSpan.FromMinutes(10));
var figures = new List<Figure>();
foreach (var measure in (Func<CancellationToken, Task<IReadOnlyList<Figure>>>[])
    [StartUp.MeasureAsync, Latency.MeasureAsync, Receipts.MeasureAsync, Throughput.MeasureAsync, CacheCost.MeasureAsync])
    figures.AddRange(await measure(stopping.Token));
Report.Print(figures, asJson: args.Contains("--json"));
return 0; // A missed target is a figure to look at, not a failure of the run.
