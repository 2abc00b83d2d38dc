using Relay.Configuration;

namespace Relay.Costs;

/// <summary>Chooses what to cache for from the gaps seen between calls:
/// a lifetime that runs out before the next call costs more than no caching.</summary>
internal static class CacheLifetime
{
    private const int EnoughGaps = 5;

    /// <summary>What a fresh conversation is expected to do: follow up within minutes, now and then within the hour.</summary>
    private static readonly TimeSpan[] Expected =
        [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10)];

    /// <param name="gaps">Times between the starts of consecutive calls, the newest ones.</param>
    /// <param name="prefixTokens">What a hit would read.</param>
    /// <param name="newTokens">What every call adds.</param>
    /// <param name="rates">Only their proportions matter.</param>
    public static CacheTtl Choose(IReadOnlyList<TimeSpan> gaps, long prefixTokens, long newTokens, Rates rates)
    {
        var likely = gaps.Count >= EnoughGaps ? gaps : [.. gaps, .. Expected];
        var off = likely.Count * (prefixTokens + newTokens) * rates.Input;
        var fiveMinutes = Cost(likely, TimeSpan.FromMinutes(5), prefixTokens, newTokens, rates.CacheWrite5m, rates.CacheRead);
        var oneHour = Cost(likely, TimeSpan.FromHours(1), prefixTokens, newTokens, rates.CacheWrite1h, rates.CacheRead);
        if (off <= fiveMinutes && off <= oneHour)
            return CacheTtl.Off;
        return fiveMinutes <= oneHour ? CacheTtl.FiveMinutes : CacheTtl.OneHour;
    }

    private static decimal Cost(IReadOnlyList<TimeSpan> gaps, TimeSpan lifetime, long prefix, long added, decimal write, decimal read) =>
        gaps.Sum(gap => gap < lifetime ? read * prefix + write * added : write * (prefix + added));
}
