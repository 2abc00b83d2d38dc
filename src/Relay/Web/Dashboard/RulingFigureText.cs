using System.Globalization;
using Relay.Operator;

namespace Relay.Web.Dashboard;

/// <summary>The figures, each with what it counts.</summary>
internal static class RulingFigureText
{
    public static IReadOnlyList<(string Name, string Figure, string Detail)> Of(RulingFigures figures) =>
    [
        ("blocked per question", figures.MinutesPerQuestion is { } minutes ? Invariant($"{minutes:0.#} min") : "none yet",
            Invariant($"on average, {figures.LongestMinutes:0.#} min at most, over the {figures.Answered} answered in 30 days ")
            + Invariant($"({figures.ByDefault} by default)")),
        ("settled by precedent", Share(figures.SettledShare),
            $"{NowReader.Count(figures.Settled, "message")} whose reply cites a ruling, of those and the questions answered"),
        ("overturned", Share(figures.OverturnedShare), Invariant($"{figures.Overturned} of those messages")),
    ];

    private static string Share(double? share) => share is { } part ? Invariant($"{100 * part:0.#} %") : "none yet";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
