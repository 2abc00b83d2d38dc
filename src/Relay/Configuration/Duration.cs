using System.Globalization;
using System.Text.RegularExpressions;

namespace Relay.Configuration;

/// <summary>Durations as people write them: 90s, 10m, 1h30m, 1d.</summary>
internal static partial class Duration
{
    public static TimeSpan? Parse(string text)
    {
        var match = Pattern().Match(text);
        if (text.Length == 0 || !match.Success)
            return null;

        return TimeSpan.FromDays(Count("d")) + TimeSpan.FromHours(Count("h"))
            + TimeSpan.FromMinutes(Count("m")) + TimeSpan.FromSeconds(Count("s"));

        int Count(string unit) =>
            match.Groups[unit] is { Success: true } digits ? int.Parse(digits.Value, CultureInfo.InvariantCulture) : 0;
    }

    public static string Write(TimeSpan duration)
    {
        var parts = Part(duration.Days, "d") + Part(duration.Hours, "h") + Part(duration.Minutes, "m") + Part(duration.Seconds, "s");
        return parts.Length > 0 ? parts : "0s";
    }

    /// <summary>In whole minutes, at least one: as people are told how long something has waited.</summary>
    public static string WriteMinutes(TimeSpan duration) => Write(TimeSpan.FromMinutes(Math.Max(1, Math.Floor(duration.TotalMinutes))));

    private static string Part(int count, string unit) => count == 0 ? "" : $"{count}{unit}";

    // The digits are limited so that the sum always fits into a TimeSpan.
    [GeneratedRegex(@"\A((?<d>[0-9]{1,6})d)?((?<h>[0-9]{1,6})h)?((?<m>[0-9]{1,6})m)?((?<s>[0-9]{1,8})s)?\z")]
    private static partial Regex Pattern();
}
