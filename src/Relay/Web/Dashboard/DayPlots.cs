using System.Globalization;
using System.Text;
using Relay.Costs;

namespace Relay.Web.Dashboard;

/// <summary>Small plots of costs, a bar a day, that stand in the rows of one table and are to one scale.</summary>
internal static class DayPlots
{
    private const int Step = 4, Width = 3, Height = 24;

    public static List<DayPlot> Of(List<List<long>> costs, List<string> days)
    {
        var highest = Math.Max(1, costs.Select(row => row.Max()).DefaultIfEmpty().Max());
        return costs.ConvertAll(row => new DayPlot(Path(row, highest), Told(row, days)));
    }

    /// <summary>What is not nothing can be seen.</summary>
    private static string Path(List<long> row, long highest)
    {
        var path = new StringBuilder();
        for (var day = 0; day < row.Count; day++)
            if (row[day] > 0)
            {
                var bar = Math.Max(1, (int)Math.Round((double)Height * row[day] / highest));
                path.Append(CultureInfo.InvariantCulture, $"M{day * Step} {Height}v-{bar}h{Width}v{bar}z");
            }
        return path.ToString();
    }

    private static string Told(List<long> row, List<string> days)
    {
        var highest = row.Max();
        if (highest == 0)
            return "no known cost on any day";
        var spent = row.Count(cost => cost > 0);
        var day = days[row.LastIndexOf(highest)];
        return string.Create(
            CultureInfo.InvariantCulture, $"costs on {spent} of {row.Count} days, at most {Dollars.Rounded(highest)} on {day}");
    }
}
