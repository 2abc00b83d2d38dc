using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>The operator's word on what today may cost. It holds for this day (UTC) only; a month's cap holds besides it.</summary>
internal sealed partial class TodaysCap(Database database, SettingsSource settings, ILogger<TodaysCap> log)
{
    public abstract record Outcome
    {
        private Outcome() { }

        /// <param name="Now">The caps as they are kept from now on.</param>
        /// <param name="BeforeNano">The cap until now.</param>
        /// <param name="Released">Messages that the budget held, and that are asked again.</param>
        public sealed record Set(BudgetNow Now, long BeforeNano, int Released) : Outcome;

        public sealed record Refused(string Reason) : Outcome;
    }

    /// <param name="amount">In dollars, as it was typed.</param>
    /// <param name="day">For which it is meant: a form may have been open overnight.</param>
    /// <param name="via">How it was said.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<Outcome> SetAsync(string? amount, string? day, string via, CancellationToken cancellationToken)
    {
        if (BudgetNow.Parse(amount) is not { } nano)
            return new Outcome.Refused($"{BudgetNow.AmountText} is expected");
        database.ThrowIfDamaged();
        return await database.WriteAsync(writing => SetAsync(writing, nano, day, via, cancellationToken), cancellationToken);
    }

    private async Task<Outcome> SetAsync(Writing writing, long nano, string? day, string via, CancellationToken cancellationToken)
    {
        var caps = settings.Current.Config.Budget;
        var before = await BudgetNow.ReadAsync(writing, caps, cancellationToken);
        if (day != before.Day.Period)
            return new Outcome.Refused($"it was meant for {day}, and by the relay's clock it is {before.Day.Period} (UTC)");
        if (before.Day.CapNano is not { } capNano)
            return new Outcome.Refused("config.yaml has no budget.per_day_usd: no cap is kept today, so there is none to change");
        await DayCaps.SetAsync(writing, before.Day.Period, nano, via, cancellationToken);
        await Budget.KeepWithinAsync(writing, before.Day.Period, cancellationToken);
        var released = nano > capNano
            ? await Holds.ReleaseAsync(
                writing, cause => cause == HoldCause.Budget, "the operator has raised today's cap", cancellationToken)
            : 0;
        if (nano > capNano)
            await MessageStore.HurryAsync(writing, HoldCause.Budget, cancellationToken);
        writing.Wake(Running.Topic.Turns);
        writing.OnceCommitted(() => LogSet(Dollars.Exact(nano), before.Day.Period, Dollars.Exact(capNano), via));
        return new Outcome.Set(await BudgetNow.ReadAsync(writing, caps, cancellationToken), capNano, released);
    }

    [LoggerMessage(LogLevel.Information, "The cap is {Cap} for {Day} (UTC), after {Before}, by the operator ({Via})")]
    private partial void LogSet(string cap, string day, string before, string via);
}
