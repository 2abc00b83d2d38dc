namespace Relay.Costs;

/// <summary>What a call may cost and what it did.</summary>
internal sealed record Pricing(Budget Budget, PriceTable Prices)
{
    /// <summary>Null where the model has no known price.</summary>
    public Rates? RatesOf(string model, FinishedCall finished, DateTimeOffset at) =>
        Prices.Find(model, at)?.RatesFor(finished.Usage?.TotalInput ?? 0);
}
