using System.Data.Common;
using System.Globalization;
using Relay.Advisor;
using Relay.Configuration;

namespace Relay.Costs;

/// <summary>What a call's worst cost goes by.</summary>
internal sealed record PlannedCall(string Model, long PromptBytes, int MaxTokens, CacheTtl CacheTtl);

/// <summary>The caps. A call's worst cost is held against them before it is made; what would go over waits. Days and months are UTC.</summary>
internal sealed class Budget(SettingsSource settings, PriceTable prices, TimeProvider clock)
{
    /// <summary>Tokens per byte assumed for a conversation that has not been measured yet; dense text has fewer bytes to a token than prose.</summary>
    private const double UnmeasuredTokensPerByte = 0.6;

    /// <summary>On what was measured: another model's tokenizer makes up to a third more tokens of the same text.</summary>
    private const double Margin = 1.35;

    public abstract record Leave
    {
        private Leave() { }

        /// <summary>Null where the model has no price and no cap is set.</summary>
        public sealed record Granted(long? ReservedNano) : Leave;

        /// <summary>Null where no day makes it better, only the operator.</summary>
        public sealed record Denied(string Reason, DateTimeOffset? Until) : Leave;
    }

    public async Task<Leave> ReserveAsync(DbTransaction transaction, PlannedCall call, IReadOnlyList<PastCall> past, CancellationToken cancellationToken)
    {
        var caps = settings.Current.Config.Budget;
        var worst = WorstCost(call, past);
        if (caps.PerDayUsd is null && caps.PerMonthUsd is null)
            return new Leave.Granted(worst);
        if (worst is null)
            return new Leave.Denied($"the price of {call.Model} is not known, so a cap cannot be kept: add it to prices.json and restart, or remove the budget", Until: null);
        var now = clock.GetUtcNow();
        var day = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        var month = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero);
        return await ExceedsAsync(transaction, "per_month_usd", caps.PerMonthUsd, month, month.AddMonths(1), worst.Value, cancellationToken)
            ?? await ExceedsAsync(transaction, "per_day_usd", caps.PerDayUsd, day, day.AddDays(1), worst.Value, cancellationToken)
            ?? new Leave.Granted(worst);
    }

    private static async Task<Leave?> ExceedsAsync(
        DbTransaction transaction, string key, decimal? capUsd, DateTimeOffset since, DateTimeOffset until, long worst, CancellationToken cancellationToken)
    {
        if (capUsd is not { } cap)
            return null;
        var spent = await Ledger.CommittedSinceAsync(transaction, since, cancellationToken);
        if (spent + worst <= cap * 1_000_000_000)
            return null;
        return new Leave.Denied(
            string.Create(CultureInfo.InvariantCulture, $"budget.{key} is {cap} USD: {spent / 1e9:0.####} are spent or reserved, and the next call could cost {worst / 1e9:0.####}"),
            until);
    }

    /// <summary>Everything written to the cache and the longest reply; null where the model has no price.</summary>
    private long? WorstCost(PlannedCall call, IReadOnlyList<PastCall> past)
    {
        var tokens = (long)Math.Ceiling(LikelyTokens(call.PromptBytes, past)) + 100;
        if (prices.Find(call.Model, clock.GetUtcNow())?.RatesFor(tokens) is not { } rates)
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
