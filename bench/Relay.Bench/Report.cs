using System.Globalization;
using System.Text.Json;

namespace Relay.Bench;

internal enum Goal
{
    None,
    AtMost,
    AtLeast,
}

/// <summary>One measured figure beside its target, if it has one.</summary>
internal sealed record Figure(string Name, double Value, string Unit, Goal Goal = Goal.None, double Target = 0)
{
    public bool Missed => Goal switch
    {
        Goal.AtMost => Value > Target,
        Goal.AtLeast => Value < Target,
        _ => false,
    };
}

/// <summary>The figures as a table or as JSON.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static void Print(IReadOnlyList<Figure> figures, bool asJson)
    {
        if (asJson)
            Console.WriteLine(JsonSerializer.Serialize(
                figures.Select(figure => new { figure.Name, figure.Value, figure.Unit, Target = TargetOf(figure), Met = figure.Goal == Goal.None ? (bool?)null : !figure.Missed }), Json));
        else
            foreach (var figure in figures.Prepend(null))
                Console.WriteLine(Line(figure));
    }

    private static string Line(Figure? figure) => figure is null
        ? $"{"what",-58} {"measured",16}   target"
        : string.Create(CultureInfo.InvariantCulture, $"{figure.Name,-58} {figure.Value,10:0.00} {figure.Unit,-5}   {TargetOf(figure),-10} {(figure.Missed ? "MISSED" : "")}").TrimEnd();

    private static string? TargetOf(Figure figure) => figure.Goal switch
    {
        Goal.AtMost => string.Create(CultureInfo.InvariantCulture, $"<= {figure.Target}"),
        Goal.AtLeast => string.Create(CultureInfo.InvariantCulture, $">= {figure.Target}"),
        _ => null,
    };
}
