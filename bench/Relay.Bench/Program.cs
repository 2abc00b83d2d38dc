using Relay.Bench;

if (args is [FloorProgram.Name, var home, var api])
    return await FloorProgram.RunAsync(home, api);
if (args is [PageFloor.Name, var files])
    return await PageFloor.RunAsync(files);

var measures = new Dictionary<string, Func<CancellationToken, Task<IReadOnlyList<Figure>>>>
{
    ["floor"] = Floor.MeasureAsync,
    ["turns"] = Turns.MeasureAsync,
    ["pages"] = Pages.MeasureAsync,
    ["latency"] = Latency.MeasureAsync,
    ["receipts"] = Receipts.MeasureAsync,
    ["throughput"] = Throughput.MeasureAsync,
    ["start-up"] = StartUp.MeasureAsync,
    ["idle"] = Idle.MeasureAsync,
    ["finished"] = Finished.MeasureAsync,
    ["questioned"] = Questioned.MeasureAsync,
    ["now-page"] = NowPage.MeasureAsync,
    ["window"] = Window.MeasureAsync,
    ["cache-cost"] = CacheCost.MeasureAsync,
};
var names = args.Where(arg => arg != "--json").ToList();
if (names.Find(name => !measures.ContainsKey(name)) is not null)
{
    await Console.Error.WriteLineAsync($"usage: Relay.Bench [--json] [{string.Join(" | ", measures.Keys)}]...");
    return 2;
}
using var stopping = new CancellationTokenSource(TimeSpan.FromMinutes(12));
using var report = new Report(asJson: args.Contains("--json"));
var failed = false;
foreach (var (name, measure) in measures.Where(measure => names.Count == 0 || names.Contains(measure.Key)))
{
    var others = new Bystanders();
    try
    {
        report.Add(await measure(stopping.Token));
    }
    catch (Exception exception) when (exception is not OperationCanceledException)
    {
        failed = true; // The other measures are worth having all the same.
        report.Add([Figure.NotMeasured(name, exception.ToString())]);
    }
    report.Add([new Figure($"({name}: what others took of the machine meanwhile)", others.Percent(), "%")]);
}
return failed ? 1 : 0; // A missed aim is a figure to look at, not a failure of the run.
