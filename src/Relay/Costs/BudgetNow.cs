using System.Globalization;
using System.Text.RegularExpressions;
using Relay.Configuration;
using Relay.Storage;

namespace Relay.Costs;

/// <summary>A day's or a month's cap, and how far it is used.</summary>
/// <param name="Period">As it is stored: the day or the month, UTC.</param>
/// <param name="Spent">What was spent and is reserved.</param>
/// <param name="CapNano">Null where none is kept.</param>
/// <param name="Until">When the period is over.</param>
internal sealed record CapNow(string Period, Spent Spent, long? CapNano, DateTimeOffset Until);

/// <summary>The caps that are kept now.</summary>
internal sealed partial record BudgetNow(CapNow Day, CapNow Month)
{
    public const string AmountText = "an amount of US dollars, such as 25 or 12.50";
    private const long LargestUsd = 1_000_000_000;

    /// <summary>What config.yaml says of a day.</summary>
    public long? ConfiguredNano { get; init; }

    /// <summary>What the operator said of this day.</summary>
    public DayCap? Said { get; init; }

    public static async Task<BudgetNow> ReadAsync(Reading reading, BudgetConfig caps, CancellationToken cancellationToken)
    {
        var (day, month) = (Spending.Day(reading.Now), Spending.Month(reading.Now));
        var said = await DayCaps.FindAsync(reading, day, cancellationToken);
        return new BudgetNow(
            new CapNow(
                day, await Spending.InAsync(reading, day, cancellationToken), said?.Nano ?? Nano(caps.PerDayUsd), EndOfDay(reading.Now)),
            new CapNow(
                month, await Spending.InAsync(reading, month, cancellationToken), Nano(caps.PerMonthUsd), EndOfMonth(reading.Now)))
        {
            ConfiguredNano = Nano(caps.PerDayUsd),
            Said = said,
        };
    }

    public static DateTimeOffset EndOfDay(DateTimeOffset now) => new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).AddDays(1);

    public static DateTimeOffset EndOfMonth(DateTimeOffset now) =>
        new DateTimeOffset(now.UtcDateTime.Year, now.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1);

    /// <summary>"$3.10 of $25.00 today, $10.00 in config.yaml"; null where no day's cap is kept.</summary>
    public string? Describe() => Cap() is { } cap ? $"{Dollars.Exact(Day.Spent.SpentNano)} of {cap}" : null;

    /// <summary>"$25.00 today, $10.00 in config.yaml"; null where no day's cap is kept.</summary>
    public string? Cap() => Day.CapNano is not { } cap ? null
        : $"{Dollars.Exact(cap)} today"
            + (Said is null ? "" : $", {(ConfiguredNano is { } configured ? Dollars.Exact(configured) : "no cap")} in config.yaml");

    /// <summary>In nano-dollars; null where it is no amount.</summary>
    public static long? Parse(string? text) =>
        text is not null && Amount().Match(text.Trim()) is { Success: true } match
        && decimal.Parse(match.Groups["usd"].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) is var usd
        && usd <= LargestUsd
            ? Nano(usd)
            : null;

    private static long? Nano(decimal? usd) => usd is { } amount ? (long)(amount * 1_000_000_000) : null;

    [GeneratedRegex(@"\A\$?(?<usd>[0-9]{1,10}(\.[0-9]{1,4})?)\z")]
    private static partial Regex Amount();
}
