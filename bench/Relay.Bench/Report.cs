using System.Globalization;
using System.Text.Json;

namespace Relay.Bench;

/// <summary>The figures as a table, each line as soon as it is known, or as JSON at the end.</summary>
internal sealed class Report : IDisposable
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    private readonly bool _asJson;
    private readonly List<Figure> _figures = [];

    public Report(bool asJson)
    {
        _asJson = asJson;
        if (!asJson)
            Console.WriteLine($"{"what",-66} {"measured",11}       {"ratio",24}   aim");
    }

    public void Add(IReadOnlyList<Figure> figures)
    {
        _figures.AddRange(figures);
        if (_asJson)
            return;
        foreach (var figure in figures)
            Console.WriteLine(Line(figure));
    }

    public void Dispose()
    {
        if (_asJson)
            Console.WriteLine(JsonSerializer.Serialize(_figures.Select(Record), Json));
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
