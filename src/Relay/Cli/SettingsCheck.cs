using System.Data.Common;
using System.Globalization;
using System.Text;
using Relay.Configuration;
using Relay.Costs;
using Relay.Turns;

namespace Relay.Cli;

/// <summary>How doctor checks whether the settings can work together: with each other, and with what was seen of the model.</summary>
internal static class SettingsCheck
{
    public static async Task<List<Finding>> RunAsync(SettingsSource settings, CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        if (BudgetOf(settings) is { } budget)
            findings.Add(budget);
        findings.AddRange(await SeenAsync(settings, cancellationToken));
        return findings;
    }

    /// <summary>Null where no cap is set.</summary>
    private static Finding? BudgetOf(SettingsSource settings)
    {
        var config = settings.Current.Config;
        var caps = config.Budget;
        if (config.Advisor == AdvisorKind.Simulated || (caps.PerDayUsd ?? caps.PerMonthUsd) is null)
            return null;
        var least = LeastOf(settings);
        if (least is null)
            return Finding.Warning(
                "budget", $"the price of {config.Model} is not known, so no call is made under a cap",
                "add it to prices.json, or remove budget");
        foreach (var (name, cap) in new[] { ("per_day_usd", caps.PerDayUsd), ("per_month_usd", caps.PerMonthUsd) })
            if (caps.Reserve == ReserveKind.Worst && cap * 1_000_000_000 < least)
                return Finding.Warning(
                    "budget",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{name} is {cap:0.00##} USD, and the smallest call can cost {Dollars.Of(least.Value):0.00##}: none will be made"),
                    "raise the cap, lower max_tokens, or reserve: likely");
        return Finding.Ok("budget", caps.Reserve == ReserveKind.Likely
            ? "a call is made if it likely fits: a cap may be passed by the worst of one call"
            : "a call is made if its worst cost fits: no cap is passed");
    }

    /// <summary>The worst cost of a call with an empty history.</summary>
    private static long? LeastOf(SettingsSource settings)
    {
        var (home, config) = (settings.Current.Home, settings.Current.Config);
        var call = new PlannedCall(
            config.Model, Encoding.UTF8.GetByteCount(config.SystemPromptText), config.MaxTokens, config.CacheTtl);
        return new CostEstimate(PriceTable.Load(home.PricesFile)).Worst(call, Overrun.None, TimeProvider.System.GetUtcNow());
    }

    private static async Task<List<Finding>> SeenAsync(SettingsSource settings, CancellationToken cancellationToken)
    {
        try
        {
            await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
            var warnings = await reader.ReadAsync(
                reading => SettingsWarnings.ReadAsync(reading, settings.Current.Config, cancellationToken), cancellationToken);
            return warnings.ConvertAll(warning => Finding.Warning("settings", warning.Text, warning.Fix));
        }
        catch (Exception exception) when (exception is DbException or CommandFailure)
        {
            return []; // What is wrong with the database is said by its own check.
        }
    }
}
