using System.Globalization;
using System.Text.Json;

namespace Relay.Bench;

internal enum Goal
{
    None,
    AtMost,
    AtLeast,
}

/// <summary>What a figure is held against in the same run: the same figure of the floor, or of an empty store.</summary>
internal sealed record Yardstick(string Unit, double Value)
{
    public static Yardstick Floor(double value) => new("floors", value);

    public static Yardstick Empty(double value) => new("x empty", value);
}

/// <summary>One measured figure beside its aim, if it has one. With a yardstick the aim is for the ratio to it, unless it says otherwise.</summary>
internal sealed record Figure(string Name, double? Value, string Unit, Goal Goal = Goal.None, double Target = 0, Yardstick? Against = null)
{
    /// <summary>"As when empty" within what the machine's other work does to both.</summary>
    public const double RoomOverEmpty = 1.25;

    /// <summary>The aim is for the value itself; the ratio is only shown.</summary>
    public bool AimIsAbsolute { get; init; }

    /// <summary>Instead of a value: why there is none.</summary>
    public string? Unknown { get; private init; }

    /// <summary>Null without a yardstick, and against one of 0.</summary>
    public double? Ratio => Against is null or { Value: 0 } ? null : Value / Against.Value;

    public bool Missed => Goal switch
    {
        Goal.AtMost => !(Aimed <= Target),
        Goal.AtLeast => !(Aimed >= Target),
        _ => false,
    };

    private double? Aimed => AimIsAbsolute ? Value : Ratio ?? Value;

    /// <summary>Held against the same figure of an empty store.</summary>
    public Figure AsWhenEmpty(double empty) => this with { Against = Yardstick.Empty(empty), Goal = Goal.AtMost, Target = RoomOverEmpty };

    public static Figure NotMeasured(string name, string why) => new(name, null, "") { Unknown = why };
}

/// <summary>The figures as a table or as JSON.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static void Print(IReadOnlyList<Figure> figures, bool asJson)
    {
        if (asJson)
            Console.WriteLine(JsonSerializer.Serialize(figures.Select(Record), Json));
        else
            foreach (var line in figures.Select(Line).Prepend($"{"what",-66} {"measured",11}        {"ratio",24}   aim"))
                Console.WriteLine(line);
    }

    private static object Record(Figure figure) => new
    {
        figure.Name,
        figure.Value,
        figure.Unit,
        Against = figure.Against?.Value,
        figure.Ratio,
        RatioTo = figure.Against?.Unit,
        Target = Aim(figure),
        Met = figure.Goal == Goal.None ? (bool?)null : !figure.Missed,
        figure.Unknown,
    };

    private static string Line(Figure figure) => figure.Unknown is { } why
        ? $"{figure.Name,-66} not measured: {why}"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{figure.Name,-66} {figure.Value,11:0.00} {figure.Unit,-5} {Ratio(figure),24}   {Aim(figure),-14} {(figure.Missed ? "MISSED" : "")}").TrimEnd();

    private static string? Ratio(Figure figure) =>
        figure.Ratio is null ? null : string.Create(CultureInfo.InvariantCulture, $"{(figure.Ratio < 10_000 ? figure.Ratio : null):0.00} {figure.Against!.Unit} of {figure.Against.Value:0.00}");

    private static string? Aim(Figure figure) => figure.Goal switch
    {
        Goal.AtMost => string.Create(CultureInfo.InvariantCulture, $"<= {figure.Target} {UnitOfAim(figure)}").TrimEnd(),
        Goal.AtLeast => string.Create(CultureInfo.InvariantCulture, $">= {figure.Target} {UnitOfAim(figure)}").TrimEnd(),
        _ => null,
    };

    private static string? UnitOfAim(Figure figure) => figure.AimIsAbsolute ? null : figure.Against?.Unit;
}
