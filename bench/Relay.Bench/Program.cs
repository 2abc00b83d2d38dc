using Relay.Bench;

// Relay.Bench [--json] [start-up | latency | receipts | throughput | cache-cost]...
if (args is [FloorProgram.Name, var home, var api])
    return await FloorProgram.RunAsync(home, api);

var measures = new Dictionary<string, Func<CancellationToken, Task<IReadOnlyList<Figure>>>>
{
    ["pages"] = Pages.MeasureAsync,
    ["window"] = Window.MeasureAsync,
    ["finished"] = Finished.MeasureAsync,
    ["questioned"] = Questioned.MeasureAsync,
    ["idle"] = Idle.MeasureAsync,
    ["start-up"] = StartUp.MeasureAsync,
    ["floor"] = Floor.MeasureAsync,
    ["turns"] = Turns.MeasureAsync,
    ["latency"] = Latency.MeasureAsync,
    ["receipts"] = Receipts.MeasureAsync,
    ["throughput"] = Throughput.MeasureAsync,
    ["cache-cost"] = CacheCost.MeasureAsync,
};
using var stopping = new CancellationTokenSource(TimeSpan.FromMinutes(10));
var figures = new List<Figure>();
foreach (var (name, measure) in measures.Where(measure => !args.Any(measures.ContainsKey) || args.Contains(measure.Key)))
{
    var others = new Bystanders();
    figures.AddRange(await measure(stopping.Token));
    figures.Add(new Figure($"({name}: what others took of the machine meanwhile)", others.Percent(), "%"));
}
Report.Print(figures, asJson: args.Contains("--json"));
return 0; // A missed target is a figure to look at, not a failure of the run.
