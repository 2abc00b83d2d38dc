using System.Globalization;
using System.Text.Json;

namespace Relay.Bench;

/// <summary>The figures as a table or as JSON.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    public static void Print(IReadOnlyList<Figure> figures, bool asJson)
    {
        if (asJson)
            Console.WriteLine(JsonSerializer.Serialize(figures.Select(Record), Json));
        else
            foreach (var line in figures.Select(Line).Prepend($"{"what",-66} {"measured",11}       {"ratio",24}   aim"))
                Console.WriteLine(line);
    }

    private static object Record(Figure figure) => new
    {
        figure.Name,
        figure.Value,
        figure.Unit,
        Against = figure.Yardstick?.Value,
        figure.Ratio,
        RatioTo = figure.Yardstick?.Unit,
        Target = figure.Aim?.ToString(),
        Met = figure.Aim is null ? (bool?)null : !figure.Missed,
        figure.Unknown,
    };

    private static string Line(Figure figure)
    {
        if (figure.Unknown is { } why)
            return $"{figure.Name,-66} not measured: {why}";
        var measured = string.Create(CultureInfo.InvariantCulture, $"{figure.Value,11:0.00} {figure.Unit,-5}");
        return $"{figure.Name,-66} {measured} {Ratio(figure),24}   {figure.Aim,-14} {(figure.Missed ? "MISSED" : "")}".TrimEnd();
    }

    private static string? Ratio(Figure figure)
    {
        const double senseless = 10_000; // Against next to nothing.
        if (figure is not { Yardstick: { } yardstick, Ratio: { } ratio })
            return null;
        var times = ratio < senseless ? ratio.ToString("0.00", CultureInfo.InvariantCulture) : "many";
        return string.Create(CultureInfo.InvariantCulture, $"{times} {yardstick.Unit} of {yardstick.Value:0.00}");
    }
}
