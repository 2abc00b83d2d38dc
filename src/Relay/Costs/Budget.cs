using System.Globalization;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Costs;

/// <summary>The caps. A call's worst cost is held against them before it is made; what would go over waits.
/// Days and months are UTC.</summary>
internal sealed class Budget(SettingsSource settings, PriceTable prices)
{
    private const string Word = "budget_word";

    public CostEstimate Estimate { get; } = new(prices);

    public abstract record Leave
    {
        private Leave() { }

        /// <summary>Null where the model has no price and no cap is kept.</summary>
        public sealed record Granted(long? ReservedNano) : Leave;

        /// <summary>The cap would be kept but for what the calls under way have reserved: their end makes room.</summary>
        public sealed record Crowded(string Reason) : Leave;

        /// <summary>Until the day or the month is over, or the operator says so.</summary>
        /// <param name="Reason">For people.</param>
        /// <param name="Until">When it is over.</param>
        /// <param name="MayFit">Perhaps there is room, were the prompt's tokens counted instead of its bytes.</param>
        public sealed record Denied(string Reason, DateTimeOffset Until, bool MayFit) : Leave;

        /// <summary>Without a price no cap can be kept.</summary>
        public sealed record Unpriced(string Reason) : Leave;
    }

    public async Task<Leave> ReserveAsync(
        Writing writing, PlannedCall call, IReadOnlyList<PastCall> past, CancellationToken cancellationToken)
    {
        var caps = settings.Current.Config.Budget;
        var worst = await Estimate.WorstAsync(writing, call, cancellationToken);
        var said = await DayCaps.FindAsync(writing, Spending.Day(writing.Now), cancellationToken);
        var isKept = (caps.PerDayUsd is not null || caps.PerMonthUsd is not null || said is not null) && !call.HasLeave;
        if (isKept && worst is null)
            return new Leave.Unpriced(
                $"the price of {call.Model} is not known, so a cap cannot be kept: "
                + "add it to prices.json and restart, or remove the budget");
        // Written before it is looked at: the row is this transaction's then, and no other can go over the cap together with it.
        await Spending.ReserveAsync(writing, worst ?? 0, cancellationToken);
        var refusal = isKept
            ? await RefusalAsync(
                writing, caps, new Need(worst!.Value, Estimate.Likely(call, past, writing.Now)) { Said = said }, cancellationToken)
            : null;
        if (refusal is null)
            return new Leave.Granted(worst);
        await Spending.ReserveAsync(writing, -worst!.Value, cancellationToken);
        return refusal;
    }

    /// <summary>The operator's word: go on until the caps that are kept now are really spent.</summary>
    public static Task GoOnAsync(Writing writing, CancellationToken cancellationToken) =>
        FactStore.SetAsync(writing, Word, $"{Spending.Day(writing.Now)} {Spending.Month(writing.Now)}", cancellationToken);

    /// <summary>The operator's word for a day's cap: what he said before about spending it to the end does not go on to another
    /// one.</summary>
    public static async Task KeepWithinAsync(Writing writing, string day, CancellationToken cancellationToken)
    {
        if (await FactStore.FindAsync(writing, Word, cancellationToken) is { } word)
            await FactStore.SetAsync(writing, Word, string.Join(' ', word.Split(' ').Where(each => each != day)), cancellationToken);
    }

    /// <summary>What a call needs, and what the operator said of this day.</summary>
    private sealed record Need(long Worst, long Likely)
    {
        public DayCap? Said { get; init; }
    }

    private static async Task<Leave?> RefusalAsync(
        Writing writing, BudgetConfig caps, Need need, CancellationToken cancellationToken)
    {
        var now = writing.Now;
        Leave? crowded = null;
        foreach (var period in new[]
        {
            new Period("per_month_usd", caps.PerMonthUsd, Spending.Month(now), BudgetNow.EndOfMonth(now)),
            new Period("per_day_usd", caps.PerDayUsd, Spending.Day(now), BudgetNow.EndOfDay(now)).Or(need.Said),
        })
        {
            if (period.CapUsd is null)
                continue;
            var spent = await Spending.InAsync(writing, period.Key, cancellationToken);
            var others = spent with { ReservedNano = spent.ReservedNano - need.Worst };
            var counts = await CountsAsync(writing, caps, period, need, cancellationToken);
            if (others.SpentNano + counts > period.CapNano)
                return period.Denied(others, need);
            if (others.SpentNano + others.ReservedNano + counts > period.CapNano)
                crowded = period.Crowded(others);
        }
        return crowded;
    }

    /// <summary>What a call has to fit with. What is reserved for it is its worst in any case: so the cap is passed by one call's worst at
    /// most, however many are made at once.</summary>
    private static async Task<long> CountsAsync(
        Reading reading, BudgetConfig caps, Period period, Need need, CancellationToken cancellationToken)
    {
        var word = await FactStore.FindAsync(reading, Word, cancellationToken);
        if (word?.Split(' ').Contains(period.Key) == true)
            return 1; // Anything is left.
        return caps.Reserve == ReserveKind.Likely ? need.Likely : need.Worst;
    }

    private sealed record Period(string Name, decimal? CapUsd, string Key, DateTimeOffset Until)
    {
        public decimal CapNano => CapUsd!.Value * 1_000_000_000;

        /// <summary>Behind the amount.</summary>
        public string Today { get; init; } = "";

        public Period Or(DayCap? said) => said is null ? this : this with
        {
            CapUsd = Dollars.Of(said.Nano),
            Today = $" today ({CapUsd?.ToString("0.00##", CultureInfo.InvariantCulture) ?? "none"} in config.yaml)",
        };

        public Leave.Denied Denied(Spent spent, Need need)
        {
            var alone = need.Worst > CapNano ? ", which alone is more than the cap" : "";
            return new Leave.Denied(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"budget.{Name} is {CapUsd:0.00##} USD{Today}: {Usd(spent.SpentNano)} of {CapUsd:0.00##} spent{Perhaps(spent)}; "
                    + $"the next call is likely {Usd(need.Likely)}, at worst {Usd(need.Worst)}{alone}"),
                Until,
                MayFit: spent.SpentNano + need.Likely <= CapNano);
        }

        public Leave.Crowded Crowded(Spent spent) => new(string.Create(
            CultureInfo.InvariantCulture,
            $"for calls under way: budget.{Name} is {CapUsd:0.00##} USD{Today}, {Usd(spent.SpentNano)} are spent{Perhaps(spent)}, "
            + $"and at worst the others take {Usd(spent.ReservedNano)}"));

        private static string Perhaps(Spent spent) =>
            spent.UnknownNano == 0 ? "" : $" ({Usd(spent.UnknownNano)} of it perhaps, for calls whose end or usage was not seen)";

        private static string Usd(long nano) => string.Create(CultureInfo.InvariantCulture, $"{Dollars.Of(nano):0.00##}");
    }
}
