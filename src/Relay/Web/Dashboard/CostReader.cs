using System.Globalization;
using System.Text;
using Relay.Costs;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Web.Dashboard;

/// <summary>Reads what the Costs page shows: the last thirty days, UTC.</summary>
internal sealed class CostReader(Database database, PriceTable prices)
{
    private const int Days = 30, MostRows = 20;

    public Task<CostsView> ReadAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var rows = await DaysAsync(reading, cancellationToken);
            var names = Enumerable.Range(0, Days).Select(back => Spending.Day(reading.Now.AddDays(back + 1 - Days))).ToList();
            var days = names.ConvertAll(day => Sum(day, rows.FindAll(row => row.Day == day)));
            return new CostsView(Sum("all", rows), Dollars.Rounded(rows.Sum(row => row.CostNano)))
            {
                Days = days,
                Bars = Bars(days),
                Highest = Dollars.Rounded(days.Max(day => day.Nano)),
                Against = Against(rows),
                Groups =
                [
                    new CostGroupView(
                        "By session", Group(rows, names, row => row.Session.Length == 0 ? "your own words" : row.Session)),
                    new CostGroupView("By conversation", Group(rows, names, row => row.Conversation)),
                    new CostGroupView("By model", Group(rows, names, row => row.Model)),
                ],
            };
        },
        cancellationToken);

    /// <summary>A row a day, conversation, session and model.</summary>
    public Task<string> CsvAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var csv = new StringBuilder(
                "day,conversation,session,model,calls,input_tokens,output_tokens,cache_write_5m,cache_write_1h,cache_read,"
                + "known_cost_usd,calls_of_unknown_cost,usd_without_cache_at_todays_prices\r\n");
            foreach (var row in await DaysAsync(reading, cancellationToken))
                csv.Append(CultureInfo.InvariantCulture, $"{row.Day},{Cell(row.Conversation)},{Cell(row.Session)},{Cell(row.Model)},")
                    .Append(CultureInfo.InvariantCulture, $"{row.Calls},")
                    .Append(CultureInfo.InvariantCulture, $"{row.Tokens.Input},{row.Tokens.Output},{row.Tokens.CacheWrite5m},")
                    .Append(CultureInfo.InvariantCulture, $"{row.Tokens.CacheWrite1h},{row.Tokens.CacheRead},")
                    .Append(CultureInfo.InvariantCulture, $"{Dollars.Of(row.CostNano)},{row.UnknownCalls},")
                    .Append(CultureInfo.InvariantCulture, $"{(WithoutCache([row]) is { } nano ? Dollars.Of(nano) : (decimal?)null)}\r\n");
            return csv.ToString();
        },
        cancellationToken);

    /// <summary>A spreadsheet takes what begins with one of these for a formula.</summary>
    private static string Cell(string text)
    {
        var safe = text.Length > 0 && "=+-@\t\r".Contains(text[0], StringComparison.Ordinal) ? "'" + text : text;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static Task<List<DaySum>> DaysAsync(Reading reading, CancellationToken cancellationToken) =>
        Spending.DaysAsync(reading, Spending.Day(reading.Now.AddDays(1 - Days)), Spending.Day(reading.Now), cancellationToken);

    private List<CostRowView> Group(List<DaySum> rows, List<string> days, Func<DaySum, string> by)
    {
        var groups = rows.GroupBy(by).OrderByDescending(group => group.Sum(row => row.CostNano)).Take(MostRows).ToList();
        var plots = DayPlots.Of(groups.ConvertAll(group => CostsOf([.. group], days)), days);
        return [.. groups.Zip(plots, (group, plot) => Sum(Visible.OneLine(group.Key), [.. group]) with { Plot = plot })];
    }

    private static List<long> CostsOf(List<DaySum> rows, List<string> days)
    {
        var costs = rows.ToLookup(row => row.Day, row => row.CostNano);
        return days.ConvertAll(day => costs[day].Sum());
    }

    private CostRowView Sum(string name, List<DaySum> rows)
    {
        var tokens = rows.Aggregate(TokenUsage.None, (sum, row) => sum + row.Tokens);
        var unknown = rows.Sum(row => row.UnknownCalls);
        return new CostRowView(name, rows.Sum(row => row.CostNano))
        {
            Cost = Dollars.Rounded(rows.Sum(row => row.CostNano)) + (unknown > 0 ? $" + {unknown} unknown" : ""),
            Calls = Count(rows.Sum(row => row.Calls)),
            Input = Count(tokens.TotalInput),
            Output = Count(tokens.Output),
            CacheShare = tokens.TotalInput == 0 ? "" : string.Create(
                CultureInfo.InvariantCulture, $"{100.0 * tokens.CacheRead / tokens.TotalInput:0} %"),
            Without = WithoutCache(rows) is { } without ? Dollars.Rounded(without) : "",
        };
    }

    private static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>In parts of the highest one, which is a hundred.</summary>
    private static List<int> Bars(List<CostRowView> days)
    {
        var highest = Math.Max(1, days.Max(day => day.Nano));
        return days.ConvertAll(day => (int)Math.Ceiling(100.0 * day.Nano / highest));
    }

    /// <summary>What the same tokens would have cost had none been read from the cache or written to it, beside what they cost with it,
    /// both at today's prices; null where a model has none.</summary>
    private string? Against(List<DaySum> rows) => rows.Count > 0 && WithoutCache(rows) is { } without && AtTodaysPrices(rows) is { } with
        ? $"Without caching the same tokens would have cost {Dollars.Rounded(without)} at today's prices, with it {Dollars.Rounded(with)}."
        : null;

    private long? WithoutCache(List<DaySum> rows) =>
        AtTodaysPrices(rows.ConvertAll(row => row with { Tokens = new TokenUsage(row.Tokens.TotalInput, row.Tokens.Output, 0, 0, 0) }));

    private long? AtTodaysPrices(List<DaySum> rows)
    {
        long sum = 0;
        foreach (var row in rows)
        {
            if (prices.Find(row.Model, database.Clock.GetUtcNow()) is not { Rates: var rates })
                return null;
            sum += rates.CostOf(row.Tokens);
        }
        return sum;
    }
}
