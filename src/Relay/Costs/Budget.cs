using System.Globalization;
using Relay.Configuration;
using Relay.Storage;

namespace Relay.Costs;

/// <summary>What a call's worst cost goes by.</summary>
internal sealed record PlannedCall(string Model, long PromptBytes, int MaxTokens, CacheTtl CacheTtl);

/// <summary>The caps. A call's worst cost is held against them before it is made; what would go over waits.
/// Days and months are UTC.</summary>
internal sealed class Budget(SettingsSource settings, PriceTable prices)
{
    /// <summary>Tokens per byte assumed for a conversation that has not been measured yet;
    /// dense text has fewer bytes to a token than prose.</summary>
    private const double UnmeasuredTokensPerByte = 0.6;

    /// <summary>On what was measured: another model's tokenizer makes up to a third more tokens of the same text.</summary>
    private const double Margin = 1.35;

    public abstract record Leave
    {
        private Leave() { }

        /// <summary>Null where the model has no price and no cap is set.</summary>
        public sealed record Granted(long? ReservedNano) : Leave;

        /// <summary>Until is null where waiting does not help, only the operator.</summary>
        public sealed record Denied(string Reason, DateTimeOffset? Until) : Leave;
    }

    public async Task<Leave> ReserveAsync(
        Writing writing, PlannedCall call, IReadOnlyList<PastCall> past, CancellationToken cancellationToken)
    {
        var caps = settings.Current.Config.Budget;
        var worst = WorstCost(call, past, writing.Now);
        var isCapped = caps.PerDayUsd is not null || caps.PerMonthUsd is not null;
        if (isCapped && worst is null)
            return new Leave.Denied(
                $"the price of {call.Model} is not known, so a cap cannot be kept: add it to prices.json and restart, or remove the budget",
                Until: null);
        // Written before it is looked at: the row is this transaction's then, and no other can go over the cap together with it.
        await Spending.ReserveAsync(writing, worst ?? 0, cancellationToken);
        var exceeded = isCapped ? await ExceededAsync(writing, caps, worst!.Value, cancellationToken) : null;
        if (exceeded is null)
            return new Leave.Granted(worst);
        await Spending.ReserveAsync(writing, -worst!.Value, cancellationToken);
        return exceeded;
    }

    private static async Task<Leave.Denied?> ExceededAsync(
        Writing writing, BudgetConfig caps, long worst, CancellationToken cancellationToken)
    {
        var now = writing.Now;
        var day = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        var month = new DateTimeOffset(now.UtcDateTime.Year, now.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var periods = new[]
        {
            (Key: "per_month_usd", Cap: caps.PerMonthUsd, Period: Spending.Month(now), Until: month.AddMonths(1)),
            (Key: "per_day_usd", Cap: caps.PerDayUsd, Period: Spending.Day(now), Until: day.AddDays(1)),
        };
        foreach (var (key, capUsd, period, until) in periods)
            if (capUsd is { } cap && await Spending.CommittedAsync(writing, period, cancellationToken) is var committed
                && committed > cap * 1_000_000_000)
                return new Leave.Denied(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"budget.{key} is {cap} USD: {(committed - worst) / 1e9:0.####} are spent or reserved, "
                        + $"and the next call could cost {worst / 1e9:0.####}"),
                    until);
        return null;
    }

    /// <summary>Everything written to the cache and the longest reply; null where the model has no price.</summary>
    private long? WorstCost(PlannedCall call, IReadOnlyList<PastCall> past, DateTimeOffset now)
    {
        var tokens = (long)Math.Ceiling(LikelyTokens(call.PromptBytes, past)) + 100;
        if (prices.Find(call.Model, now)?.RatesFor(tokens) is not { } rates)
            return null;
        var usage = call.CacheTtl switch
        {
            CacheTtl.OneHour => new TokenUsage(0, call.MaxTokens, 0, tokens, 0),
            CacheTtl.FiveMinutes => new TokenUsage(0, call.MaxTokens, tokens, 0, 0),
            _ => new TokenUsage(tokens, call.MaxTokens, 0, 0, 0),
        };
        return rates.CostOf(usage);
    }

    /// <summary>What the last prompt was is measured; what was added since can be of any kind.</summary>
    private static double LikelyTokens(long bytes, IReadOnlyList<PastCall> past)
    {
        if (past.Count == 0 || past[0].PromptBytes == 0)
            return bytes * UnmeasuredTokensPerByte;
        var known = Math.Min(bytes, past[0].PromptBytes);
        var perByte = Math.Min(1, Margin * past[0].InputTokens / past[0].PromptBytes);
        return known * perByte + (bytes - known) * Math.Max(perByte, UnmeasuredTokensPerByte);
    }
}
